/** The fields by which a caller names its trace, as they came; a field that comes twice is joined by a comma. */
export interface TraceHeaders {
	/** W3C Trace Context. */
	traceparent?: string;
	/** B3 in one field. */
	b3?: string;
	/** B3 in several: `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled`, `x-b3-flags`. */
	b3TraceId?: string;
	b3SpanId?: string;
	b3Sampled?: string;
	b3Flags?: string;
}

/** Where in a trace a call belongs. */
export interface TraceContext {
	/** 32 hexadecimal digits in lower case, not all of them zero. */
	readonly traceId: string;
	/** The caller's span, 16 such digits. */
	readonly parentId: string;
	/** The caller records this trace. */
	readonly sampled: boolean;
}

const FIELDS = {
	traceparent: "traceparent",
	b3: "b3",
	"x-b3-traceid": "b3TraceId",
	"x-b3-spanid": "b3SpanId",
	"x-b3-sampled": "b3Sampled",
	"x-b3-flags": "b3Flags",
} as const satisfies Record<string, keyof TraceHeaders>;

/** Names of those fields, in lower case. */
export type TraceFieldName = keyof typeof FIELDS;
export const TRACE_NAMES = Object.keys(FIELDS) as readonly TraceFieldName[];
const FIELD_KEYS: ReadonlyMap<string, keyof TraceHeaders> = new Map(Object.entries(FIELDS));

export function isTraceField(name: string): boolean {
	return FIELD_KEYS.has(name);
}

/** Takes one field, if it is one of these; two of a name are two readings, and joined they are none. */
export function noteTraceField(
	headers: TraceHeaders | undefined,
	name: string,
	value: string,
): TraceHeaders | undefined {
	const key = FIELD_KEYS.get(name);
	if (key === undefined) return headers;
	const noted = headers ?? {};
	const before = noted[key];
	noted[key] = before === undefined ? value : `${before},${value}`;
	return noted;
}

/** What the fields say, W3C's before B3's; undefined when none of them names a trace and a span. */
export function readTraceContext(headers: TraceHeaders): TraceContext | undefined {
	const { traceparent, b3 } = headers;
	return (
		(traceparent === undefined ? undefined : readTraceparent(traceparent)) ??
		(b3 === undefined ? undefined : readB3(b3)) ??
		readB3Fields(headers)
	);
}

const DASH = 0x2d;
/** Of version 00; higher ones may be longer. */
const TRACEPARENT_LENGTH = 55;

/**
 * `VERSION-TRACE-PARENT-FLAGS` (W3C Trace Context, section 3.2): higher versions may add parts behind a dash, `ff` is none.
 * By hand, for most calls have one.
 */
function readTraceparent(text: string): TraceContext | undefined {
	const { length } = text;
	if (length < TRACEPARENT_LENGTH || text.charCodeAt(2) !== DASH) return undefined;
	if (text.charCodeAt(35) !== DASH || text.charCodeAt(52) !== DASH) return undefined;
	const version = hexSum(text, 0, 2);
	if (version === HIGHEST_SUM || (version === 0 && length > TRACEPARENT_LENGTH)) return undefined;
	if (length > TRACEPARENT_LENGTH && text.charCodeAt(TRACEPARENT_LENGTH) !== DASH) return undefined;
	if (!(version >= 0) || !(hexSum(text, 3, 35) > 0) || !(hexSum(text, 36, 52) > 0)) return undefined;
	if (!(hexSum(text, 53, 55) >= 0)) return undefined;
	const sampled = (hexSum(text, 54, 55) & 1) === 1;
	return { traceId: text.slice(3, 35), parentId: text.slice(36, 52), sampled };
}

/** Of two digits `f`. */
const HIGHEST_SUM = 30;

/** The sum of hexadecimal digits, which is 0 where all of them are; NaN for anything but digits and small letters. */
function hexSum(text: string, start: number, end: number): number {
	let sum = 0;
	for (let at = start; at < end; at++) {
		const code = text.charCodeAt(at);
		if (code >= 0x30 && code <= 0x39) sum += code - 0x30;
		else if (code >= 0x61 && code <= 0x66) sum += code - 0x57;
		else return Number.NaN;
	}
	return sum;
}

/** `TRACE-SPAN[-STATE[-PARENT]]`; a state alone names no trace. */
const B3 = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/i;

function readB3(text: string): TraceContext | undefined {
	const [, traceId, spanId = "", state] = B3.exec(text) ?? [];
	return traceId === undefined
		? undefined
		: contextOf(wide(traceId), spanId.toLowerCase(), state === "1" || state?.toLowerCase() === "d");
}

/** Without a state the decision is left to whoever asks; nobody who records nothing by himself takes it. */
function readB3Fields({ b3TraceId, b3SpanId, b3Sampled, b3Flags }: TraceHeaders): TraceContext | undefined {
	if (b3TraceId === undefined || b3SpanId === undefined) return undefined;
	if (!/^(?:[0-9a-f]{32}|[0-9a-f]{16})$/i.test(b3TraceId) || !/^[0-9a-f]{16}$/i.test(b3SpanId))
		return undefined;
	const sampled = b3Flags === "1" || b3Sampled === "1" || b3Sampled === "true";
	return contextOf(wide(b3TraceId), b3SpanId.toLowerCase(), sampled);
}

/** Trace ids of 64 bits stand in the lower half. */
function wide(traceId: string): string {
	return traceId.toLowerCase().padStart(32, "0");
}

const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

function contextOf(traceId: string, parentId: string, sampled: boolean): TraceContext | undefined {
	return traceId === NO_TRACE || parentId === NO_SPAN ? undefined : { traceId, parentId, sampled };
}
