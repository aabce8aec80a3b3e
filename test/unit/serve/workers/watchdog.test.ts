import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "@jest/globals";
import { memoryOptions } from "../../../../src/launch/memory.ts";
import { ROOT } from "../../../support/source-tree.ts";

const WATCHED = `
import { openSync } from "node:fs";
import { startWatchdog } from ${JSON.stringify(join(ROOT, "src/serve/workers/watchdog.ts"))};
startWatchdog({ fd: openSync("/dev/null", "w"), hangMilliseconds: 60_000, maxInputBytes: 65_536 });
setTimeout(() => process.exit(0), 1500);`;

const folder = mkdtempSync(join(tmpdir(), "postern-watchdog-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How V8 says that a collection was asked for. */
const ASKED = /\(reduce\).*testing/;

/** Collections as V8 tells them, in the process and in its watchdog's thread. */
function collections(options: readonly string[]): string {
	const file = join(folder, "watched.mjs");
	writeFileSync(file, WATCHED);
	const argv = ["--no-warnings", "--trace-gc", ...options, file];
	const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
	if (stderr !== "") throw new Error(stderr);
	return stdout;
}

test("the watchdog's thread gives back what its start left behind, where the process may be asked to", () => {
	const options = memoryOptions({ semiSpace: 2 }, []);
	expect(collections(options)).toMatch(ASKED);
	expect(collections(options.filter((option) => option !== "--expose-gc"))).not.toMatch(ASKED);
});
