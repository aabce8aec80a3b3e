import { closeConnection } from "./closing.ts";
import { writeOut } from "./output.ts";
import { sendWaiting } from "./send.ts";
import type { Connection } from "./state.ts";

/** Work for a connection begins: bytes, a clock or an answer that took its time. */
export function beginTurn(c: Connection): void {
	c.now = c.lane.clock.monotonic();
	c.inTurn = true;
}

/** Everything that the work has written leaves, in one write. */
export function finishTurn(c: Connection): void {
	c.inTurn = false;
	if (c.farewell === "closed") return;
	if (c.waiting.length > 0) sendWaiting(c);
	const over = c.farewell === "final" || c.readEnded;
	if (over && c.streams.size === 0) closeConnection(c);
	else writeOut(c);
}

/** Does work for a connection that may come in the middle of another piece of work, or by itself. */
export function inTurn(c: Connection, work: () => void): void {
	if (c.inTurn) {
		work();
		return;
	}
	beginTurn(c);
	work();
	finishTurn(c);
}
