import { beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import { unpack } from "../../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { type LoadedPolicy, loadPolicy } from "../../../src/policy/load.ts";
import { moduleParts } from "../../../src/policy/wasm/rewrite/sections.ts";
import { opaEval } from "../../support/opa-eval.ts";
import { bundleOf, inputOf, policyOf } from "../../support/policy.ts";
import { changedBundle, withoutNames } from "../../support/stripped-bundle.ts";

/** Expressions whose answer a module alone gets wrong, in every place where a builtin can be called from. */
const EXPRESSIONS = {
	infix_division: "input.one / 3",
	infix_subtraction: "1.1 - input.small",
	infix_addition: "input.small + 0.0000001",
	nested_operators: "(input.one / 3) * (input.small - 0.7) + -2.5",
	sets_subtracted: '{"c", "a", "b"} - {"b"}',
	by_name: "div(input.one, 3)",
	with_builtin: 'y if y := concat(",", ["x"]) with concat as to_text',
	with_function: 'y if y := data.envoy.authz.joined(input.names) with data.envoy.authz.glue as ";"',
	user_function: "abs(-0.5)",
	shadowed: "y if { concat := 3; y := concat + 0.1 }",
	string_of_code: '"concat(1, {2}) / 3"',
	template: '$"{input.names} of {{"b", "a"}} and {input.none}"',
	set_joined: 'concat(",", {n | some n in input.names})',
	comprehension_over_set: "[n | some n in {n | some n in input.names}]",
	comprehension_over_object: '[sprintf("%s=%v", [k, v]) | some k, v in input.object]',
	nested_comprehension: "[[a, b] | some a in s; some b in s] if s := {n | some n in input.names}",
	partial_set: "[n | some n in roles]",
	partial_object: "[k | some k, _ in ages]",
	walked: "[p | walk(input.object, [p, _])]",
	walked_set: "[v | walk({n | some n in input.names}, [_, v])]",
	negated_cidr: 'y if { y := "outside"; not net.cidr_contains("10.0.0.0/8", "::ffff:11.1.2.3") }',
	cidr: 'net.cidr_contains("10.0.0.0/8", "::ffff:10.1.2.3")',
	overlap: 'net.cidr_intersects("10.0.0.0/8", "::ffff:10.0.0.0/104")',
	marshalled: 'json.marshal({"b": {"<", 1}, "a": 1.50})',
	bytes_differ: 'base64.decode("/w==") == base64.decode("/g==")',
	bytes: '[json.marshal(base64.decode("/+8=")), count(base64.decode("/+8="))]',
	group_name: 'regex.find_all_string_submatch_n("(?<x>a)(b)?", "abca", -1)',
	odd_number: 'to_number("007") + to_number(".5")',
	not_a_number: 'y if { y := "none"; not to_number("1e400") }',
	nothing_replaced:
		'[json.marshal(replace("a😀", "", "-")), replace("", "", "-"), replace("aaa", "aa", "b")]',
	nothing_found: '[y | some t in ["", "a"]; y := indexof("ba", t)]',
	filtered: 'json.filter({"a": {"b": 1, "c": [1, 2]}}, {"a/c/1", "/x"})',
	removed: 'json.remove({"a": {"b": 1, "c": [1, 2]}}, ["a/c/0", ["a", "b"]])',
	united: '[object.union_n([]), object.union_n([{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}])]',
	long_number: "format_int(123456789012345678901234567890, 16)",
	sums: "[sum({0.1, 0.2, 0.3}), product([0.1, 0.2, 3]), floor(-0.5), round(2.5), 1e300 / 3]",
	globs: '[glob.match("*.{com,[!a-c]rg}", ["."], t) | some t in ["x.com", "x.org", "a.b.com", "x.arg"]]',
};

const INPUT = {
	one: 1,
	small: 0.3,
	names: ["writer", "admin", "reader", "😀", "ﬁ", "z"],
	object: { b: 1, a: { d: 2, c: [3] }, "😀": 0, ﬁ: 1, Z: 5 },
};

const REGO = `package envoy.authz

to_text(_, _) := "replaced"

glue := ","

joined(names) := concat(glue, {n | some n in names})

abs(_) := "the policy's own"

roles contains n if some n in input.names

ages[n] := count(n) if some n in input.names

${Object.entries(EXPRESSIONS)
	.map(([name, text]) => `answers["${name}"] := ${text}`)
	.join("\n\n")}

allow := answers
`;

describe("what a module alone answers otherwise", () => {
	let ours: unknown;
	let theirs: Record<string, unknown>;

	beforeAll(async () => {
		const policy = await policyOf(REGO);
		expect(policy.mayDiffer).toBeUndefined();
		ours = policy.evaluate("envoy/authz/allow", inputOf(INPUT));
		theirs = (await opaEval(REGO, "data.envoy.authz.allow", INPUT)) as Record<string, unknown>;
	});

	test("has an answer of OPA's for each expression", () => {
		expect(Object.keys(theirs).sort()).toEqual(Object.keys(EXPRESSIONS).sort());
	});

	test.each(Object.keys(EXPRESSIONS))("is as OPA has it: %s", (name) => {
		expect(ours).toMatchObject({ kind: "value", value: { [name]: theirs[name] } });
	});
});

describe("a bundle that `postern build` did not make", () => {
	const RULE = 'package envoy.authz\n\nallow := concat(",", {n | some n in input.names})\n';

	const changed = async (change: (wasm: Buffer) => Uint8Array): Promise<LoadedPolicy> =>
		loadPolicy(await changedBundle(RULE, change), DEFAULT_POLICY_LIMITS, systemClock);

	test("gives the same answers", async () => {
		const policy = await changed((wasm) => wasm);
		expect(policy.mayDiffer).toBeUndefined();
		expect(policy.evaluate("envoy/authz/allow", inputOf(INPUT))).toEqual({
			kind: "value",
			value: "admin,reader,writer,z,ﬁ,😀",
		});
	});

	test("is served with what its module has where the names were stripped, and says so", async () => {
		const policy = await changed(withoutNames);
		expect(policy.mayDiffer).toContain("opa_value_iter");
		expect(policy.evaluate("envoy/authz/allow", inputOf({ names: ["a"] }))).toEqual({
			kind: "value",
			value: "a",
		});
	});
});

test("a module taken apart and put together is the same module", async () => {
	const files = await unpack((await bundleOf("package envoy.authz\n\nallow := input.x\n")).bytes, 1 << 26);
	const wasm = files.get("policy.wasm") as Buffer;
	const { types, bodies, with: put } = moduleParts(wasm);
	const again = moduleParts(put({ types, bodies, exports: new Map() }));
	expect(again.types).toEqual(types);
	expect(again.bodies.map((body) => Buffer.from(body).toString("hex"))).toEqual(
		bodies.map((body) => Buffer.from(body).toString("hex")),
	);
});
