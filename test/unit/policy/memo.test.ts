import { describe, expect, test } from "@jest/globals";
import { NATIVE_BUILTINS } from "../../../src/policy/builtins/native/natives.ts";
import { HOST_BUILTINS } from "../../../src/policy/builtins/table.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { createMemo } from "../../../src/policy/memo.ts";
import { IMPURE } from "../../../src/policy/plan/reads.ts";
import type { Evaluation } from "../../../src/policy/types.ts";
import { inputOf, policyOf } from "../../support/policy.ts";

const value = (of: string): Evaluation => ({ kind: "value", value: of });
const LIMITS = { ...DEFAULT_POLICY_LIMITS, memo: "on" } as const;

describe("what is remembered", () => {
	test("is told apart by entrypoint and by every byte", () => {
		const memo = createMemo({ memo_entries: 10, memo_bytes: 1 << 20 });
		let made = 0;
		const ask = (entrypoint: string, text: string) =>
			memo.answer(entrypoint, Buffer.from(text), () => value(`${entrypoint} ${text} ${++made}`));
		expect(ask("a", "{}")).toBe(ask("a", "{}"));
		expect(ask("b", "{}")).not.toEqual(ask("a", "{}"));
		expect(ask("a", '{"é":1}')).not.toEqual(ask("a", '{"e":1}'));
		expect(made).toBe(4);
		expect(memo.stats()).toMatchObject({ hits: 2, misses: 4, entries: 4 });
	});

	test("is bounded in entries and in bytes; the least recently used goes first", () => {
		const few = createMemo({ memo_entries: 2, memo_bytes: 1 << 20 });
		const ask = (text: string) => few.answer("a", Buffer.from(text), () => value(text));
		const one = ask("1");
		ask("2");
		expect(ask("1")).toBe(one);
		ask("3");
		expect(ask("1")).toBe(one);
		expect(few.stats()).toMatchObject({ entries: 2, misses: 3 });
		const small = createMemo({ memo_entries: 1_000, memo_bytes: 10_000 });
		for (let i = 0; i < 100; i++) small.answer("a", Buffer.alloc(1_000, i), () => value("x".repeat(1_000)));
		expect(small.stats().bytes).toBeLessThanOrEqual(10_000);
		expect(small.stats().entries).toBeLessThan(5);
		// What alone is larger than all may be is not kept at all.
		small.answer("a", Buffer.alloc(20_000), () => value("x"));
		expect(small.stats().bytes).toBeLessThanOrEqual(10_000);
	});

	test("is never a failure", () => {
		const memo = createMemo({ memo_entries: 10, memo_bytes: 1 << 20 });
		const failed: Evaluation = { kind: "failed", reason: "policy_trap", message: "x" };
		expect(memo.answer("a", Buffer.from("{}"), () => failed)).toBe(failed);
		expect(memo.answer("a", Buffer.from("{}"), () => value("x"))).toEqual(value("x"));
	});
});

describe("a policy is asked anew", () => {
	const twice = async (rules: string, limits = LIMITS) => {
		const policy = await policyOf(`package envoy.authz\n\n${rules}`, { limits });
		const input = inputOf({ a: 1 });
		policy.recall("envoy/authz/allow", input);
		policy.recall("envoy/authz/allow", input);
		return policy.memo().hits;
	};

	test.each([
		["that depends on its input alone", "allow := input.a + 1", 1],
		["that asks a function", "f(x) := x + 1\n\nallow := f(input.a)", 1],
		["where the clock is read", "allow := input.a + time.now_ns()", 0],
		["where a rule below reads it", "now := time.now_ns()\n\nallow := x if { x := input.a; now > 0 }", 0],
		["where tokens are verified", 'allow := io.jwt.decode_verify(input.a, {"secret": "s"})', 0],
		["where chance is asked", 'allow := input.a + rand.intn("x", 9)', 0],
		["where it reads the whole input", "allow := input", 0],
		["where rules are chosen by name", "r.a := 1\n\nallow := r[input.a]", 0],
	])("%s", async (_, rules, hits) => {
		expect(await twice(rules)).toBe(hits);
	});

	test("where remembering is off", async () => {
		expect(await twice("allow := input.a", { ...LIMITS, memo: "off" } as never)).toBe(0);
	});
});

test("every builtin that asks its surroundings makes a policy impure", () => {
	// Clock and chance come by the second parameter alone.
	const asking = [...HOST_BUILTINS, ...NATIVE_BUILTINS]
		.filter(([, run]) => run.length > 1)
		.map(([name]) => name);
	expect(asking.length).toBeGreaterThan(3);
	expect(asking.filter((name) => !IMPURE.has(name))).toEqual([]);
});
