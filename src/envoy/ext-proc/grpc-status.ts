import { Buffer } from "node:buffer";
import type { GrpcFraming } from "../../fields/types.ts";

/** `google.rpc.Code`. */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/** What a request's sender did, and may do otherwise, by the status that HTTP has for it. */
const REQUEST_CODES: ReadonlyMap<number, number> = new Map([
	[400, INVALID_ARGUMENT],
	[403, PERMISSION_DENIED],
	[413, RESOURCE_EXHAUSTED],
	[415, UNIMPLEMENTED],
	[422, INVALID_ARGUMENT],
]);

/**
 * The status of gRPC for an answer that was replaced: whether trying again makes sense, and nothing else; for a request
 * also what of it was refused.
 */
export function grpcStatusFor(
	direction: "request" | "response",
	{ status, retryAfter }: { readonly status: number; readonly retryAfter?: number },
): number {
	if (retryAfter !== undefined) return UNAVAILABLE;
	return (direction === "request" ? REQUEST_CODES.get(status) : undefined) ?? INTERNAL;
}

const TRAILERS = 0x80;

/** A whole body of gRPC-Web that holds a status and nothing else. */
export function statusBody(framing: Exclude<GrpcFraming, "grpc">, status: number): Buffer {
	const block = Buffer.from(`grpc-status:${status}\r\n`, "latin1");
	const head = Buffer.from([TRAILERS, 0, 0, 0, block.length]);
	const frame = Buffer.concat([head, block]);
	return framing === "grpc-web" ? frame : Buffer.from(frame.toString("base64"), "latin1");
}
