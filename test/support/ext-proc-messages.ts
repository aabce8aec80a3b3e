import { resolve } from "node:path";
import protobuf from "protobufjs";
import { handoffFrame, writeHandoff } from "../../src/decision/handoff.ts";

/** Our own proto files read by protobufjs: the second opinion on every byte that `src/envoy` reads and writes. */
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
	target.startsWith("google/protobuf/") ? null : resolve(import.meta.dirname, "../../proto", target);
root.loadSync(
	["envoy/service/ext_proc/v3/external_processor.proto", "envoy/service/auth/v3/external_auth.proto"],
	{ keepCase: true },
);
const Request = root.lookupType("envoy.service.ext_proc.v3.ProcessingRequest");
const Response = root.lookupType("envoy.service.ext_proc.v3.ProcessingResponse");
const CheckResponse = root.lookupType("envoy.service.auth.v3.CheckResponse");

type Tree = Readonly<Record<string, unknown>>;
export type HeaderPairs = readonly (readonly [string, string])[];

/** Bytes of a ProcessingRequest given as its fields. */
export function requestBytes(fields: Tree): Buffer {
	return Buffer.from(Request.encode(Request.fromObject(fields)).finish());
}

/** Bytes of any ProcessingResponse, also of those that our own encoder never writes. */
export function responseBytes(fields: Tree): Buffer {
	return Buffer.from(Response.encode(Response.fromObject(fields)).finish());
}

export function checkResponseBytes(fields: Tree): Buffer {
	return Buffer.from(CheckResponse.encode(CheckResponse.fromObject(fields)).finish());
}

/** A ProcessingResponse as plain fields; enums as numbers, bytes as Buffers, absent fields absent. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
export function readResponse(bytes: Uint8Array): any {
	return Response.toObject(Response.decode(bytes), { oneofs: true, arrays: true });
}

/** A `google.protobuf.Struct` of plain values. */
export function struct(value: Tree): Tree {
	return { fields: Object.fromEntries(Object.entries(value).map(([key, each]) => [key, structValue(each)])) };
}

function structValue(value: unknown): Tree {
	if (value === null) return { nullValue: 0 };
	if (typeof value === "string") return { stringValue: value };
	if (typeof value === "number") return { numberValue: value };
	if (typeof value === "boolean") return { boolValue: value };
	if (Array.isArray(value)) return { listValue: { values: value.map(structValue) } };
	return { structValue: struct(value as Tree) };
}

export const BUFFERED = { request_body_mode: 0, response_body_mode: 2 };
export const STREAMED = { request_body_mode: 0, response_body_mode: 1 };
/** Both bodies. */
export const BOTH = { request_body_mode: 2, response_body_mode: 2 };

/** The hand-off's metadata as ext_authz writes it. */
export function handoffMetadata(
	options: {
		readonly response?: unknown;
		readonly request?: unknown;
		readonly verdict?: "allow" | "deny";
		readonly fields?: "all" | "some";
		readonly consumer?: string;
		readonly hashKey?: string;
		readonly grpc?: { readonly method: string; readonly descriptors: string };
	} = {},
): Tree {
	const { response, request, verdict = "allow", consumer = "" } = options;
	const frame = handoffFrame({
		verdict,
		consumer,
		rev: "r1",
		digests: {
			...(options.hashKey === undefined ? {} : { hash_key: options.hashKey }),
			...(options.grpc === undefined ? {} : { descriptors: options.grpc.descriptors }),
		},
		...(options.grpc === undefined ? {} : { method: options.grpc.method }),
		...(response === undefined ? {} : { response: JSON.stringify(response) }),
		...(request === undefined ? {} : { request: JSON.stringify(request) }),
	});
	const directive = writeHandoff(frame, '"GET example.test /a"');
	const bare = response === undefined && request === undefined;
	return {
		decision_id: "d-1",
		postern: "1",
		fields: options.fields ?? (verdict === "allow" && bare ? "all" : "some"),
		directive,
	};
}

export interface HeadersOptions {
	readonly status?: number | string;
	readonly headers?: HeaderPairs;
	readonly endOfStream?: boolean;
	/** Absent: no metadata at all. */
	readonly metadata?: Tree | undefined;
	readonly codeDetails?: string | undefined;
	readonly method?: string;
	readonly protocol?: Tree | undefined;
	readonly observability?: boolean;
}

/** Response headers as Envoy sends them in the first message of a stream. */
export function responseHeaders(options: HeadersOptions = {}): Buffer {
	const { status = 200, headers = [["content-type", "application/json"]], endOfStream = false } = options;
	const codeDetails = "codeDetails" in options ? options.codeDetails : "via_upstream";
	const protocol = "protocol" in options ? options.protocol : BUFFERED;
	const attributes = {
		"request.method": options.method ?? "GET",
		...(codeDetails === undefined ? {} : { "response.code_details": codeDetails }),
	};
	return requestBytes({
		response_headers: {
			headers: headerMap([[":status", String(status)], ...headers]),
			end_of_stream: endOfStream,
		},
		...(options.metadata === undefined ? {} : metadataContext(options.metadata)),
		attributes: { "envoy.filters.http.ext_proc": struct(attributes) },
		observability_mode: options.observability ?? false,
		...(protocol === undefined ? {} : { protocol_config: protocol }),
	});
}

export interface RequestOptions {
	readonly method?: string;
	readonly headers?: HeaderPairs;
	readonly endOfStream?: boolean;
	readonly metadata?: Tree | undefined;
	readonly protocol?: Tree;
}

/** Request headers as Envoy sends them in the first message of a stream. */
export function requestHeaders(options: RequestOptions = {}): Buffer {
	const { method = "PATCH", headers = [["content-type", "application/json"]], endOfStream = false } = options;
	return requestBytes({
		request_headers: {
			headers: headerMap([[":method", method], [":path", "/a"], ...headers]),
			end_of_stream: endOfStream,
		},
		...(options.metadata === undefined ? {} : metadataContext(options.metadata)),
		protocol_config: options.protocol ?? BOTH,
	});
}

export function requestBody(body: string | Uint8Array, endOfStream = true): Buffer {
	return requestBytes({ request_body: { body: Buffer.from(body as string), end_of_stream: endOfStream } });
}

export function requestTrailers(trailers: HeaderPairs): Buffer {
	return requestBytes({ request_trailers: { trailers: headerMap(trailers) } });
}

export function responseBody(body: string | Uint8Array, endOfStream = true, metadata?: Tree): Buffer {
	return requestBytes({
		response_body: { body: Buffer.from(body as string), end_of_stream: endOfStream },
		...(metadata === undefined ? {} : metadataContext(metadata)),
	});
}

export function responseTrailers(trailers: HeaderPairs): Buffer {
	return requestBytes({ response_trailers: { trailers: headerMap(trailers) } });
}

function metadataContext(metadata: Tree): Tree {
	return { metadata_context: { filter_metadata: { "envoy.filters.http.ext_authz": struct(metadata) } } };
}

function headerMap(pairs: HeaderPairs): Tree {
	return { headers: pairs.map(([key, value]) => ({ key, raw_value: Buffer.from(value, "latin1") })) };
}
