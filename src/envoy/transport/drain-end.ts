import type { InFlight } from "./in-flight.ts";
import { pause } from "./pause.ts";

const POLL_MS = 20;

/** What is left to the last answers and error statuses to leave, once nothing is under way any more. */
export const FLUSH_MS = 100;

/** Resolves with false once no call is left (connections may stay open for health watchers), with true when time is up. */
export async function idleOrExpired(calls: InFlight, deadlineMs: number): Promise<boolean> {
	for (let waited = 0; waited < deadlineMs; waited += POLL_MS) {
		await pause(Math.min(POLL_MS, deadlineMs - waited));
		if (calls.total() === 0) return false;
	}
	return true;
}
