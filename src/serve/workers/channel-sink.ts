import { Socket } from "node:net";
import type { AuditSink } from "../../audit/sink.ts";

/**
 * Audit lines on their way to the supervisor, which writes those of all workers to its standard output. A supervisor
 * that is slow is felt here as a full pipe, and then by whatever `audit.overflow` says.
 */
export function openChannelSink(fd: number): AuditSink {
	const socket = new Socket({ fd, readable: false, writable: true });
	// Each write tells its own failure.
	socket.on("error", () => undefined);
	return {
		write: (bytes) =>
			new Promise((resolve, reject) => {
				socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
			}),
		close: () => new Promise((resolve) => socket.end(resolve)),
	};
}
