import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type LaneFixture, startLaneFixture } from "../support/lane/lane-fixture.ts";

/** As many cases as h2spec 2.2.1 has, strict ones included. */
const CASES = 146;

let lane: LaneFixture;
let folder = "";
beforeAll(async () => {
	lane = await startLaneFixture();
	folder = mkdtempSync(join(tmpdir(), "postern-h2spec-"));
});
afterAll(async () => {
	await lane.stop();
	rmSync(folder, { recursive: true, force: true });
});

test("h2spec finds nothing, in any of its cases", async () => {
	const report = join(folder, "report.xml");
	const port = lane.address.slice(lane.address.lastIndexOf(":") + 1);
	const argv = [
		"--host",
		"127.0.0.1",
		"--port",
		port,
		"--strict",
		"--timeout",
		"5",
		"--junit-report",
		report,
	];
	const child = spawn("h2spec", argv, { stdio: ["ignore", "pipe", "inherit"] });
	let said = "";
	child.stdout.on("data", (text: Buffer) => {
		said += text.toString();
	});
	await once(child, "close");
	const cases = readFileSync(report, "utf8")
		.split("<testcase ")
		.slice(1)
		.map((text) => ({
			name: `${/package="([^"]*)"/.exec(text)?.[1]}: ${/classname="([^"]*)"/.exec(text)?.[1]}`,
			good: !/<(?:failure|error|skipped)\b/.test(text),
		}));
	const passed = cases.filter(({ good }) => good).length;
	process.stdout.write(`h2spec: ${passed} passed, ${cases.length - passed} failed\n`);
	expect(cases.filter(({ good }) => !good).map(({ name }) => name)).toEqual([]);
	expect(passed).toBe(CASES);
	expect(said).toContain(`${CASES} tests, ${CASES} passed, 0 skipped, 0 failed`);
	// It breaks the rules on purpose: the connections that did so were ended for that, and nothing failed here.
	expect(lane.log.lines.filter(({ level }) => level === "error")).toEqual([]);
}, 180_000);
