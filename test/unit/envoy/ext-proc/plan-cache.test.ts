import { expect, test } from "@jest/globals";
import { createPlanCache } from "../../../../src/envoy/ext-proc/plan-cache.ts";

const hash = { id: "k", hmac: (message: Uint8Array) => message };

test("a plan is kept from its second use on, and the same one is given afterwards", () => {
	const plans = createPlanCache(1 << 20, undefined);
	const [first, second, third] = [1, 2, 3].map(() => plans.planFor({ release: ["$.a"] }));
	expect(first).toBeDefined();
	expect(second).not.toBe(first);
	expect(third).toBe(second);
});

test("the cache is bounded: directives that are not used go first", () => {
	const plans = createPlanCache(400_000, undefined);
	const kept = (name: string) => {
		plans.planFor({ release: [name] });
		return plans.planFor({ release: [name] });
	};
	const old = kept("$.old");
	for (let at = 0; at < 50; at++) kept(`$.n${at}`);
	expect(plans.planFor({ release: ["$.old"] })).not.toBe(old);
});

test("no bytes, no cache, and still plans", () => {
	const plans = createPlanCache(0, undefined);
	expect([1, 2, 3].map(() => plans.planFor({}) !== undefined)).toEqual([true, true, true]);
});

test.each([
	[null],
	[[]],
	["$.a"],
	[{ release: ["a"] }],
	[{ unknown: 1 }],
	[{ release: ["class:pii"] }],
	[{ mask: [{ select: "$.a", as: "rot13" }] }],
])("%j is no directive that can be carried out", (value) => {
	expect(createPlanCache(1 << 20, hash).planFor(value)).toBeUndefined();
});

test("whether a plan makes pseudonyms is told", () => {
	const plans = createPlanCache(1 << 20, hash);
	expect(plans.planFor({ mask: [{ select: "$.a", as: "hash" }] })?.hashes).toBe(true);
	expect(plans.planFor({ mask: [{ select: "$.a", as: "redact" }] })?.hashes).toBe(false);
});
