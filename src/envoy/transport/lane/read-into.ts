import { Socket, type SocketConstructorOpts } from "node:net";

/** Takes bytes that came; they are overwritten once it has returned. */
export type TakeBytes = (bytes: Buffer) => void;

/** What a server hands over under `pauseOnConnect`: nobody reads from its handle yet. */
interface Accepted {
	_handle?: unknown;
}

/**
 * A socket in the place of one that a server has accepted, paused, which reads into `buffer` over and over. By itself Node
 * makes a new buffer for every read, and those that a collection finds in use count until the whole heap is collected.
 * `onread` is documented for sockets that one makes oneself, so the handle moves to one of those; should a
 * release keep its handles somewhere else, the accepted socket is read as usual.
 */
export function readInto(accepted: Socket, buffer: Buffer, take: TakeBytes): Socket {
	const { _handle: handle } = accepted as unknown as Accepted;
	if (typeof handle !== "object" || handle === null) {
		accepted.on("data", take);
		accepted.resume();
		return accepted;
	}
	// Its type knows no handles of accepted sockets.
	const options: object = {
		handle,
		allowHalfOpen: accepted.allowHalfOpen,
		onread: {
			buffer,
			callback: (length: number) => {
				take(buffer.subarray(0, length));
				return true;
			},
		},
	};
	const socket = new Socket(options as SocketConstructorOpts);
	(accepted as unknown as Accepted)._handle = null;
	// The server counts the one that it has accepted.
	socket.once("close", () => accepted.destroy());
	return socket;
}
