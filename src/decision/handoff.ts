import { isPlain } from "../lib/json-out.ts";
import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { HANDOFF_VERSION, type Handoff } from "./handoff-types.ts";

/** Bytes of the hand-off's text; Envoy copies it into every message of an exchange. */
export const MAX_HANDOFF_BYTES = 16 * 1024;
const MAX_OPERATION_BYTES = 512;

/** What a hand-off text is made of besides the operation. Directives come as their canonical JSON, which goes in as it is. */
export interface HandoffSource extends Omit<Handoff, "v" | "op" | "method" | "response" | "request"> {
	readonly method?: string | undefined;
	readonly response?: string | undefined;
	readonly request?: string | undefined;
}

/** What stands around the operation, which alone differs from call to call. */
export interface HandoffFrame {
	readonly before: string;
	readonly after: string;
}

export function handoffFrame(source: HandoffSource): HandoffFrame {
	const { method, request, response } = source;
	let before = `{"consumer":${JSON.stringify(source.consumer)},"digests":${digestsText(source.digests)}`;
	if (method !== undefined) before += `,"method":${JSON.stringify(method)}`;
	before += ',"op":';
	let after = "";
	if (request !== undefined) after += `,"request":${request}`;
	if (response !== undefined) after += `,"response":${response}`;
	after += `,"rev":${JSON.stringify(source.rev)},"v":${HANDOFF_VERSION},"verdict":"${source.verdict}"}`;
	return { before, after };
}

/**
 * The text that carries a decision from ext_authz to ext_proc: canonical JSON, its keys sorted. Undefined when it is
 * larger than {@link MAX_HANDOFF_BYTES}.
 */
export function writeHandoff({ before, after }: HandoffFrame, operation: string): string | undefined {
	const text = before + operation + after;
	// One UTF-16 unit takes at most three bytes of UTF-8; below a third of the limit nothing needs counting.
	const fits = text.length * 3 <= MAX_HANDOFF_BYTES || Buffer.byteLength(text) <= MAX_HANDOFF_BYTES;
	return fits ? text : undefined;
}

function digestsText({ descriptors, hash_key: hashKey }: Handoff["digests"]): string {
	if (descriptors === undefined)
		return hashKey === undefined ? "{}" : `{"hash_key":${JSON.stringify(hashKey)}}`;
	const rest = hashKey === undefined ? "" : `,"hash_key":${JSON.stringify(hashKey)}`;
	return `{"descriptors":${JSON.stringify(descriptors)}${rest}}`;
}

const KEYS: ReadonlySet<string> = new Set([
	"consumer",
	"digests",
	"method",
	"op",
	"request",
	"response",
	"rev",
	"v",
	"verdict",
]);
const DIGESTS: ReadonlySet<string> = new Set(["descriptors", "hash_key"]);

/** Reads a hand-off text back; undefined for whatever {@link writeHandoff} cannot have written. */
export function readHandoff(text: string): Handoff | undefined {
	if (Buffer.byteLength(text) > MAX_HANDOFF_BYTES) return undefined;
	let value: JsonValue;
	try {
		value = JSON.parse(text) as JsonValue;
	} catch {
		return undefined;
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	const given = value as JsonObject;
	for (const key of Object.keys(given)) if (!KEYS.has(key)) return undefined;
	const { v, verdict, op, consumer, rev, digests, method, request, response } = given as {
		readonly [key in keyof Handoff]?: JsonValue;
	};
	if (v !== 1 || (verdict !== "allow" && verdict !== "deny")) return undefined;
	if (typeof op !== "string" || typeof consumer !== "string" || typeof rev !== "string") return undefined;
	if (typeof digests !== "object" || digests === null || Array.isArray(digests)) return undefined;
	for (const [key, digest] of Object.entries(digests))
		if (!DIGESTS.has(key) || typeof digest !== "string") return undefined;
	if (method !== undefined && typeof method !== "string") return undefined;
	return {
		v,
		verdict,
		op,
		consumer,
		rev,
		digests: digests as Handoff["digests"],
		...(method === undefined ? {} : { method }),
		...(response === undefined ? {} : { response }),
		...(request === undefined ? {} : { request }),
	};
}

/** Who gets the answer, as far as pseudonyms go. */
export interface Consumer {
	readonly method: string;
	readonly issuer?: string;
	readonly id?: string;
}

/** Method, issuer and id, each behind its length in bytes, so that no two callers share a text; empty for nobody, and for a name with U+0000 in it. */
export function consumerText(consumer: Consumer | undefined): string {
	if (consumer?.id === undefined || consumer.id === "") return "";
	const text = [consumer.method, consumer.issuer ?? "", consumer.id]
		.map((part) => `${Buffer.byteLength(part)}:${part}`)
		.join("");
	// U+0000 separates the parts of the hash's message.
	return text.includes("\0") ? "" : text;
}

/** `METHOD host path`, without the query, at most 512 bytes of UTF-8: as JSON. */
export function operationJson(method: string, host: string, path: string): string {
	const query = path.indexOf("?");
	const route = query < 0 ? path : path.slice(0, query);
	// Looked at one by one: together they would have to be joined first.
	if (isPlain(method) && isPlain(host) && isPlain(route)) return `"${method} ${host} ${route}"`;
	const text = `${method} ${host} ${route}`;
	const bytes = Buffer.from(text);
	if (bytes.length <= MAX_OPERATION_BYTES) return JSON.stringify(text);
	return JSON.stringify(bytes.toString("utf8", 0, MAX_OPERATION_BYTES).replace(/\ufffd+$/, ""));
}

/** Keys of the hand-off in the metadata of a decision, beside `decision_id` and the policy's own. */
export interface HandoffKeys {
	readonly postern: typeof HANDOFF_VERSION;
	/** `all`: nothing to mask, nothing to record, Envoy leaves ext_proc out. Goes with a real Allow alone. */
	readonly fields: "all" | "some";
	readonly directive: string;
}

/** The metadata keys for a hand-off text. */
export function handoffMetadata(
	verdict: "allow" | "deny",
	hasDirective: boolean,
	directive: string,
): HandoffKeys {
	return {
		postern: HANDOFF_VERSION,
		fields: verdict === "allow" && !hasDirective ? "all" : "some",
		directive,
	};
}
