import { Buffer } from "node:buffer";
import type { JsonObject } from "../../lib/json-value.ts";
import { BODY_BUFFERED } from "../ext-proc/body-modes.ts";
import {
	asBuffer,
	type Cursor,
	cursor,
	enter,
	LENGTH,
	leave,
	readBytes,
	readTag,
	readUint32,
	skipField,
	VARINT,
} from "../protobuf/reader.ts";
import { readStruct, writeStructField } from "../protobuf/struct.ts";
import {
	beginMessage,
	createWriter,
	endMessage,
	finish,
	type Writer,
	writeBoolField,
	writeBytesField,
	writeStringField,
	writeUintField,
} from "../protobuf/writer.ts";

/** One HTTP request as Envoy would show it. */
export interface ProbedRequest {
	readonly method: string;
	/** With the query. */
	readonly path: string;
	readonly host: string;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	/** What Envoy would have read from the caller's certificate; empty: none. */
	readonly principal: string;
	/** `context_extensions` of the route. */
	readonly context: Readonly<Record<string, string>>;
}

/** What a CheckResponse says, as Envoy would take it. */
export interface CheckAnswer {
	readonly allowed: boolean;
	/** Status that the client gets with a denial. */
	readonly status?: number;
	readonly metadata: JsonObject;
}

/** What a ProcessingResponse does with an answer. */
export type ProcessAnswer =
	| { readonly kind: "continue"; readonly body?: Buffer }
	| { readonly kind: "replaced"; readonly status: number }
	| { readonly kind: "other" };

const HANDOFF = "envoy.filters.http.ext_authz";
const ATTRIBUTES = "envoy.filters.http.ext_proc";
/** Documentation addresses (RFC 5737): nobody's. */
const CALLER = "192.0.2.1";
const SERVICE = "192.0.2.2";

const text = (field: number): number => (field << 3) | LENGTH;
const number = (field: number): number => (field << 3) | VARINT;

function message(w: Writer, field: number, write: () => void): void {
	const mark = beginMessage(w, text(field));
	write();
	endMessage(w, mark);
}

/** `time`: seconds since 1970. */
export function writeCheckRequest(request: ProbedRequest, id: string, time: number): Buffer {
	const w = createWriter();
	message(w, 1, () => {
		message(w, 1, () => writePeer(w, CALLER, 40_000, request.principal));
		message(w, 2, () => writePeer(w, SERVICE, 443, ""));
		message(w, 4, () => {
			message(w, 1, () => writeUintField(w, number(1), time));
			message(w, 2, () => writeHttp(w, request, id));
		});
		for (const [key, value] of Object.entries(request.context))
			message(w, 10, () => writePair(w, key, value));
	});
	return finish(w);
}

function writePeer(w: Writer, address: string, port: number, principal: string): void {
	message(w, 1, () =>
		message(w, 1, () => {
			writeStringField(w, text(2), address);
			writeUintField(w, number(3), port);
		}),
	);
	if (principal !== "") writeStringField(w, text(4), principal);
}

function writePair(w: Writer, key: string, value: string): void {
	writeStringField(w, text(1), key);
	writeStringField(w, text(2), value);
}

/** Headers in the raw form, as the shipped configuration of Envoy sends them. */
function writeHttp(w: Writer, { method, path, host, headers }: ProbedRequest, id: string): void {
	writeStringField(w, text(1), id);
	writeStringField(w, text(2), method);
	writeStringField(w, text(4), path);
	writeStringField(w, text(5), host);
	writeStringField(w, text(6), "https");
	writeStringField(w, text(10), "HTTP/2");
	const pseudo = { ":authority": host, ":method": method, ":path": path, ":scheme": "https" };
	message(w, 13, () => writeHeaderMap(w, { ...pseudo, ...headers }));
}

function writeHeaderMap(w: Writer, headers: Readonly<Record<string, string>>): void {
	for (const [name, value] of Object.entries(headers)) {
		message(w, 1, () => {
			writeStringField(w, text(1), name);
			writeBytesField(w, text(3), Buffer.from(value, "utf8"));
		});
	}
}

