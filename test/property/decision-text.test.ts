import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { writeDecision } from "../../src/audit/decision-text.ts";
import type { DecisionRecord } from "../../src/audit/types.ts";
import { createJsonOut, reset, whole, written } from "../../src/lib/json-out.ts";
import { times } from "../support/test-size.ts";

const text = fc.oneof(
	fc.string({ maxLength: 12 }),
	fc.string({ maxLength: 12, unit: "binary" }),
	fc.integer({ min: 100, max: 300 }).map((length) => "x".repeat(length)),
	fc.constantFrom('"', "\\", "\u007f", "\ud800", "é", "\u2028", "\n", ""),
);
const peer = fc.record({ address: text, principal: text }, { requiredKeys: [] });

/** Its keys in the order in which they are written. */
const record: fc.Arbitrary<DecisionRecord> = fc
	.record(
		{
			type: fc.constant("decision" as const),
			time: text,
			decision_id: text,
			trace_id: text,
			span_id: text,
			source: peer,
			destination: peer,
			caller: fc.record(
				{ authenticated: fc.boolean(), method: text, id: text, issuer: text },
				{ requiredKeys: ["authenticated", "method"] },
			),
			operation: fc.record({ method: text, host: text, path: text }),
			verdict: fc.constantFrom("allow" as const, "deny" as const),
			reason: text,
			policy_reason: text,
			rules: fc.array(text, { maxLength: 4 }),
			policy: fc.record({
				revision: text,
				serial: fc.oneof(fc.nat(), fc.constantFrom(Number.NaN, -0, 1e21)),
			}),
			status: fc.nat(),
			released: fc.constantFrom("whole" as const, "fields" as const),
			dry_run: fc.constant(true as const),
			obligations: fc.dictionary(text, fc.jsonValue()) as fc.Arbitrary<
				NonNullable<DecisionRecord["obligations"]>
			>,
			duration_us: fc.oneof(fc.nat(), fc.double()),
		},
		{
			requiredKeys: [
				"type",
				"time",
				"decision_id",
				"source",
				"destination",
				"caller",
				"operation",
				"verdict",
				"reason",
				"rules",
				"policy",
				"duration_us",
			],
		},
	)
	.map((given) => given as DecisionRecord);

test("a decision's record is the text that JSON.stringify makes of it", () => {
	const out = createJsonOut(1 << 20);
	fc.assert(
		fc.property(record, (given) => {
			reset(out);
			writeDecision(out, given);
			expect(written(out).toString("utf8")).toBe(JSON.stringify(given));
		}),
		{ numRuns: times(2000, 40_000) },
	);
});

test("and so is each of many, some of whose parts are those of the one before", () => {
	const out = createJsonOut(1 << 20);
	const [first, second] = [
		fc.sample(record, { numRuns: 1, seed: 1 }),
		fc.sample(record, { numRuns: 1, seed: 2 }),
	];
	const parts = [...first, ...second] as readonly DecisionRecord[];
	fc.assert(
		fc.property(record, fc.array(fc.array(fc.nat(2), { minLength: 3, maxLength: 3 })), (given, choices) => {
			for (const [destination = 0, caller = 0, policy = 0] of choices) {
				const each = {
					...given,
					destination: (parts[destination] ?? given).destination,
					caller: (parts[caller] ?? given).caller,
					policy: (parts[policy] ?? given).policy,
				};
				reset(out);
				writeDecision(out, each);
				expect(written(out).toString("utf8")).toBe(JSON.stringify(each));
			}
		}),
	);
});

test("whole numbers are written as JSON has them, and others are left to whoever asked", () => {
	const out = createJsonOut(1 << 10);
	const edges = [0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, -0, -1, 0.5, Number.NaN, 1e300];
	fc.assert(
		fc.property(fc.oneof(fc.nat(1_000_000_000), fc.double(), fc.constantFrom(...edges)), (value) => {
			reset(out);
			const isWhole = Number.isInteger(value) && value >= 0 && value < 1e9 && !Object.is(value, -0);
			expect(whole(out, value)).toBe(isWhole);
			expect(written(out).toString()).toBe(isWhole ? String(value) : "");
		}),
	);
});
