import { isTraceField } from "../../../lib/trace-context.ts";
import { readGrpcTimeout } from "./grpc-timeout.ts";
import { routeOf } from "./routes.ts";

/**
 * A field of a header block with what it means to us. Made once where a field stays in HPACK's table, so that a field
 * that comes again costs nothing but its index.
 */
export interface HeaderField {
	readonly name: string;
	/** One character per octet. */
	readonly value: string;
	/** Octets of both and 32 more, as HPACK and SETTINGS_MAX_HEADER_LIST_SIZE count (RFC 7541, section 4.1). */
	readonly size: number;
	readonly meaning: number;
	/** Of METHOD: 1 for POST, 2 for HEAD; of PATH: the route; of CONTENT_TYPE: 1 for gRPC; of TIMEOUT: milliseconds; of CONTENT_LENGTH: octets. */
	readonly amount: number;
}

export const REGULAR = 0;
export const METHOD = 1;
export const SCHEME = 2;
export const PATH = 3;
export const AUTHORITY = 4;
export const CONTENT_TYPE = 5;
export const TE = 6;
export const TIMEOUT = 7;
/** `grpc-encoding` other than `identity`. */
export const ENCODING = 8;
export const CONTENT_LENGTH = 9;
/** A field that makes its request malformed, wherever it stands. */
export const MALFORMED = 10;
/** Names the caller's trace. */
export const TRACE = 11;

const POST = 1;
const HEAD = 2;

/** RFC 9110, section 5.6.2, in lower case as RFC 9113, section 8.2.1 wants it. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 9113, section 8.2.1: no NUL, CR or LF, no white space at either end. */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

/** What belongs to a hop of HTTP/1.1 (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
	"connection",
	"keep-alive",
	"proxy-connection",
	"transfer-encoding",
	"upgrade",
]);

export function headerField(name: string, value: string): HeaderField {
	const size = name.length + value.length + 32;
	const { meaning, amount } = BAD_VALUE.test(value)
		? { meaning: MALFORMED, amount: 0 }
		: name.charCodeAt(0) === 0x3a
			? pseudoField(name, value)
			: regularField(name, value);
	return { name, value, size, meaning, amount };
}

interface Meaning {
	readonly meaning: number;
	readonly amount: number;
}

const PLAIN: Meaning = { meaning: REGULAR, amount: 0 };
const BAD: Meaning = { meaning: MALFORMED, amount: 0 };
const NAMES_TRACE: Meaning = { meaning: TRACE, amount: 0 };

/** RFC 9113, section 8.3.1. `:status` is a response's, `:protocol` was not offered (RFC 8441). */
function pseudoField(name: string, value: string): Meaning {
	switch (name) {
		case ":method":
			if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value)) return BAD;
			return { meaning: METHOD, amount: value === "POST" ? POST : value === "HEAD" ? HEAD : 0 };
		case ":scheme":
			return value === "" ? BAD : { meaning: SCHEME, amount: 0 };
		case ":path":
			// `*` goes with OPTIONS, which is refused like every method but POST.
			return value.startsWith("/") || value === "*" ? { meaning: PATH, amount: routeOf(value) } : BAD;
		case ":authority":
			return { meaning: AUTHORITY, amount: 0 };
		default:
			return BAD;
	}
}

function regularField(name: string, value: string): Meaning {
	switch (name) {
		case "content-type":
			return { meaning: CONTENT_TYPE, amount: isGrpc(value) ? 1 : 0 };
		case "te":
			// The one value that HTTP/2 leaves of it (RFC 9113, section 8.2.2).
			return value.toLowerCase() === "trailers" ? { meaning: TE, amount: 0 } : BAD;
		case "grpc-timeout":
			return { meaning: TIMEOUT, amount: readGrpcTimeout(value) };
		case "grpc-encoding":
			return value === "identity" ? PLAIN : { meaning: ENCODING, amount: 0 };
		case "content-length":
			return /^[0-9]{1,15}$/.test(value) ? { meaning: CONTENT_LENGTH, amount: Number(value) } : BAD;
		default:
			if (isTraceField(name)) return NAMES_TRACE;
			return CONNECTION_SPECIFIC.has(name) || !NAME.test(name) ? BAD : PLAIN;
	}
}

/** `application/grpc` and `application/grpc+proto`, whatever parameters follow. */
function isGrpc(value: string): boolean {
	return /^application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i.test(value);
}
