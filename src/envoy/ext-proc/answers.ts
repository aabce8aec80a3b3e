import { Buffer } from "node:buffer";
import { LENGTH, VARINT } from "../protobuf/reader.ts";
import {
	beginMessage,
	createWriter,
	endMessage,
	finish,
	type Writer,
	writeBoolField,
	writeBytesField,
	writeStringField,
	writeUint,
	writeUintField,
} from "../protobuf/writer.ts";
import { type BodyModes, modeFields } from "./body-modes.ts";
import { statusBody } from "./grpc-status.ts";
import type { HeaderChanges } from "./header-field.ts";
import type { Phase } from "./messages.ts";
import { problemBody, type Replacement } from "./refusals.ts";

/**
 * The answers to Envoy (`ProcessingResponse`). Each function writes one complete answer; there is no default
 * that could stand in for a forgotten part, for what is left out lets the upstream's bytes pass.
 */

/** Fields of `ProcessingResponse`: the answer to a phase has the phase's own place in the oneof. */
const ANSWER_FIELD: Readonly<Record<Phase, number>> = {
	request_headers: 1,
	response_headers: 2,
	request_body: 3,
	response_body: 4,
	request_trailers: 5,
	response_trailers: 6,
};
const IMMEDIATE_RESPONSE = (7 << 3) | LENGTH;
const MODE_OVERRIDE = (9 << 3) | LENGTH;

/** `HeadersResponse` and `BodyResponse`. */
const COMMON = (1 << 3) | LENGTH;
/** `CommonResponse`. */
const COMMON_STATUS = (1 << 3) | VARINT;
const COMMON_HEADERS = (2 << 3) | LENGTH;
const COMMON_BODY = (3 << 3) | LENGTH;
const CONTINUE = 0;
/** `BodyMutation`. */
const MUTATION_BODY = (1 << 3) | LENGTH;

const NO_CHANGES: HeaderChanges = { remove: [], set: [] };

const writer = createWriter();

/** Passes the message of `phase` as it came. Only for what needs no masking. */
export function passUnchanged(phase: Phase): Buffer {
	const answer = beginMessage(writer, (ANSWER_FIELD[phase] << 3) | LENGTH);
	if (!phase.endsWith("_trailers")) {
		const common = beginMessage(writer, COMMON);
		writeUintField(writer, COMMON_STATUS, CONTINUE);
		endMessage(writer, common);
	}
	endMessage(writer, answer);
	return finish(writer);
}

/**
 * Passes the headers of a direction with changes. `modes`: what Envoy is to send of the bodies from here on; where it
 * does not allow that it goes on as it is configured.
 */
export function changeHeaders(
	changes: HeaderChanges,
	modes?: BodyModes,
	phase: "request_headers" | "response_headers" = "response_headers",
): Buffer {
	const answer = beginMessage(writer, (ANSWER_FIELD[phase] << 3) | LENGTH);
	const common = beginMessage(writer, COMMON);
	writeUintField(writer, COMMON_STATUS, CONTINUE);
	writeHeaderMutation(writer, COMMON_HEADERS, changes);
	endMessage(writer, common);
	endMessage(writer, answer);
	if (modes !== undefined) writeModes(modes);
	return finish(writer);
}

/** Passes the headers of a direction as they came. */
export function passHeaders(phase: "request_headers" | "response_headers", modes: BodyModes): Buffer {
	const answer = beginMessage(writer, (ANSWER_FIELD[phase] << 3) | LENGTH);
	const common = beginMessage(writer, COMMON);
	writeUintField(writer, COMMON_STATUS, CONTINUE);
	endMessage(writer, common);
	endMessage(writer, answer);
	writeModes(modes);
	return finish(writer);
}

function writeModes(modes: BodyModes): void {
	const mode = beginMessage(writer, MODE_OVERRIDE);
	for (const [field, value] of modeFields(modes)) writeUintField(writer, (field << 3) | VARINT, value);
	endMessage(writer, mode);
}

/** Puts `pieces` in the place of a body, or of a piece of it. An empty list makes it empty; it never leaves it as it came. */
export function replaceBody(
	pieces: readonly Uint8Array[],
	changes: HeaderChanges = NO_CHANGES,
	phase: "request_body" | "response_body" = "response_body",
): Buffer {
	let length = 0;
	for (const piece of pieces) length += piece.length;
	writeHeaderMutation(writer, COMMON_HEADERS, changes);
	const headers = finish(writer);
	writeUint(writer, MUTATION_BODY);
	writeUint(writer, length);
	const mutation = finish(writer);
	writeUintField(writer, COMMON_STATUS, CONTINUE);
	const status = finish(writer);
	writeUint(writer, COMMON_BODY);
	writeUint(writer, mutation.length + length);
	const common = Buffer.concat([status, headers, finish(writer), mutation]);
	writeUint(writer, COMMON);
	writeUint(writer, common.length + length);
	const response = Buffer.concat([finish(writer), common]);
	writeUint(writer, (ANSWER_FIELD[phase] << 3) | LENGTH);
	writeUint(writer, response.length + length);
	// The body is copied once, here.
	return Buffer.concat([finish(writer), response, ...pieces]);
}

