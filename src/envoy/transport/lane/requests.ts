import { Buffer } from "node:buffer";
import { STATUS } from "../failure-status.ts";
import { ACCEPT_IDENTITY, plainHead, trailersOnly } from "./answer-blocks.ts";
import { runCheck } from "./check-call.ts";
import { checkHealth, watchHealth } from "./health-calls.ts";
import { openProcess } from "./process-call.ts";
import type { RequestHead } from "./request-head.ts";
import { ROUTE_CHECK, ROUTE_HEALTH_CHECK, ROUTE_HEALTH_WATCH, ROUTE_PROCESS } from "./routes.ts";
import { endWithBlock, endWithError, sendPlain } from "./send.ts";
import type { Connection, Stream } from "./state.ts";

const SPEAKS_GRPC = Buffer.from("this port speaks gRPC\n", "latin1");
const NO_TEXT = Buffer.alloc(0);
const POST = 1;
const HEAD = 2;

const METHOD_NOT_ALLOWED = plainHead(405);
const UNSUPPORTED_MEDIA_TYPE = plainHead(415);
const BAD_REQUEST = plainHead(400);
const UNKNOWN_CODING = Buffer.concat([trailersOnly(STATUS.UNIMPLEMENTED, "compressed"), ACCEPT_IDENTITY]);

/** Begins the call that a request's head asks for, or refuses it as gRPC's protocol over HTTP/2 has it. */
export function beginCall(c: Connection, stream: Stream, head: RequestHead): void {
	const service = c.lane.deps.process;
	if (head.method !== POST)
		sendPlain(c, stream, METHOD_NOT_ALLOWED, head.method === HEAD ? NO_TEXT : SPEAKS_GRPC);
	else if (!head.grpc) sendPlain(c, stream, UNSUPPORTED_MEDIA_TYPE, SPEAKS_GRPC);
	// A proxy that drops `te` drops trailers, and with them every status.
	else if (!head.te) sendPlain(c, stream, BAD_REQUEST, SPEAKS_GRPC);
	else if (stream.route === 0 || (stream.route === ROUTE_PROCESS && service === undefined))
		endWithError(c, stream, STATUS.UNIMPLEMENTED, "unknown method");
	else if (head.timeoutMs < 0) endWithError(c, stream, STATUS.INTERNAL, "malformed grpc-timeout");
	else if (head.encoded) endWithBlock(c, stream, UNKNOWN_CODING);
	else if (stream.route === ROUTE_PROCESS && service !== undefined) openProcess(c, stream, service);
	if (stream.gone || stream.answered || stream.route === ROUTE_PROCESS) return;
	stream.incompleteSince = c.now;
}

/** The one message of a unary call is there, and the peer has ended its side. */
export function completeCall(c: Connection, stream: Stream, message: Buffer): void {
	stream.incompleteSince = 0;
	switch (stream.route) {
		case ROUTE_CHECK:
			runCheck(c, stream, message);
			break;
		case ROUTE_HEALTH_CHECK:
			checkHealth(c, stream, message);
			break;
		case ROUTE_HEALTH_WATCH:
			watchHealth(c, stream, message);
			break;
	}
}

/** The peer has ended its side of a stream whose messages were all taken. */
export function endOfRequest(c: Connection, stream: Stream): void {
	const { message, reader } = stream;
	if (stream.process !== undefined) {
		if (reader !== undefined && reader.prefix > 0)
			endWithError(c, stream, STATUS.INVALID_ARGUMENT, "truncated message");
		else stream.process.halfClosed();
	} else if (message !== undefined) {
		stream.message = undefined;
		completeCall(c, stream, message);
	} else if (reader !== undefined && reader.prefix > 0)
		endWithError(c, stream, STATUS.INVALID_ARGUMENT, "truncated message");
	// The specification's answer to a unary call with another number of messages than one.
	else endWithError(c, stream, STATUS.UNIMPLEMENTED, "no message");
}
