import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openSink } from "../../../src/audit/open-sink.ts";
import { type AuditSink, PartialWriteError } from "../../../src/audit/sink.ts";
import type { DecisionRecord } from "../../../src/audit/types.ts";
import { type AuditWriterOptions, createAuditWriter } from "../../../src/audit/writer.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-audit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function record(id: string): DecisionRecord {
	return {
		type: "decision",
		time: "2026-01-01T00:00:00.000Z",
		decision_id: id,
		source: {},
		destination: {},
		caller: { authenticated: false, method: "none" },
		operation: { method: "GET", host: "h", path: "/" },
		verdict: "deny",
		reason: "policy_denied",
		rules: [],
		policy: { revision: "r", serial: 1 },
		duration_us: 1,
	};
}

function counting(): { counts: Record<string, number> } & Pick<AuditWriterOptions, "metrics" | "log"> {
	const counts: Record<string, number> = {};
	const quiet = (): void => undefined;
	return {
		counts,
		metrics: {
			auditRecords: {
				inc: (labels = {}, by = 1) => {
					const result = labels["result"] ?? "";
					counts[result] = (counts[result] ?? 0) + by;
				},
			},
			auditQueueBytes: { set: quiet },
		},
		log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
	};
}

const LIMITS = { maxQueueBytes: 1 << 20, maxLineBytes: 64 * 1024, flushMilliseconds: 1 };

/** A sink that takes nothing until it is let go. */
function stalled(): AuditSink & { release(): void; readonly chunks: string[] } {
	const chunks: string[] = [];
	let release: () => void = () => undefined;
	const gate = new Promise<void>((resolve) => {
		release = resolve;
	});
	return {
		chunks,
		release: () => release(),
		write: async (bytes) => {
			await gate;
			chunks.push(Buffer.from(bytes).toString());
		},
		close: async () => undefined,
	};
}

test("records reach the file in order, each once, and close drains what waits", async () => {
	const path = join(folder, "a.log");
	const sink = await openSink(path);
	const { counts, ...deps } = counting();
	const writer = createAuditWriter({ ...LIMITS, ...deps, sink: sink!, overflow: "deny" });
	for (let index = 0; index < 2000; index++) expect(writer.write(record(String(index)))).toBe(true);
	await writer.close();
	const ids = readFileSync(path, "utf8")
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line).decision_id);
	expect(ids).toEqual(Array.from({ length: 2000 }, (_, index) => String(index)));
	expect(counts).toEqual({ written: 2000 });
	expect(statSync(path).mode & 0o777).toBe(0o640);
});

test("a rotated file is opened anew, and an existing one is appended to", async () => {
	const path = join(folder, "b.log");
	appendFileSync(path, "before\n");
	const { counts, ...deps } = counting();
	const writer = createAuditWriter({ ...LIMITS, ...deps, sink: (await openSink(path))!, overflow: "deny" });
	writer.write(record("one"));
	await writer.flush();
	renameSync(path, `${path}.1`);
	// It is looked for every 200 ms.
	await new Promise((resolve) => setTimeout(resolve, 250));
	writer.write(record("two"));
	await writer.close();
	expect(readFileSync(`${path}.1`, "utf8")).toMatch(/^before\n\{.*"one".*\}\n$/);
	expect(readFileSync(path, "utf8")).toMatch(/^\{.*"two".*\}\n$/);
	expect(counts).toEqual({ written: 2 });
});

test("bursts of several batches go through the same few buffers", async () => {
	const buffers = new Set<ArrayBufferLike>();
	let lines = 0;
	const sink: AuditSink = {
		write: async (bytes) => {
			buffers.add(bytes.buffer);
			lines += Buffer.from(bytes).toString().split("\n").length - 1;
		},
		close: async () => undefined,
	};
	const { counts: _, ...deps } = counting();
	const writer = createAuditWriter({ ...LIMITS, ...deps, sink, overflow: "deny" });
	const each = Math.ceil((300 * 1024) / Buffer.byteLength(JSON.stringify(record("0"))));
	for (let burst = 0; burst < 20; burst++) {
		for (let at = 0; at < each; at++) writer.write(record(String(at)));
		await writer.flush();
	}
	await writer.close();
	expect(lines).toBe(20 * each);
	expect(buffers.size).toBeLessThanOrEqual(4);
});

test.each([
	["deny", false],
	["drop", true],
] as const)("a full queue under %s answers %s, and counts each record", async (overflow, answer) => {
	const sink = stalled();
	const { counts, ...deps } = counting();
	const writer = createAuditWriter({ ...LIMITS, ...deps, maxQueueBytes: 1500, sink, overflow });
	const answers = Array.from({ length: 10 }, (_, index) => writer.write(record(String(index))));
	const taken = Math.floor(1500 / Buffer.byteLength(`${JSON.stringify(record("0"))}\n`));
	expect(answers).toEqual(answers.map((_, index) => index < taken || answer));
	sink.release();
	await writer.flush();
	expect(sink.chunks.join("").trimEnd().split("\n")).toHaveLength(taken);
	expect(counts).toEqual({ written: taken, [overflow === "deny" ? "refused" : "dropped"]: 10 - taken });
	expect(writer.write(record("later"))).toBe(true);
	await writer.close();
});

test("a sink that fails for a while loses nothing and writes nothing twice", async () => {
	let failures = 2;
	let text = "";
	const sink: AuditSink = {
		write: async (bytes) => {
			if (failures-- > 0) {
				text += Buffer.from(bytes.subarray(0, 10)).toString();
				throw new PartialWriteError(10, Object.assign(new Error("full"), { code: "ENOSPC" }));
			}
			text += Buffer.from(bytes).toString();
		},
		close: async () => undefined,
	};
	const { counts, ...deps } = counting();
	const writer = createAuditWriter({ ...LIMITS, ...deps, sink, overflow: "deny" });
	writer.write(record("one"));
	writer.write(record("two"));
	await writer.flush();
	expect(
		text
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line).decision_id),
	).toEqual(["one", "two"]);
	expect(counts).toEqual({ written: 2 });
});

test("a reader that is gone for good: under deny nothing happens unrecorded, under drop it is counted", async () => {
	for (const [overflow, answer] of [
		["deny", false],
		["drop", true],
	] as const) {
		const sink: AuditSink = {
			write: async () => {
				throw new PartialWriteError(0, Object.assign(new Error("gone"), { code: "EPIPE" }));
			},
			close: async () => undefined,
		};
		const { counts, ...deps } = counting();
		const writer = createAuditWriter({ ...LIMITS, ...deps, sink, overflow });
		expect(writer.write(record("one"))).toBe(true);
		await writer.flush();
		expect(writer.write(record("two"))).toBe(answer);
		expect(counts["failed"]).toBe(1);
		await writer.close();
	}
});

test("off takes everything and writes nothing; a folder is no file", async () => {
	const { counts, ...deps } = counting();
	expect(await openSink("off")).toBeUndefined();
	const writer = createAuditWriter({ ...LIMITS, ...deps, overflow: "deny" });
	expect(writer.write(record("one"))).toBe(true);
	await writer.close();
	expect(counts).toEqual({});
	await expect(openSink(folder)).rejects.toMatchObject({ code: "audit_sink_unusable" });
});