/** Passes trailers with changes. */
export function changeTrailers(
	changes: HeaderChanges,
	phase: "request_trailers" | "response_trailers" = "response_trailers",
): Buffer {
	const answer = beginMessage(writer, (ANSWER_FIELD[phase] << 3) | LENGTH);
	writeHeaderMutation(writer, (1 << 3) | LENGTH, changes);
	endMessage(writer, answer);
	return finish(writer);
}

/** Ends the exchange with an answer that holds nothing of the upstream's. */
export function replaceAnswer(replacement: Replacement): Buffer {
	const { grpc } = replacement;
	const framing = grpc?.framing;
	const answer = beginMessage(writer, IMMEDIATE_RESPONSE);
	const status = beginMessage(writer, (1 << 3) | LENGTH);
	const web = framing === "grpc-web" || framing === "grpc-web-text" ? framing : undefined;
	// An answer of gRPC is one of 200, whatever its status says.
	const framed = framing === "grpc" || web !== undefined;
	writeUintField(writer, (1 << 3) | VARINT, framed ? 200 : replacement.status);
	endMessage(writer, status);
	const set = [
		...headersFor(grpc),
		{ name: "cache-control", value: "no-store" },
		{ name: "x-content-type-options", value: "nosniff" },
	];
	if (replacement.retryAfter !== undefined)
		set.push({ name: "retry-after", value: String(replacement.retryAfter) });
	writeHeaderMutation(writer, (2 << 3) | LENGTH, { remove: [], set });
	if (grpc === undefined) writeStringField(writer, (3 << 3) | LENGTH, problemBody(replacement.status));
	else if (web !== undefined) writeBytesField(writer, (3 << 3) | LENGTH, statusBody(web, grpc.status));
	else {
		const mark = beginMessage(writer, (4 << 3) | LENGTH);
		writeUintField(writer, (1 << 3) | VARINT, grpc.status);
		endMessage(writer, mark);
	}
	// Goes into `response.code_details` for the operator's access log, never to the client.
	writeStringField(writer, (5 << 3) | LENGTH, `postern_${replacement.reason}`);
	endMessage(writer, answer);
	return finish(writer);
}

/** What tells the caller how to read an answer of ours. */
function headersFor(grpc: Replacement["grpc"]): { name: string; value: string }[] {
	switch (grpc?.framing) {
		case undefined:
			return [{ name: "content-type", value: "application/problem+json" }];
		case "unseen":
			// Envoy answers in the form that goes with gRPC, from `grpc_status` alone, if the call is one of gRPC.
			return [];
		case "grpc":
			// Where a filter of Envoy's made gRPC of what the caller sent (`grpc_web`), Envoy takes the call for one of HTTP and
			// leaves `grpc_status` out; a header goes on. Envoy drops a type in front of no body.
			return [{ name: "grpc-status", value: String(grpc?.status) }];
		default:
			return [{ name: "content-type", value: `application/${grpc?.framing}+proto` }];
	}
}

/**
 * `HeaderMutation`. Envoy's ext_proc reads `raw_value` alone (a header given as `value` becomes empty) and
 * ignores `append_action`; `append: false` overwrites.
 */
function writeHeaderMutation(w: Writer, tag: number, changes: HeaderChanges): void {
	const mutation = beginMessage(w, tag);
	for (const { name, value } of changes.set) {
		const option = beginMessage(w, (1 << 3) | LENGTH);
		const header = beginMessage(w, (1 << 3) | LENGTH);
		writeStringField(w, (1 << 3) | LENGTH, name);
		writeBytesField(w, (3 << 3) | LENGTH, Buffer.from(value, "latin1"));
		endMessage(w, header);
		const append = beginMessage(w, (2 << 3) | LENGTH);
		writeBoolField(w, (1 << 3) | VARINT, false);
		endMessage(w, append);
		endMessage(w, option);
	}
	for (const name of changes.remove) writeStringField(w, (2 << 3) | LENGTH, name);
	endMessage(w, mutation);
}
