import { Buffer } from "node:buffer";
import { cursor, LENGTH, readString, readTag, skipField, WireError } from "../../protobuf/reader.ts";
import { STATUS } from "../failure-status.ts";
import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "../service-names.ts";
import { ROUTE_HEALTH_WATCH } from "./routes.ts";
import { answerUnary, endWithError, sendMessage } from "./send.ts";
import type { Connection, Lane, Stream } from "./state.ts";
import { inTurn } from "./turn.ts";

/** `HealthCheckResponse`: status = 1. */
const SERVING = Buffer.from([0x08, 1]);
const NOT_SERVING = Buffer.from([0x08, 2]);
const SERVICE_UNKNOWN = Buffer.from([0x08, 3]);

const SERVICES: ReadonlySet<string> = new Set(["", AUTHORIZATION, EXTERNAL_PROCESSOR]);

/** `HealthCheckRequest`: service = 1. @throws WireError */
function serviceOf(request: Buffer): string {
	const c = cursor(request);
	let service = "";
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === ((1 << 3) | LENGTH)) service = readString(c);
		else skipField(c, tag);
	}
	return service;
}

/** What is asked for: whether it is known; undefined for bytes that are no request. */
function isKnown(request: Buffer): boolean | undefined {
	try {
		return SERVICES.has(serviceOf(request));
	} catch (thrown) {
		if (thrown instanceof WireError) return undefined;
		throw thrown;
	}
}

function current(lane: Lane): Buffer {
	return lane.serving ? SERVING : NOT_SERVING;
}

/** `grpc.health.v1.Health/Check`. */
export function checkHealth(c: Connection, stream: Stream, request: Buffer): void {
	const known = isKnown(request);
	if (known === undefined) endWithError(c, stream, STATUS.INVALID_ARGUMENT, "no health check request");
	else if (!known) endWithError(c, stream, STATUS.NOT_FOUND, "unknown service");
	else answerUnary(c, stream, current(c.lane));
}

/** `grpc.health.v1.Health/Watch`: says how things stand now, and whenever that changes. */
export function watchHealth(c: Connection, stream: Stream, request: Buffer): void {
	const known = isKnown(request);
	if (known === undefined) {
		endWithError(c, stream, STATUS.INVALID_ARGUMENT, "no health check request");
		return;
	}
	sendMessage(c, stream, known ? current(c.lane) : SERVICE_UNKNOWN);
	if (known) c.lane.watchers.add(stream);
}

/** Tells everybody who watches. */
export function setServing(lane: Lane, serving: boolean): void {
	if (lane.serving === serving) return;
	lane.serving = serving;
	for (const stream of lane.watchers) {
		inTurn(stream.connection, () => sendMessage(stream.connection, stream, current(lane)));
	}
}

/** Ends every watch: whoever watches asks the next replica. */
export function endWatches(c: Connection): void {
	for (const stream of c.streams.all()) {
		if (stream.route === ROUTE_HEALTH_WATCH && !stream.answered)
			endWithError(c, stream, STATUS.UNAVAILABLE, "draining");
	}
}
