import { writeSync } from "node:fs";
import process from "node:process";
import { workerData } from "node:worker_threads";
import { releaseStartGarbage } from "../../lib/start-garbage.ts";
import { CELL, viewNotes } from "./shared-notes.ts";
import type { WatchdogOrder } from "./watchdog.ts";
import { createWatching, LOOKS } from "./watching.ts";

/** Looks after which a main thread that does not see that the supervisor is gone is ended from here. */
const ORPHANED_LOOKS = 8 * LOOKS;

const { memory, fd, hangMilliseconds } = workerData as WatchdogOrder;
const views = viewNotes(memory);
const look = createWatching(views, hangMilliseconds, () => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
});
let orphaned = 0;

// From here on too little is allocated to have it collected.
releaseStartGarbage();

while (Atomics.wait(views.cells, CELL.stop, 0, hangMilliseconds / LOOKS) === "timed-out") {
	const said = look();
	try {
		writeSync(fd, said.map((each) => `${JSON.stringify(each)}\n`).join(""));
	} catch {
		// Nobody reads any more. A main thread that lives ends by itself; one that hangs would stay for ever.
		const still = said.some(({ type }) => type === "hung");
		if (still || ++orphaned > ORPHANED_LOOKS) process.kill(process.pid, "SIGKILL");
	}
}
