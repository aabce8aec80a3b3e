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
/**
 * It takes what it reads first: where two frames of a case are read apart, the answer to the first is there before the
 * second was judged. What is wrong is wrong each time.
 */
const RUNS = 3;

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

interface Report {
	readonly passed: number;
	readonly failed: readonly string[];
	/** What it says of itself. */
	readonly said: string;
}

async function runSpec(): Promise<Report> {
	const report = join(folder, "report.xml");
	const port = lane.address.slice(lane.address.lastIndexOf(":") + 1);
	const address = ["--host", "127.0.0.1", "--port", port];
	const argv = [...address, "--strict", "--timeout", "5", "--junit-report", report];
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
	const failed = cases.filter(({ good }) => !good).map(({ name }) => name);
	process.stdout.write(`h2spec: ${cases.length - failed.length} passed, ${failed.length} failed\n`);
	return { passed: cases.length - failed.length, failed, said };
}

test("h2spec finds nothing, in any of its cases", async () => {
	let report = await runSpec();
	let wrong = report.failed;
	for (let run = 1; run < RUNS && report.failed.length > 0; run++) {
		report = await runSpec();
		wrong = wrong.filter((name) => report.failed.includes(name));
	}
	expect(wrong).toEqual([]);
	expect(report.passed + report.failed.length).toBe(CASES);
	expect(report.said).toContain(`${CASES} tests, ${report.passed} passed, 0 skipped`);
	// It breaks the rules on purpose: the connections that did so were ended for that, and nothing failed here.
	expect(lane.log.lines.filter(({ level }) => level === "error")).toEqual([]);
}, 180_000);
