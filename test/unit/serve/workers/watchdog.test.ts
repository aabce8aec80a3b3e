import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "@jest/globals";
import { memoryOptions } from "../../../../src/launch/memory.ts";
import { ROOT } from "../../../support/source-tree.ts";

const watched = (lives: number): string => `
import { openSync } from "node:fs";
import { startWatchdog } from ${JSON.stringify(join(ROOT, "src/serve/workers/watchdog.ts"))};
startWatchdog({ fd: openSync("/dev/null", "w"), hangMilliseconds: 60_000, maxInputBytes: 65_536 });
setTimeout(() => process.exit(0), ${lives});`;

const folder = mkdtempSync(join(tmpdir(), "postern-watchdog-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How V8 says that a collection was asked for. */
const ASKED = /\(reduce\).*testing/;

/** Whether one is asked for, in the process or in its watchdog's thread, in so many milliseconds. */
async function isAsked(options: readonly string[], lives: number): Promise<boolean> {
	const file = join(folder, "watched.mjs");
	writeFileSync(file, watched(lives));
	const child = spawn(process.execPath, ["--no-warnings", "--trace-gc", ...options, file]);
	let [told, failed] = ["", ""];
	child.stdout.on("data", (chunk) => {
		told += chunk;
		if (ASKED.test(told)) child.kill();
	});
	child.stderr.on("data", (chunk) => {
		failed += chunk;
	});
	await once(child, "close");
	if (failed !== "") throw new Error(failed);
	return ASKED.test(told);
}

test("the watchdog's thread gives back what its start left behind, where the process may be asked to", async () => {
	const options = memoryOptions({ semiSpace: 2 }, []);
	expect(await isAsked(options, 20_000)).toBe(true);
	const without = options.filter((option) => option !== "--expose-gc");
	expect(await isAsked(without, 1500)).toBe(false);
}, 40_000);
