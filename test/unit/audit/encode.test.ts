import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createLineEncoder } from "../../../src/audit/encode.ts";
import type { AuditRecord, DecisionRecord, ReleaseRecord } from "../../../src/audit/types.ts";
import type { FieldReport } from "../../../src/fields/types.ts";

const LIMIT = 64 * 1024;
const encode = createLineEncoder(LIMIT);

/** A line as text, for the next one takes the place of its bytes. */
function encodeLine(record: AuditRecord): {
	readonly line: string;
	readonly bytes: number;
	readonly cut: boolean;
} {
	const { buffer, length, cut } = encode(record);
	return { line: buffer.toString("utf8", 0, length), bytes: length, cut };
}

const decision: DecisionRecord = {
	type: "decision",
	time: "2026-01-01T00:00:00.000Z",
	decision_id: "d",
	source: {},
	destination: {},
	caller: { authenticated: false, method: "none" },
	operation: { method: "GET", host: "h", path: "/" },
	verdict: "allow",
	reason: "allowed",
	rules: [],
	policy: { revision: "r", serial: 1 },
	duration_us: 1,
};

function release(fields: FieldReport): ReleaseRecord {
	return {
		type: "release",
		time: decision.time,
		direction: "response",
		status: 200,
		outcome: "released",
		fields,
	};
}

test("a record is one line of JSON, whatever its texts hold", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			const record = { ...decision, operation: { method: text, host: text, path: text } };
			const { line, bytes, cut } = encodeLine(record);
			expect(cut).toBe(false);
			expect(line.indexOf("\n")).toBe(line.length - 1);
			expect(bytes).toBe(Buffer.byteLength(line));
			expect(JSON.parse(line)).toEqual(record);
		}),
	);
});

test("a report over the limit loses entries, keeps exact counts and says so", () => {
	const released = Array.from({ length: 3000 }, (_, index) => ({
		path: `$.field_${index}.with_a_long_name`,
		count: index,
	}));
	const fields: FieldReport = {
		released,
		masked: [],
		withheld: [{ path: "$.x", count: 5 }],
		unknown: [],
		detected: [],
		truncated: false,
	};
	const { line, bytes, cut } = encodeLine(release(fields));
	const record = JSON.parse(line);
	expect(cut).toBe(true);
	expect(bytes).toBeLessThanOrEqual(LIMIT);
	expect(record.truncated).toBe(true);
	expect(record.totals).toEqual({
		released: (2999 * 3000) / 2,
		masked: 0,
		withheld: 5,
		unknown: 0,
		detected: 0,
	});
	expect(record.fields.released.length).toBeGreaterThan(100);
});

test("obligations go first, then the tails of texts; the id stays", () => {
	const large = { ...decision, obligations: { note: "x".repeat(LIMIT) } };
	const first = JSON.parse(encodeLine(large).line);
	expect(first).toEqual({ ...decision, truncated: true });
	const longer = { ...decision, rules: Array(9999).fill("r".repeat(64)), reason: "y".repeat(LIMIT) };
	const encoded = encodeLine(longer);
	expect(encoded.bytes).toBeLessThanOrEqual(LIMIT);
	expect(JSON.parse(encoded.line)).toMatchObject({ decision_id: "d", truncated: true, verdict: "allow" });
});

test("what JSON cannot hold never throws", () => {
	const cycle: Record<string, unknown> = {};
	cycle["self"] = cycle;
	for (const value of [
		cycle,
		1n,
		{
			toJSON: () => {
				throw new Error("no");
			},
		},
	]) {
		const record = { ...decision, obligations: value } as unknown as DecisionRecord;
		expect(JSON.parse(encodeLine(record).line)).toMatchObject({ type: "decision", truncated: true });
	}
});
