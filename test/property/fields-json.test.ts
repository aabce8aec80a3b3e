import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DECISION_PLAN, PLAIN_PLAN } from "../../src/fields/plan.ts";
import { chunkSizes, directive, jsonText, maskRule, selector } from "../support/mask-arbitrary.ts";
import { mask, maskWith, planOf } from "../support/mask-body.ts";
import { applyDirective, lex } from "../support/mask-oracle.ts";
import { flatReport, sortedReport } from "../support/report-counts.ts";
import { runs } from "../support/runs.ts";

const SEED = 20_260_801;
const RUNS = { seed: SEED, numRuns: runs(1500) };

describe("a JSON body under a directive", () => {
	test("is what parsing it and applying the directive gives, for every chunking", () => {
		fc.assert(
			fc.property(
				jsonText,
				directive,
				chunkSizes,
				fc.constantFrom("", "ada"),
				(body, rules, chunks, consumer) => {
					const expected = applyDirective(rules, body, consumer);
					const masked = mask({ directive: rules, body, chunks, consumer });
					expect(masked.refusal).toBeUndefined();
					const got = lex(masked.text);
					expect(got.tokens).toEqual(expected.tokens);
					for (const [i, gap] of expected.gaps.entries()) if (gap !== null) expect(got.gaps[i]).toBe(gap);
					expect(sortedReport(flatReport(masked.report))).toEqual(sortedReport(expected.report));
				},
			),
			RUNS,
		);
	});

	test("keeps every byte when nothing is named", () => {
		fc.assert(
			fc.property(jsonText, chunkSizes, (body, chunks) => {
				for (const rules of [
					{},
					{ release: ["$"] },
					{ release: ["$..*", "$"], withhold: ["$['no such name']"] },
				]) {
					expect(mask({ directive: rules, body, chunks }).text).toBe(body);
				}
			}),
			{ ...RUNS, numRuns: 400 },
		);
	});

	test("comes out the same when the plan has no room and when it served others before", () => {
		fc.assert(
			fc.property(
				fc.array(jsonText, { minLength: 2, maxLength: 4 }),
				directive,
				chunkSizes,
				(bodies, rules, chunks) => {
					const narrow = { ...PLAIN_PLAN, tree: { nodes: 2, nameBytes: 3 }, states: 2 };
					const used = planOf(rules);
					for (const body of bodies) {
						const fresh = mask({ directive: rules, body });
						for (const other of [
							mask({ directive: rules, body, chunks, options: narrow }),
							maskWith(used, { body, chunks }),
						]) {
							expect(other.text).toBe(fresh.text);
							expect(other.report).toEqual(fresh.report);
						}
					}
				},
			),
			{ ...RUNS, numRuns: 400 },
		);
	});

	test("never releases more for one more rule that masks or withholds", () => {
		const more = fc.oneof(
			selector.map((withhold) => ({ withhold: [withhold] })),
			maskRule.map((rule) => ({ mask: [rule] })),
		);
		fc.assert(
			fc.property(jsonText, directive, more, (body, rules, added) => {
				const wider = {
					...rules,
					mask: [...(rules.mask ?? []), ...("mask" in added ? added.mask : [])],
					withhold: [...(rules.withhold ?? []), ...("withhold" in added ? added.withhold : [])],
				};
				// Names are written as they are, or a rule that names one would change how it is reported.
				for (const options of [PLAIN_PLAN, { ...DECISION_PLAN, paths: PLAIN_PLAN.paths }]) {
					const before = mask({ directive: rules, body, options, consumer: "ada" }).report;
					const after = mask({ directive: wider, body, options, consumer: "ada" }).report;
					const had = new Map(before.released.map(({ path, count }) => [path, count]));
					for (const { path, count } of after.released) expect(count).toBeLessThanOrEqual(had.get(path) ?? 0);
				}
			}),
			RUNS,
		);
	});

	test("that was damaged is refused or is still JSON, with the same outcome for every chunking", () => {
		fc.assert(
			fc.property(
				jsonText,
				directive,
				chunkSizes,
				fc.nat(),
				fc.nat(255),
				fc.constantFrom("set", "insert", "cut"),
				(text, rules, chunks, where, byte, how) => {
					const body = Buffer.from(text);
					const at = where % (body.length + 1);
					const tail = body.subarray(how === "set" ? at + 1 : at);
					const damaged =
						how === "cut"
							? body.subarray(0, at)
							: Buffer.concat([body.subarray(0, at), Buffer.of(byte), tail]);
					const whole = mask({ directive: rules, body: damaged });
					const cut = mask({ directive: rules, body: damaged, chunks });
					expect(cut.refusal).toBe(whole.refusal);
					expect(cut.text).toBe(whole.text);
					const valid = isJson(damaged);
					expect(whole.refusal === undefined).toBe(valid);
					if (valid) expect(isJson(whole.bytes)).toBe(true);
				},
			),
			RUNS,
		);
	});
});

/** What JSON.parse takes in strict UTF-8 without a byte order mark. */
function isJson(bytes: Uint8Array): boolean {
	try {
		JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
		return true;
	} catch {
		return false;
	}
}
