import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ROOT } from "../support/source-tree.ts";

let checkout: string;

beforeEach(() => {
	checkout = mkdtempSync(join(tmpdir(), "postern-full-"));
	cpSync(join(ROOT, "scripts"), join(checkout, "scripts"), { recursive: true });
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

/** Runs `test:full` in a checkout with these scripts: what it printed last, its table, and its exit code. */
function fullRun(scripts: Readonly<Record<string, string>>, ...args: readonly string[]) {
	writeFileSync(join(checkout, "package.json"), JSON.stringify({ scripts }));
	const main = join(checkout, "scripts", "test-full.mjs");
	const { status, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
	const lines = stdout.trimEnd().split("\n");
	const rows = lines.slice(lines.findIndex((line) => line.startsWith("==== full run")) + 1, -2);
	return {
		status,
		last: lines.at(-1),
		rows: rows.map((row) =>
			row
				.trim()
				.replace(/ +/g, " ")
				.replace(/ \(\d+ s\)$/, ""),
		),
		stdout,
	};
}

const TESTS = 'echo "size $POSTERN_TEST_SIZE"; echo "40 passed, 0 failed, 2 skipped"';

test("a full run is all tests in full, then every other script for tests, each with its time", () => {
	const run = fullRun({
		test: TESTS,
		"test:full": "exit 1",
		"test:counted": 'echo "5 passed, 0 failed"',
		"test:uncounted": "echo done",
		bench: "exit 1",
	});
	expect(run.stdout).toContain("size full\n");
	expect(run.rows).toEqual([
		"test 40 passed, 0 failed, 2 skipped",
		"test:counted 5 passed, 0 failed",
		"test:uncounted 1 passed, 0 failed",
	]);
	mkdirSync(join(checkout, ".run"));
	const file = (name: string, ms: number) => ({ name: join(checkout, name), startTime: 5, endTime: 5 + ms });
	const testResults = [
		file("test/a.test.ts", 1000),
		file("test/b/c/d.test.ts", 2000),
		file("test/b/e.test.ts", 3000),
	];
	writeFileSync(join(checkout, ".run", "jest.json"), JSON.stringify({ testResults }));
	expect(fullRun({ test: TESTS }).rows.slice(1)).toEqual(["test 1 s", "test/b 5 s"]);
	expect([run.last, run.status]).toEqual(["46 passed, 0 failed, 2 skipped", 0]);
});

test.each([
	["counts failures", 'echo "5 passed, 2 failed"; exit 1', "45 passed, 2 failed"],
	["fails, and counts none", 'echo "5 passed, 0 failed"; exit 1', "45 passed, 1 failed"],
	["counts failures, and does not fail", 'echo "5 passed, 2 failed"', "45 passed, 2 failed"],
	["dies before it counts", "exit 1", "40 passed, 1 failed"],
])("a script that %s fails the full run", (_name, script, last) => {
	const run = fullRun({ test: 'echo "40 passed, 0 failed"', "test:bad": script });
	expect([run.last, run.status]).toEqual([last, 1]);
});

test("a script that the machine cannot run is skipped, and counted so; nothing else makes it skipped", () => {
	const run = fullRun({ test: 'echo "40 passed, 0 failed"', "test:absent": "exit 3" });
	expect([run.last, run.status]).toEqual(["40 passed, 0 failed, 1 skipped", 0]);
	expect(fullRun({ test: "exit 3" }).status).toBe(1);
});

test("with a pattern only tests run", () => {
	const run = fullRun({ test: 'echo "1 passed, 0 failed" #', "test:other": "exit 1" }, "test/x");
	expect(run.rows).toHaveLength(1);
	expect(run.status).toBe(0);
});
