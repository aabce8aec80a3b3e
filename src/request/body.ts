import type { Buffer } from "node:buffer";
import { type MediaType, parseMediaType } from "../lib/media-type.ts";
import type { HeaderFacts } from "./headers.ts";
import { checkJson } from "./json-check.ts";
import { readMultipart } from "./multipart.ts";
import { type Fields, parseQuery } from "./query.ts";

/**
 * What became of the request's body: `absent` (none was announced), `not_sent` (announced, but Envoy was not told to
 * send it), `truncated`, `compressed`, `unparsed` (a type that is not read), `ambiguous` (two readers could read it
 * differently: a member named twice, half a surrogate pair, bytes that are not UTF-8), `parsed`, `too_large`.
 */
export type BodyState =
	| "absent"
	| "parsed"
	| "truncated"
	| "unparsed"
	| "compressed"
	| "too_large"
	| "ambiguous"
	| "not_sent";

/** A checked JSON text; `surrogates` are offsets of six-byte escapes to be read as U+FFFD. */
export interface JsonSpan {
	readonly bytes: Buffer;
	readonly start: number;
	readonly end: number;
	readonly surrogates: readonly number[];
}

export type Body =
	| { readonly kind: "none"; readonly state: BodyState }
	| { readonly kind: "json"; readonly state: BodyState; readonly json: JsonSpan }
	| { readonly kind: "form"; readonly state: BodyState; readonly fields: Fields }
	/** Of a type that is read, and unreadable. */
	| { readonly kind: "malformed"; readonly message: string };

/** The frames of a gRPC call, and the path that names its method. */
export interface GrpcMessage {
	readonly bytes: Buffer;
	readonly start: number;
	readonly end: number;
	/** `parsed_path`. */
	readonly segments: readonly string[];
}

export interface BodySource {
	readonly bytes: Buffer;
	/** The body as Envoy sent it; empty (`start === end`) when there is none. */
	readonly start: number;
	readonly end: number;
	readonly headers: HeaderFacts;
	/** HTTP/1.x says whether a body follows; HTTP/2 and 3 need not. */
	readonly framed: boolean;
	/** Came as bytes (`pack_as_bytes`), not as a text that Envoy may have changed. */
	readonly raw: boolean;
	readonly segments: readonly string[];
}

export interface BodyRules {
	/** Containers inside containers. */
	readonly maxDepth: number;
	/** Parts of a form, and bytes of the headers of each. */
	readonly maxParts: number;
	readonly maxPartHeaderBytes: number;
	/** Reads what opa-envoy-plugin reads: encoded bodies and foreign charsets too, as if they were plain. */
	readonly lenient: boolean;
	/** Undoes gzip under limits; absent: encoded bodies stay `compressed`. */
	readonly gunzip?: ((body: Buffer) => Buffer | "too_large" | "malformed") | undefined;
	/** Reads gRPC by a descriptor set; absent: gRPC bodies are not read. */
	readonly grpc?: ((message: GrpcMessage) => Body) | undefined;
}

const MULTIPART = /^[ \t]*multipart\/form-data[ \t]*(?:;|$)/i;
const INT64_MAX = 9223372036854775807n;

/** The body as the policy may see it (`parsed_body`, `truncated_body`, `body_state`). */
export function readBody(source: BodySource, rules: BodyRules): Body {
	const { headers, start, end } = source;
	if (headers.partialBody === "true") return { kind: "none", state: "truncated" };
	const length = end - start;
	if (length === 0) return { kind: "none", state: isAnnounced(source) ? "not_sent" : "absent" };
	if (headers.contentType === undefined) return { kind: "none", state: "unparsed" };
	const gzip = !rules.lenient && isGzip(headers.contentEncoding) && rules.gunzip !== undefined;
	if (!rules.lenient && !gzip && isEncoded(headers.contentEncoding)) {
		return { kind: "none", state: "compressed" };
	}
	const type = parseMediaType(headers.contentType);
	if (type === undefined && MULTIPART.test(headers.contentType)) {
		return { kind: "malformed", message: "content-type is no media type" };
	}
	if (type !== undefined && rules.grpc !== undefined && isGrpc(type, rules.lenient)) {
		return source.raw ? rules.grpc(source) : { kind: "none", state: "unparsed" };
	}
	const format = type === undefined ? undefined : formatOf(type, rules.lenient);
	if (type === undefined || format === undefined) return { kind: "none", state: "unparsed" };
	const announced = announcedLength(headers.contentLength, rules.lenient);
	if (announced === undefined) return { kind: "malformed", message: "content-length is no number" };
	if (announced > BigInt(length)) return { kind: "none", state: "truncated" };
	const plain = gzip ? decoded(source, rules) : source;
	if ("kind" in plain) return plain;
	const body =
		format === "json"
			? readJson(plain, rules)
			: format === "form"
				? readForm(plain)
				: readParts(plain, type.parameters.get("boundary"), rules);
	const differs = announced >= 0n && announced < BigInt(length);
	return differs && body.kind !== "malformed" && body.kind !== "none"
		? { ...body, state: "ambiguous" }
		: body;
}

