import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** A socket in memory: what is written goes to `take`, and whether it has left is for the test to say. */
export interface FakeSocket extends EventEmitter {
	/** What `write` leaves lying, from now on. */
	slow: boolean;
	readonly writableLength: number;
	readonly paused: boolean;
	readonly ended: boolean;
	readonly destroyed: boolean;
	/** Everything that lay there has left. */
	drain(): void;
	destroy(): void;
	asSocket(): Socket;
}

export function createFakeSocket(take: (bytes: Buffer) => void): FakeSocket {
	const emitter = new EventEmitter();
	const socket = Object.assign(emitter, {
		slow: false,
		writableLength: 0,
		paused: false,
		ended: false,
		destroyed: false,
		setNoDelay() {},
		write(bytes: Buffer): boolean {
			// The writer may use its buffer again as soon as nothing of it lies here.
			take(Buffer.from(bytes));
			if (socket.slow) socket.writableLength += bytes.length;
			return !socket.slow;
		},
		drain() {
			socket.writableLength = 0;
			emitter.emit("drain");
		},
		pause() {
			socket.paused = true;
		},
		resume() {
			socket.paused = false;
		},
		end() {
			socket.ended = true;
		},
		destroy() {
			if (socket.destroyed) return;
			socket.destroyed = true;
			emitter.emit("close");
		},
		asSocket: (): Socket => emitter as unknown as Socket,
	});
	return socket;
}