/** @throws WireError */
export function readCheckResponse(bytes: Uint8Array): CheckAnswer {
	const c = cursor(asBuffer(bytes));
	let code = 0;
	let denied = false;
	let status: number | undefined;
	let metadata: JsonObject = {};
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === text(1)) code = inside(c, (status) => firstNumber(status, 1)) ?? 0;
		// `denied_response` and `error_response` have one type.
		else if (tag === text(2) || tag === text(5)) {
			denied = true;
			status = inside(c, readDeniedStatus);
		} else if (tag === text(4)) metadata = inside(c, readStruct);
		else skipField(c, tag);
	}
	const allowed = code === 0 && !denied;
	return { allowed, metadata, ...(allowed ? {} : { status: status ?? 403 }) };
}

/** `DeniedHttpResponse`: status = 1, whose code = 1. */
function readDeniedStatus(c: Cursor): number | undefined {
	let found: number | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === text(1)) found = inside(c, (status) => firstNumber(status, 1));
		else skipField(c, tag);
	}
	return found;
}

/** Whether Envoy would leave ext_proc out: the two keys that the shipped matcher compares. */
export function isReleasedWhole({ metadata }: CheckAnswer): boolean {
	return metadata["postern"] === "1" && metadata["fields"] === "all";
}

/** Response headers as Envoy sends them behind an allow, with the decision's metadata. */
export function writeResponseHeaders(
	contentType: string,
	length: number,
	method: string,
	metadata: JsonObject,
): Buffer {
	const w = createWriter();
	const headers = { ":status": "200", "content-type": contentType, "content-length": String(length) };
	message(w, 3, () => message(w, 1, () => writeHeaderMap(w, headers)));
	writeContext(w, metadata);
	message(w, 9, () => {
		writeStringField(w, text(1), ATTRIBUTES);
		writeStructField(w, text(2), { "request.method": method, "response.code_details": "via_upstream" });
	});
	message(w, 11, () => writeUintField(w, number(2), BODY_BUFFERED));
	return finish(w);
}

export function writeResponseBody(body: Uint8Array, metadata: JsonObject): Buffer {
	const w = createWriter();
	message(w, 5, () => {
		writeBytesField(w, text(1), body);
		writeBoolField(w, number(2), true);
	});
	writeContext(w, metadata);
	return finish(w);
}

function writeContext(w: Writer, metadata: JsonObject): void {
	message(w, 8, () =>
		message(w, 1, () => {
			writeStringField(w, text(1), HANDOFF);
			writeStructField(w, text(2), metadata);
		}),
	);
}

/** @throws WireError */
export function readProcessingResponse(bytes: Uint8Array): ProcessAnswer {
	const c = cursor(asBuffer(bytes));
	let answer: ProcessAnswer = { kind: "other" };
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === text(2) || tag === text(4)) answer = inside(c, readContinue);
		else if (tag === text(7)) answer = { kind: "replaced", status: inside(c, readDeniedStatus) ?? 200 };
		else skipField(c, tag);
	}
	return answer;
}

/** `HeadersResponse` and `BodyResponse`: response = 1, whose body_mutation = 3, whose body = 1. */
function readContinue(c: Cursor): ProcessAnswer {
	let body: Buffer | undefined;
	descend(c, [1, 3], (mutation) => {
		while (mutation.pos < mutation.end) {
			const tag = readTag(mutation);
			if (tag === text(1)) body = readBytes(mutation);
			else skipField(mutation, tag);
		}
	});
	return { kind: "continue", ...(body === undefined ? {} : { body }) };
}

function descend(c: Cursor, path: readonly number[], read: (c: Cursor) => void): void {
	const [field, ...rest] = path;
	if (field === undefined) {
		read(c);
		return;
	}
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === text(field)) inside(c, (inner) => descend(inner, rest, read));
		else skipField(c, tag);
	}
}

/** `HealthCheckRequest`: service = 1. */
export function writeHealthRequest(service: string): Buffer {
	const w = createWriter();
	if (service !== "") writeStringField(w, text(1), service);
	return finish(w);
}

const SERVING = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** `HealthCheckResponse`: status = 1. */
export function readHealthResponse(bytes: Uint8Array): string {
	return SERVING[firstNumber(cursor(asBuffer(bytes)), 1) ?? 0] ?? "UNKNOWN";
}

function firstNumber(c: Cursor, field: number): number | undefined {
	let found: number | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === number(field)) found = readUint32(c);
		else skipField(c, tag);
	}
	return found;
}

function inside<Value>(c: Cursor, read: (c: Cursor) => Value): Value {
	const outer = enter(c);
	const value = read(c);
	leave(c, outer);
	return value;
}