function isAnnounced({ headers, framed }: BodySource): boolean {
	if (headers.transferEncoding !== undefined) return true;
	if (headers.contentLength === undefined) return !framed && headers.contentType !== undefined;
	return !/^\+?0+$/.test(headers.contentLength);
}

function isEncoded(coding: string | undefined): boolean {
	return coding !== undefined && coding.trim().toLowerCase() !== "identity" && coding.trim() !== "";
}

/** gzip alone: whatever stands beside it would have to be undone too (RFC 9110, section 8.4.1.3). */
function isGzip(coding: string | undefined): boolean {
	return coding !== undefined && /^[ \t]*(?:x-)?gzip[ \t]*$/i.test(coding);
}

function decoded(source: BodySource, rules: BodyRules): BodySource | Body {
	const text = rules.gunzip?.(source.bytes.subarray(source.start, source.end)) ?? "malformed";
	if (text === "too_large") return { kind: "none", state: "too_large" };
	if (text === "malformed") return { kind: "malformed", message: "gzip body" };
	return { ...source, bytes: text, start: 0, end: text.length };
}

/** The peer takes every type that starts so for protobuf, grpc-web's too. */
function isGrpc({ type, subtype }: MediaType, lenient: boolean): boolean {
	if (type !== "application" || !subtype.startsWith("grpc")) return false;
	return lenient || subtype === "grpc" || subtype === "grpc+proto";
}

function formatOf(type: MediaType, lenient: boolean): "json" | "form" | "multipart" | undefined {
	const charset = type.parameters.get("charset")?.toLowerCase();
	if (!lenient && charset !== undefined && charset !== "utf-8" && charset !== "us-ascii") return undefined;
	if (type.type === "multipart" && type.subtype === "form-data") return "multipart";
	if (type.type !== "application") return undefined;
	if (type.subtype === "x-www-form-urlencoded") return "form";
	if (type.subtype.startsWith("grpc")) return undefined;
	return type.subtype === "json" || type.suffix === "json" ? "json" : undefined;
}

/** As Go's `ParseInt` reads it where lenient (a sign is legal there); −1 when there is none. */
function announcedLength(value: string | undefined, lenient: boolean): bigint | undefined {
	if (value === undefined) return -1n;
	if (!(lenient ? /^[+-]?\d{1,40}$/ : /^\d{1,19}$/).test(value)) return undefined;
	const length = BigInt(value.startsWith("+") ? value.slice(1) : value);
	return length > INT64_MAX || length < -INT64_MAX ? undefined : length;
}

function readJson({ bytes, start, end }: BodySource, rules: BodyRules): Body {
	const check = checkJson(bytes, start, end, rules.maxDepth);
	if (!check.ok) return { kind: "malformed", message: `JSON body ${check.message}` };
	const clear = !check.duplicates && check.surrogates.length === 0;
	const json = { bytes, start, end, surrogates: check.surrogates };
	return { kind: "json", state: clear ? "parsed" : "ambiguous", json };
}

function readForm({ bytes, start, end }: BodySource): Body {
	const query = parseQuery(bytes, start, end);
	if (!query.ok) return { kind: "malformed", message: query.message };
	const clear = ![...query.fields].some(([name, values]) =>
		[name, ...values].some((text) => text.includes("\ufffd")),
	);
	return { kind: "form", state: clear ? "parsed" : "ambiguous", fields: query.fields };
}

function readParts({ bytes, start, end }: BodySource, boundary: string | undefined, rules: BodyRules): Body {
	if (boundary === undefined) return { kind: "none", state: "unparsed" };
	const form = readMultipart(bytes, start, end, boundary, rules);
	if (!form.ok) {
		return form.reason === "too_large"
			? { kind: "none", state: "too_large" }
			: { kind: "malformed", message: form.message };
	}
	const json = { bytes: form.json, start: 0, end: form.json.length, surrogates: [] };
	return { kind: "json", state: form.clear ? "parsed" : "ambiguous", json };
}
