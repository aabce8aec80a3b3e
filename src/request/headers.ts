import { Buffer } from "node:buffer";
import {
	isTraceField,
	noteTraceField,
	TRACE_NAMES,
	type TraceFieldName,
	type TraceHeaders,
} from "../lib/trace-context.ts";

/** The headers of a request where they lie in a message; nothing is copied. */
export interface HeaderBytes {
	readonly bytes: Buffer;
	/** Four offsets per header: start and end of the name, start and end of the value. Names are lower case. */
	readonly spans: readonly number[];
}

/** What the service itself reads of the headers. Absent: no such header. */
export interface HeaderFacts {
	/** Start and end of each `authorization` value, one after the other. */
	readonly authorization: readonly number[];
	readonly contentType?: string | undefined;
	readonly contentLength?: string | undefined;
	readonly contentEncoding?: string | undefined;
	readonly transferEncoding?: string | undefined;
	/** `x-envoy-auth-partial-body`, which Envoy alone sets. */
	readonly partialBody?: string | undefined;
	/** `:path` as it came. */
	readonly path?: { readonly start: number; readonly end: number } | undefined;
	/** `x-envoy-original-url`: the mark of an internal redirect. */
	readonly redirected: boolean;
	/** `upgrade` or `:protocol`: what follows the headers is no body of HTTP. */
	readonly upgrade: boolean;
	/** Name of the first single-valued header that comes more than once. */
	readonly repeated?: string | undefined;
	/** What the client, or a proxy before us, says of a trace. */
	readonly trace?: TraceHeaders | undefined;
}

/** Headers of which a request has one at most; two of them are two readings (RFC 9110, section 5.3). */
const SINGLE = [
	":authority",
	":method",
	":path",
	":scheme",
	"authorization",
	"content-length",
	"content-type",
	"from",
	"host",
	"if-modified-since",
	"if-range",
	"if-unmodified-since",
	"max-forwards",
	"origin",
	"proxy-authorization",
	"range",
	"referer",
	"user-agent",
	"x-envoy-auth-partial-body",
] as const;

/** Of these a comma in a joined value shows the repeat: none holds one otherwise. */
const NO_COMMA: ReadonlySet<string> = new Set([
	":authority",
	":method",
	":scheme",
	"content-length",
	"host",
	"max-forwards",
	"origin",
	"x-envoy-auth-partial-body",
]);

const READ = [
	":protocol",
	"content-encoding",
	"transfer-encoding",
	"upgrade",
	"x-envoy-original-url",
] as const;

type Name = (typeof SINGLE)[number] | (typeof READ)[number] | TraceFieldName;

interface Known {
	readonly name: Name;
	readonly bytes: Buffer;
	/** The octets at its ends, by which most other names are told from it. */
	readonly first: number;
	readonly last: number;
	/** Looked for, and judged by nobody. */
	readonly trace: boolean;
	/** One bit of those that may come once; 0 for others. */
	readonly single: number;
	/** A comma shows that it came twice. */
	readonly noComma: boolean;
}

/** Known names by their length, so that most headers cost one look. */
const BY_LENGTH: readonly (readonly Known[] | undefined)[] = (() => {
	const table: Known[][] = [];
	for (const name of [...SINGLE, ...READ, ...TRACE_NAMES]) {
		table[name.length] ??= [];
		table[name.length]?.push({
			name,
			bytes: Buffer.from(name, "latin1"),
			first: name.charCodeAt(0),
			last: name.charCodeAt(name.length - 1),
			trace: isTraceField(name),
			single: SINGLE.includes(name as (typeof SINGLE)[number])
				? 1 << SINGLE.indexOf(name as (typeof SINGLE)[number])
				: 0,
			noComma: NO_COMMA.has(name),
		});
	}
	return table;
})();

function knownName(bytes: Buffer, start: number, end: number): Known | undefined {
	const candidates = BY_LENGTH[end - start];
	if (candidates === undefined) return undefined;
	const first = bytes[start];
	const last = bytes[end - 1];
	for (const candidate of candidates)
		if (candidate.last === last && candidate.first === first && isName(bytes, start, candidate.bytes))
			return candidate;
	return undefined;
}

