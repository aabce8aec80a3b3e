import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import { inputOf, policyOf } from "../../../support/policy.ts";

describe("uuid.parse", () => {
	test("reads what Go's reads", async () => {
		const uuid = "c2fc67c2-47f2-11ee-b67a-9f3619c7493f";
		const texts = [
			uuid,
			uuid.toUpperCase(),
			uuid.replaceAll("-", ""),
			`{${uuid}}`,
			`(${uuid}]`,
			`urn:uuid:${uuid}`,
			`URN:UUID:${uuid}`,
			`urn:uuiX:${uuid}`,
			`x${uuid}`,
			`é${uuid}`,
			`${uuid}é`,
			"000003e8-48b9-21ee-b200-325096b39f47",
			"000003e8-48b9-21ee-b201-325096b39f47",
			"000003e8-48b9-21ee-b202-325096b39f47",
			"000003e8-48b9-21ee-b203-325096b39f47",
			"6bea8ef2-d3d3-3cd1-84e0-9bab06a52ece",
			"00000000-0000-fcd1-f4e0-9bab06a52ece",
			"00000000-0000-0000-0000-000000000000",
			"ffffffff-ffff-1fff-ffff-ffffffffffff",
			"c2fc67c2-47f2-61ee-b67a-9f3619c7493f",
			"c2fc67c2-47f2-71ee-b67a-9f3619c7493f",
			"c2fc67c2-47f2-11ee-d67a-9f3619c7493f",
			"",
			"x",
			uuid.replace("c", "g"),
			uuid.replace("-", "_"),
			`${uuid.slice(0, 34)}é`,
		];
		expect(await differences([...texts, 1, null].map((text): Call => ["uuid.parse", [text]]))).toEqual([]);
	});

	test("reads random ones as Go does", async () => {
		const random = fc.sample(
			fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[12][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
			{ numRuns: 500, seed: 2 },
		);
		expect(await differences(random.map((text): Call => ["uuid.parse", [text]]))).toEqual([]);
	});
});

describe("what is random", () => {
	test("is the same for the same key within one evaluation, and new in the next", async () => {
		const policy = await policyOf(`package envoy.authz

allow := {
	"a": uuid.rfc4122("a"),
	"a again": uuid.rfc4122(input.a),
	"b": uuid.rfc4122("b"),
	"number": rand.intn("a", 1000000000),
	"number again": rand.intn(input.a, -1000000000),
	"other": rand.intn("b", 1000000000),
	"none": rand.intn("a", 0),
	"one": rand.intn("a", 1),
	"largest": rand.intn("a", 9223372036854775807) >= 0,
	"wrong": [x | some n in [1.5, "1", null]; x := rand.intn("a", n)],
}
`);
		const evaluate = (): Record<string, unknown> => {
			const outcome = policy.evaluate("envoy/authz/allow", inputOf({ a: "a" }));
			if (outcome.kind !== "value") throw new Error(JSON.stringify(outcome));
			return outcome.value as Record<string, unknown>;
		};
		const first = evaluate();
		const second = evaluate();
		expect(first["a"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(first["a again"]).toBe(first["a"]);
		expect(first["b"]).not.toBe(first["a"]);
		expect(second["a"]).not.toBe(first["a"]);
		expect(first["number again"]).toBe(first["number"]);
		expect(new Set([first["number"], first["other"], second["number"]]).size).toBe(3);
		expect(first["number"]).toBeLessThan(1_000_000_000);
		expect(first).toMatchObject({ none: 0, one: 0, largest: true, wrong: [] });
	});
});
