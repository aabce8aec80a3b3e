import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOCK, TOOLS } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

const WAIT_LIMIT_MS = 20 * 60_000;
const POLL_MS = 300;

/** @param {number} pid */
function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === "EPERM";
	}
}

function holder() {
	try {
		return Number.parseInt(readFileSync(LOCK, "utf8"), 10);
	} catch {
		return undefined;
	}
}

/**
 * Takes away the lock of a process that is gone. The rename decides between two who try: only one of them gets the
 * file, and one that turns out to be somebody's fresh lock is put back.
 *
 * @param {number} dead
 */
function removeStale(dead) {
	const aside = join(TOOLS, `setup.lock.stale-${process.pid}`);
	try {
		renameSync(LOCK, aside);
		if (Number.parseInt(readFileSync(aside, "utf8"), 10) !== dead) {
			linkSync(aside, LOCK);
		}
	} catch {
		// Somebody else was faster.
	}
	rmSync(aside, { force: true });
}

/**
 * Waits until no other set-up of this checkout runs.
 *
 * @param {(pid: number) => void} onWait called once when there is one to wait for
 * @param {AbortSignal} signal
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(onWait, signal) {
	mkdirSync(TOOLS, { recursive: true });
	const mine = join(TOOLS, `setup.lock.${process.pid}`);
	writeFileSync(mine, `${process.pid}\n`);
	let told = false;
	const until = Date.now() + WAIT_LIMIT_MS;
	try {
		for (;;) {
			try {
				// A hard link appears whole, with its content, or not at all.
				linkSync(mine, LOCK);
				return () => rmSync(LOCK, { force: true });
			} catch (error) {
				if (error.code !== "EEXIST") {
					throw error;
				}
			}
			const pid = holder();
			if (pid !== undefined && !isAlive(pid)) {
				removeStale(pid);
				continue;
			}
			if (pid !== undefined && !told) {
				told = true;
				onWait(pid);
			}
			if (Date.now() > until) {
				throw new SetupError([
					`another set-up (process ${pid}) does not finish. If it hangs, end it and try again.`,
				]);
			}
			await sleep(POLL_MS, undefined, { signal });
		}
	} finally {
		rmSync(mine, { force: true });
	}
}
