import { describe, expect, test } from "@jest/globals";
import { createExplainer } from "../../../../src/policy/explain/explain.ts";
import type { Explanation, RuleTrace } from "../../../../src/policy/explain/trace.ts";
import { toJsonValue } from "../../../../src/policy/term/to-json.ts";
import { bundleOf, inputOf } from "../../../support/policy.ts";

async function walk(rules: string, input: unknown = {}): Promise<Explanation> {
	const { bytes } = await bundleOf(`package envoy.authz\n\n${rules}`);
	const explainer = await createExplainer(bytes, 1 << 24);
	if (explainer === undefined) throw new Error("no plan");
	return explainer.explain("envoy/authz/allow", inputOf(input), 1_700_000_000_000);
}

const answerOf = ({ result }: Explanation) => (result === undefined ? undefined : toJsonValue(result));

/** `name=value` of every rule, in the order in which they were asked. */
function names(rules: readonly RuleTrace[]): readonly string[] {
	return rules.flatMap(({ name, repeated, calls }) => [
		`${name.replace("data.envoy.authz.", "")}${repeated ? " again" : ""}`,
		...names(calls),
	]);
}

describe("a walk through a plan", () => {
	test.each<[string, string, unknown]>([
		["else", "allow := 1 if input.a\n\nelse := 2 if input.b\n\nelse := 3", 3],
		["with", "v := input.x\n\nallow := a if a := v with input.x as 7", 7],
		["with over data", "v := data.k.l\n\nallow := a if a := v with data.k.l as 7", 7],
		["comprehensions", "allow := [y | some x in [3, 1]; y := x * 2]", [6, 2]],
		["sets in order", 'allow := {x | some x in ["b", "a", "b"]}', ["a", "b"]],
		["every", "allow if every x in [1, 2] { x < 3 }", true],
		["partial objects", "m[k] := v if some k, v in {1: 2}\n\nallow := m", { "1": 2 }],
		["deep references", "p.a.b := 1\n\np.a.c := 2\n\nallow := p", { a: { b: 1, c: 2 } }],
		["rules by computed names", "r.a := 1\n\nr.b := 2\n\nallow := r[n] if n := input.n", 2],
		["time stands still", "allow := time.now_ns() == time.now_ns()", true],
		["a module's own builtins", 'allow := [upper("a"), count({1, 2}), max([1, 3])]', ["A", 2, 3]],
	])("%s", async (_, rules, wanted) => {
		expect(answerOf(await walk(rules, { n: "b" }))).toEqual(wanted);
	});

	test("a rule is asked once, and stands a second time as a repeat", async () => {
		const { rules } = await walk("a := 1\n\nb := a\n\nallow := [a, b]");
		expect(names(rules)).toEqual(["allow", "a", "b", "a again"]);
	});

	test("under with it is asked anew", async () => {
		const { rules } = await walk("a := input.x\n\nallow := [p, q] if { p := a; q := a with input.x as 2 }", {
			x: 1,
		});
		expect(names(rules)).toEqual(["allow", "a", "a"]);
	});

	test("two answers to one rule end it, with the line of the second", async () => {
		const { failure, result } = await walk("allow := 1 if input.a\n\nallow := 2 if input.b", { a: 1, b: 1 });
		expect(result).toBeUndefined();
		expect(failure).toMatch(/policy\.rego:5: a second value for a rule that has one/);
	});

	test("ends without an answer where it would take too long, and keeps no more than people read", async () => {
		const long = await walk("f(x) := x\n\nallow := count([y | some x in numbers.range(1, 3000); y := f(x)])");
		expect(long.truncated).toBe(true);
		expect(answerOf(long)).toBe(3000);
		const endless = await walk(
			"n := numbers.range(1, 3000)\n\nallow := count([1 | some a in n; some b in n; a * b == -1])",
		);
		expect(endless.failure).toMatch(/too many steps/);
	}, 120_000);
});
