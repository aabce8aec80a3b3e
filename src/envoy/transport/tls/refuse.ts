import { createServer, type Http2Server } from "node:http2";
import type { Duplex } from "node:stream";
import { STATUS } from "../failure-status.ts";

/** How long a refused caller may keep its connection. */
const PATIENCE_MS = 2000;

/**
 * Answers whatever a caller that is not listed asks first with PERMISSION_DENIED, and nothing else: none of its bytes
 * reaches a service.
 */
export function createRefusal(): { refuse(socket: Duplex): void } {
	const server: Http2Server = createServer({
		settings: { maxConcurrentStreams: 1 },
		maxSessionMemory: 1,
		maxSessionInvalidFrames: 10,
	});
	server.on("session", (session) => {
		session.on("error", () => undefined);
		session.once("stream", () => session.close());
	});
	server.on("stream", (stream) => {
		stream.on("error", () => undefined);
		stream.respond(
			{
				":status": 200,
				"content-type": "application/grpc",
				"grpc-status": String(STATUS.PERMISSION_DENIED),
				"grpc-message": "not allowed",
			},
			{ endStream: true },
		);
	});
	return {
		refuse(socket) {
			const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
			late.unref();
			socket.once("close", () => clearTimeout(late));
			server.emit("connection", socket);
		},
	};
}