function isName(bytes: Buffer, start: number, name: Buffer): boolean {
	for (let at = 1; at < name.length - 1; at++) if (bytes[start + at] !== name[at]) return false;
	return true;
}

/** Reads in one pass what the service needs of the headers. */
export function readHeaders(headers: HeaderBytes): HeaderFacts {
	const { bytes, spans } = headers;
	let authorization: number[] | undefined;
	let contentType: string | undefined;
	let contentLength: string | undefined;
	let contentEncoding: string | undefined;
	let transferEncoding: string | undefined;
	let partialBody: string | undefined;
	let path: HeaderFacts["path"];
	let repeated: string | undefined;
	let seen = 0;
	let redirected = false;
	let upgrade = false;
	let trace: TraceHeaders | undefined;
	/** The first comma behind the place from where one was looked for last. */
	let comma = -1;
	let since = 0;
	for (let at = 0; at < spans.length; at += 4) {
		const known = knownName(bytes, spans[at] as number, spans[at + 1] as number);
		if (known === undefined) continue;
		const { name } = known;
		const start = spans[at + 2] as number;
		const end = spans[at + 3] as number;
		if (name === "x-envoy-original-url") {
			redirected = true;
			continue;
		}
		if (name === "upgrade" || name === ":protocol") {
			upgrade = true;
			continue;
		}
		if (name === "content-encoding") {
			contentEncoding = joined(contentEncoding, bytes, start, end);
			continue;
		}
		if (name === "transfer-encoding") {
			transferEncoding = joined(transferEncoding, bytes, start, end);
			continue;
		}
		if (known.trace) {
			trace = noteTraceField(trace, name, bytes.toString("latin1", start, end));
			continue;
		}
		if ((seen & known.single) !== 0) repeated ??= name;
		seen |= known.single;
		// Envoy joins repeats of the headers it knows best before it hands out any, raw or not.
		if (known.noComma && hasComma(bytes, start, end, false)) repeated ??= name;
		if (name === "authorization") {
			if (comma < start || start < since) {
				since = start;
				comma = commaFrom(bytes, start);
			}
			if (comma < end && JOINABLE.test(bytes.toString("latin1", start, end))) repeated ??= name;
			authorization ??= [];
			authorization.push(start, end);
		} else if (name === "content-type") {
			if (hasComma(bytes, start, end, true)) repeated ??= name;
			contentType = joined(contentType, bytes, start, end);
		} else if (name === "content-length") contentLength = joined(contentLength, bytes, start, end);
		else if (name === "x-envoy-auth-partial-body") partialBody = bytes.toString("latin1", start, end);
		else if (name === ":path") path = { start, end };
	}
	return {
		authorization: authorization ?? NO_SPANS,
		contentType,
		contentLength,
		contentEncoding,
		transferEncoding,
		partialBody,
		path,
		redirected,
		upgrade,
		repeated,
		trace,
	};
}

const NO_SPANS: readonly number[] = [];

/** Credentials of these schemes hold no comma. */
const JOINABLE = /^(?:bearer|basic) /i;

function commaFrom(bytes: Buffer, start: number): number {
	const found = bytes.indexOf(0x2c, start);
	return found < 0 ? bytes.length : found;
}

/** Every `authorization` value, in order. */
export function authorizationOf({ authorization }: HeaderFacts, bytes: Buffer): readonly string[] {
	const values: string[] = [];
	for (let at = 0; at < authorization.length; at += 2)
		values.push(bytes.toString("latin1", authorization[at], authorization[at + 1]));
	return values;
}

function joined(before: string | undefined, bytes: Buffer, start: number, end: number): string {
	const value = bytes.toString("latin1", start, end);
	return before === undefined ? value : `${before},${value}`;
}

/** `quoted`: the value has parameters, whose quoted text (RFC 9110, section 5.6.4) may hold a comma. */
function hasComma(bytes: Buffer, start: number, end: number, quoted: boolean): boolean {
	let inside = false;
	for (let pos = start; pos < end; pos++) {
		const byte = bytes[pos];
		if (byte === 0x2c && !inside) return true;
		if (!quoted) continue;
		if (byte === 0x22) inside = !inside;
		else if (byte === 0x5c && inside) pos++;
	}
	return false;
}
