import type { Coding } from "./content-coding.ts";
import { UNFOLDINGS } from "./unfold.ts";

export interface StreamLimits {
	/** What one piece may unfold to, bytes. */
	readonly maxPieceBytes: number;
	/** Output over input of all pieces so far. */
	readonly maxRatio: number;
	/** Below this many output bytes the ratio is not looked at. */
	readonly freeBytes: number;
}

/** One body that is decoded as it comes. */
export interface DecodeStream {
	/**
	 * Undoes one piece; `last`: nothing follows it. What it gives goes to `take` bit by bit, before the promise
	 * resolves; nothing is kept here. One piece at a time. Never rejects; after a failure every call fails.
	 */
	write(
		piece: Uint8Array,
		last: boolean,
		take: (bytes: Uint8Array) => void,
	): Promise<"too_large" | "malformed" | undefined>;
	/** Lets go of everything; to be called when no more is written, however the body ended. */
	close(): void;
}

/** Undoes `coding` piece by piece; memory is bounded by the coding's window, not by the body. */
export function openDecodeStream(coding: Coding, limits: StreamLimits, onClose: () => void): DecodeStream {
	const engine = UNFOLDINGS[coding].open();
	let read = 0;
	let given = 0;
	let ofPiece = 0;
	let failure: "too_large" | "malformed" | undefined;
	let take: ((bytes: Uint8Array) => void) | undefined;
	let settle: (() => void) | undefined;
	let ended = false;
	let closed = false;

	function fail(why: "too_large" | "malformed"): void {
		failure ??= why;
		engine.destroy();
		settle?.();
	}
	engine.on("data", (bytes: Buffer) => {
		if (failure !== undefined) return;
		given += bytes.length;
		ofPiece += bytes.length;
		const over = given > limits.freeBytes && given > read * limits.maxRatio;
		if (over || ofPiece > limits.maxPieceBytes) fail("too_large");
		else take?.(bytes);
	});
	engine.on("end", () => {
		ended = true;
		settle?.();
	});
	engine.on("error", () => fail("malformed"));

	/** Resolves when `begin` has called back, or the engine has failed or ended by itself. */
	function step(begin: (done: () => void) => void): Promise<void> {
		return new Promise((resolve) => {
			settle = resolve;
			begin(resolve);
		});
	}

	return {
		async write(piece, last, next) {
			if (failure !== undefined) return failure;
			take = next;
			ofPiece = 0;
			read += piece.length;
			if (piece.length > 0) await step((done) => engine.write(piece, () => done()));
			// An empty body has no coding (RFC 9110, 8.4): a server may announce one for what it did not send.
			if (last && read === 0) return undefined;
			if (last && failure === undefined && !ended) await step(() => engine.end());
			// Whatever stands behind the end was never read: it is no part of what the coding says.
			if (failure === undefined && (ended || last) && engine.bytesWritten !== read) fail("malformed");
			take = undefined;
			return failure;
		},
		close() {
			if (closed) return;
			closed = true;
			failure ??= "malformed";
			engine.destroy();
			onClose();
		},
	};
}
