import { spend } from "./budget.ts";
import { overLimit } from "./closing.ts";
import { ERROR, type ErrorName } from "./error-codes.ts";
import { writeReset } from "./output.ts";
import type { Connection, Stream } from "./state.ts";
import { forgetStream, noteEnded } from "./streams.ts";

/**
 * A stream that ends by a reset did work that nobody takes. Whether the peer resets it (CVE-2023-44487) or makes us do so
 * (CVE-2025-8671), so many of them and no more. @throws ConnectionError
 */
export function spendReset(c: Connection): void {
	if (spend(c.resets, 1, c.now)) return;
	throw overLimit("lane.max_resets_per_second", "too many streams ended by a reset");
}

/** A frame that does no work for the peer: so many of them and no more. @throws ConnectionError */
export function spendControl(c: Connection): void {
	if (spend(c.controls, 1, c.now)) return;
	throw overLimit("lane.max_control_frames_per_second", "too many frames that carry nothing");
}

/** Ends a stream that has not been opened, or one that has. @throws ConnectionError */
export function refuseStream(c: Connection, id: number, code: ErrorName): void {
	spendReset(c);
	writeReset(c, id, ERROR[code]);
	noteEnded(c, id, true);
}

/** @throws ConnectionError */
export function resetStream(c: Connection, stream: Stream, code: ErrorName): void {
	spendReset(c);
	writeReset(c, stream.id, ERROR[code]);
	forgetStream(c, stream, true);
}
