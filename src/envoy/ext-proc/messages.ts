import type { Buffer } from "node:buffer";
import { HANDOFF_NAMESPACE } from "../../decision/handoff-types.ts";
import type { JsonObject } from "../../lib/json-value.ts";
import {
	asBuffer,
	type Cursor,
	cursor,
	enter,
	LENGTH,
	leave,
	readBool,
	readBytes,
	readString,
	readTag,
	readUint32,
	skipField,
	VARINT,
	WireError,
} from "../protobuf/reader.ts";
import { readStruct } from "../protobuf/struct.ts";
import { BODY_NONE } from "./body-modes.ts";
import type { HeaderField } from "./header-field.ts";

/** What a message is about; the member of the oneof `request` that it holds. */
export type Phase = (typeof PHASES)[number];

const PHASES = [
	"request_headers",
	"response_headers",
	"request_body",
	"response_body",
	"request_trailers",
	"response_trailers",
] as const;

/** `ProtocolConfiguration`: how the filter is set up, told in a stream's first message. */
export interface Protocol {
	readonly requestBodyMode: number;
	readonly responseBodyMode: number;
	readonly withoutWaiting: boolean;
}

/** One `ProcessingRequest`. */
export interface ProcessingRequest {
	readonly phase: Phase;
	/** Of headers and trailers; empty for a body. */
	readonly headers: readonly HeaderField[];
	/** Of a body; empty otherwise. A view into the message. */
	readonly body: Buffer;
	readonly endOfStream: boolean;
	/** The hand-off's namespace of the dynamic metadata; read with headers only. */
	readonly metadata?: JsonObject;
	/** The attributes that the filter asks for, by name; read with headers only. */
	readonly attributes?: JsonObject;
	readonly observability: boolean;
	readonly protocol?: Protocol;
}

/** Fields of `ProcessingRequest`. */
const FIRST_PHASE = 2;
const METADATA_CONTEXT = (8 << 3) | LENGTH;
const ATTRIBUTES = (9 << 3) | LENGTH;
const OBSERVABILITY_MODE = (10 << 3) | VARINT;
const PROTOCOL_CONFIG = (11 << 3) | LENGTH;

/** Every attribute stands under this name, whatever the filter is called in the configuration. */
const ATTRIBUTES_KEY = "envoy.filters.http.ext_proc";

/**
 * Reads one ProcessingRequest. Stricter than protobuf where a second reading would be possible: a message
 * about two things, or one whose hand-off or configuration comes twice, is none.
 *
 * @throws WireError
 */
export function readProcessingRequest(message: Uint8Array): ProcessingRequest {
	const bytes = asBuffer(message);
	const c = cursor(bytes);
	let phase: Phase | undefined;
	let content: Content = NO_CONTENT;
	let metadataAt = -1;
	const attributesAt: number[] = [];
	let observability = false;
	let protocol: Protocol | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		const found = (tag & 7) === LENGTH ? PHASES[(tag >>> 3) - FIRST_PHASE] : undefined;
		if (found !== undefined) {
			if (phase !== undefined) throw new WireError("a message about two phases");
			phase = found;
			content = readContent(c, found);
		} else if (tag === METADATA_CONTEXT) {
			if (metadataAt !== -1) throw new WireError("metadata given twice");
			metadataAt = c.pos;
			skipField(c, tag);
		} else if (tag === ATTRIBUTES) {
			attributesAt.push(c.pos);
			skipField(c, tag);
		} else if (tag === OBSERVABILITY_MODE) observability = readBool(c) || observability;
		else if (tag === PROTOCOL_CONFIG) {
			if (protocol !== undefined) throw new WireError("protocol configuration given twice");
			protocol = inside(c, readProtocol);
		} else skipField(c, tag);
	}
	if (phase === undefined) throw new WireError("a message about nothing");
	// Envoy attaches the metadata to every message; one reading per direction is enough.
	const wanted = phase.endsWith("_headers");
	const metadata = wanted && metadataAt !== -1 ? inside(cursor(bytes, metadataAt), readNamespace) : undefined;
	const attributes = wanted ? readAttributes(bytes, attributesAt) : undefined;
	return {
		phase,
		...content,
		observability,
		...(metadata === undefined ? {} : { metadata }),
		...(attributes === undefined ? {} : { attributes }),
		...(protocol === undefined ? {} : { protocol }),
	};
}

