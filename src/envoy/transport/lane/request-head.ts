import { noteTraceField, type TraceHeaders } from "../../../lib/trace-context.ts";
import {
	AUTHORITY,
	CONTENT_LENGTH,
	CONTENT_TYPE,
	ENCODING,
	type HeaderField,
	MALFORMED,
	METHOD,
	PATH,
	REGULAR,
	SCHEME,
	TE,
	TIMEOUT,
	TRACE,
} from "./header-field.ts";

/** What one header block said. A connection has one, and fills it anew for each block. */
export interface RequestHead {
	/** The block is a trailer section, which has no pseudo-header fields (RFC 9113, section 8.1). */
	trailers: boolean;
	/** Sizes of all fields. */
	size: number;
	malformed: boolean;
	regularSeen: boolean;
	/** −1: absent; else as {@link HeaderField.amount} tells. */
	method: number;
	scheme: boolean;
	/** −1: absent; else the route. */
	route: number;
	authority: boolean;
	grpc: boolean;
	te: boolean;
	/** Infinity: absent; −1: malformed. */
	timeoutMs: number;
	encoded: boolean;
	/** −1: absent. */
	contentLength: number;
	/** Made where the caller names a trace. */
	trace: TraceHeaders | undefined;
}

export function createRequestHead(): RequestHead {
	return {
		trailers: false,
		size: 0,
		malformed: false,
		regularSeen: false,
		method: -1,
		scheme: false,
		route: -1,
		authority: false,
		grpc: false,
		te: false,
		timeoutMs: Number.POSITIVE_INFINITY,
		encoded: false,
		contentLength: -1,
		trace: undefined,
	};
}

export function resetHead(head: RequestHead, trailers: boolean): void {
	head.trailers = trailers;
	head.size = 0;
	head.malformed = false;
	head.regularSeen = false;
	head.method = -1;
	head.scheme = false;
	head.route = -1;
	head.authority = false;
	head.grpc = false;
	head.te = false;
	head.timeoutMs = Number.POSITIVE_INFINITY;
	head.encoded = false;
	head.contentLength = -1;
	head.trace = undefined;
}

/** Takes one field, and notes what makes the request malformed (RFC 9113, sections 8.2 and 8.3). */
export function takeField(head: RequestHead, field: HeaderField): void {
	head.size += field.size;
	const { meaning } = field;
	if (meaning >= METHOD && meaning <= AUTHORITY) {
		// In front of every other field, and each once.
		if (head.regularSeen || head.trailers) head.malformed = true;
		takePseudoField(head, field);
		return;
	}
	head.regularSeen = true;
	switch (meaning) {
		case REGULAR:
			break;
		case CONTENT_TYPE:
			head.grpc = field.amount === 1;
			break;
		case TE:
			head.te = true;
			break;
		case TIMEOUT:
			head.timeoutMs = field.amount;
			break;
		case ENCODING:
			head.encoded = true;
			break;
		case CONTENT_LENGTH:
			if (head.contentLength >= 0 && head.contentLength !== field.amount) head.malformed = true;
			head.contentLength = field.amount;
			break;
		case MALFORMED:
			head.malformed = true;
			break;
		case TRACE:
			head.trace = noteTraceField(head.trace, field.name, field.value);
			break;
	}
}

function takePseudoField(head: RequestHead, { meaning, amount }: HeaderField): void {
	switch (meaning) {
		case METHOD:
			if (head.method >= 0) head.malformed = true;
			head.method = amount;
			break;
		case SCHEME:
			if (head.scheme) head.malformed = true;
			head.scheme = true;
			break;
		case PATH:
			if (head.route >= 0) head.malformed = true;
			head.route = amount;
			break;
		case AUTHORITY:
			if (head.authority) head.malformed = true;
			head.authority = true;
			break;
	}
}

/** Whether a request's block has what every request needs. CONNECT, which has no path, is no method of gRPC. */
export function isComplete(head: RequestHead): boolean {
	return !head.malformed && head.method >= 0 && head.scheme && head.route >= 0;
}