type Content = Pick<ProcessingRequest, "headers" | "body" | "endOfStream">;

const NO_CONTENT: Content = { headers: [], body: asBuffer(new Uint8Array(0)), endOfStream: false };

function readContent(c: Cursor, phase: Phase): Content {
	if (phase.endsWith("_body")) return inside(c, readBody);
	return inside(c, readHeaders);
}

function inside<Value>(c: Cursor, read: (c: Cursor) => Value): Value {
	const outer = enter(c);
	const value = read(c);
	leave(c, outer);
	return value;
}

/** `HttpBody`: body = 1, end_of_stream = 2. */
function readBody(c: Cursor): Content {
	let body: Buffer | undefined;
	let endOfStream = false;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) {
			if (body !== undefined) throw new WireError("a body given twice");
			body = readBytes(c);
		} else if (tag === ((2 << 3) | VARINT)) endOfStream = readBool(c);
		else skipField(c, tag);
	}
	return { ...NO_CONTENT, body: body ?? NO_CONTENT.body, endOfStream };
}

/** `HttpHeaders` (headers = 1, end_of_stream = 3) and `HttpTrailers` (trailers = 1). */
function readHeaders(c: Cursor): Content {
	const headers: HeaderField[] = [];
	let endOfStream = false;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) inside(c, (map) => readHeaderMap(map, headers));
		else if (tag === ((3 << 3) | VARINT)) endOfStream = readBool(c);
		else skipField(c, tag);
	}
	return { ...NO_CONTENT, headers, endOfStream };
}

function readHeaderMap(c: Cursor, into: HeaderField[]): void {
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) into.push(inside(c, readHeaderValue));
		else skipField(c, tag);
	}
}

/** `HeaderValue`: key = 1, value = 2, raw_value = 3; Envoy fills `raw_value`. */
function readHeaderValue(c: Cursor): HeaderField {
	let name = "";
	let value = "";
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) name = readString(c).toLowerCase();
		else if (tag === ((2 << 3) | LENGTH)) value ||= readString(c);
		else if (tag === ((3 << 3) | LENGTH)) {
			const raw = readBytes(c);
			if (raw.length > 0) value = raw.toString("latin1");
		} else skipField(c, tag);
	}
	return { name, value };
}

/** `Metadata`: map<string, Struct> filter_metadata = 1. Gives the hand-off's namespace, if it is there. */
function readNamespace(c: Cursor): JsonObject | undefined {
	let found: JsonObject | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) found = onlyOne(found, readEntry(c, HANDOFF_NAMESPACE));
		else skipField(c, tag);
	}
	return found;
}

/** `starts`: where the entries of the map lie in the message. */
function readAttributes(bytes: Buffer, starts: readonly number[]): JsonObject | undefined {
	let found: JsonObject | undefined;
	for (const start of starts) found = onlyOne(found, readEntry(cursor(bytes, start), ATTRIBUTES_KEY));
	return found;
}

function onlyOne(found: JsonObject | undefined, next: JsonObject | undefined): JsonObject | undefined {
	if (found !== undefined && next !== undefined) throw new WireError("a map key given twice");
	return found ?? next;
}

/** The map<string, Struct> entry that starts here; undefined when its key is not `wanted`. */
function readEntry(c: Cursor, wanted: string): JsonObject | undefined {
	const outer = enter(c);
	let key = "";
	let value: JsonObject | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) key = readString(c);
		else if (tag === ((2 << 3) | LENGTH)) {
			if (value !== undefined) throw new WireError("a map entry with two values");
			value = inside(c, readStruct);
		} else skipField(c, tag);
	}
	leave(c, outer);
	return key === wanted ? (value ?? {}) : undefined;
}

/** `ProtocolConfiguration`: request_body_mode = 1, response_body_mode = 2, send_body_without_… = 3. */
function readProtocol(c: Cursor): Protocol {
	let requestBodyMode = BODY_NONE;
	let responseBodyMode = BODY_NONE;
	let withoutWaiting = false;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | VARINT)) requestBodyMode = readUint32(c);
		else if (tag === ((2 << 3) | VARINT)) responseBodyMode = readUint32(c);
		else if (tag === ((3 << 3) | VARINT)) withoutWaiting = readBool(c);
		else skipField(c, tag);
	}
	return { requestBodyMode, responseBodyMode, withoutWaiting };
}
