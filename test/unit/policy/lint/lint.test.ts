import { describe, expect, test } from "@jest/globals";
import { lintBundle } from "../../../../src/policy/lint/lint.ts";
import { bundleOf } from "../../../support/policy.ts";

/** `line code` of each finding, in the order of the lines. */
async function lint(rules: string): Promise<readonly string[]> {
	const { bytes } = await bundleOf(`package envoy.authz\n\n${rules}`);
	const found = await lintBundle(bytes, 1 << 24);
	return [...found].sort((a, b) => a.line - b.line).map(({ line, code }) => `${line} ${code}`);
}

describe("directives without release", () => {
	test.each<[string, string, readonly string[]]>([
		[
			"in the decision",
			'allow := {"allowed": true, "response": {"withhold": ["$.x"]}}',
			["3 policy_directive_open"],
		],
		[
			"in a rule of its own",
			'd := {"mask": []}\n\nallow := {"allowed": true, "response": d}',
			["5 policy_directive_open"],
		],
		[
			"in one of two bodies",
			'd := {"mask": []} if input.a\n\nelse := {"release": []}\n\nallow := {"allowed": true, "request": d}',
			["7 policy_directive_open"],
		],
		["empty", 'allow := {"allowed": true, "response": {}} if input.a', ["3 policy_directive_open"]],
		["with it", 'allow := {"allowed": true, "response": {"release": ["$.a"], "mask": []}}', []],
		["of names that are computed", 'allow := {"allowed": true, "response": {k: [] | some k in input.k}}', []],
		[
			"in another object",
			'allow := {"allowed": true, "headers": {"response": "x"}} if {"response2": {}}',
			[],
		],
	])("%s", async (_, rules, wanted) => {
		expect(await lint(rules)).toEqual(wanted);
	});
});

describe("selectors put together as text", () => {
	test.each<[string, string, readonly string[]]>([
		[
			"at their place",
			'allow := {"allowed": true, "response": {"release": [sprintf("$.%s", [input.f])]}}',
			["3 policy_selector_built"],
		],
		[
			"in a mask",
			'allow := {"allowed": true, "response": {"release": [], "mask": [{"select": concat(".", ["$", input.f]), "as": "null"}]}}',
			["3 policy_selector_built"],
		],
		[
			"through a function, a set and a rule",
			'path(f) := sprintf("$.%s", [f])\n\nnames contains path(f) if some f in input.fields\n\nallow := {"allowed": true, "response": {"release": names}}',
			["7 policy_selector_built"],
		],
		[
			"in a template",
			'allow := {"allowed": true, "response": {"release": [$"$.{input.f}"]}}',
			["3 policy_selector_built"],
		],
		[
			"through a union of objects",
			'd := object.union({"release": []}, {"withhold": [replace(input.f, "/", ".")]})\n\nallow := {"allowed": true, "response": d}',
			["3 policy_selector_built"],
		],
		[
			"not by the library, which adds to a selector what it knows",
			'allow := {"allowed": true, "response": {"release": data.postern.lib.fields.each(["$.id"])}}',
			[],
		],
		[
			"by the policy, with the library's help",
			'allow := {"allowed": true, "response": {"release": data.postern.lib.fields.each([concat(".", ["$", input.f])])}}',
			["3 policy_selector_built"],
		],
		[
			"not where a text goes elsewhere",
			'allow := {"allowed": true, "reason": sprintf("%s", [input.f]), "response": {"release": ["$.a"]}}',
			[],
		],
		["not for arrays of names", 'allow := {"allowed": true, "response": {"release": [["a", input.f]]}}', []],
	])("%s", async (_, rules, wanted) => {
		expect(await lint(rules)).toEqual(wanted);
	});
});

describe("answers that are not OPA's", () => {
	test.each<[string, string, readonly string[]]>([
		["walk with one argument", "allow if count([1 | walk(input)]) > 2", ["3 policy_answers_differ"]],
		["not with two", "allow if count([1 | walk(input, _)]) > 2", []],
		[
			"a part of decoded bytes",
			'allow if split(base64.decode(input.a), ":")[0] == "x"',
			["3 policy_answers_differ"],
		],
		[
			"through a function",
			'user(h) := base64url.decode(h)\n\nallow if substring(user(input.a), 0, 1) == "x"',
			["5 policy_answers_differ"],
		],
		["not of a plain text", 'allow if split(input.a, ":")[0] == "x"', []],
	])("%s", async (_, rules, wanted) => {
		expect(await lint(rules)).toEqual(wanted);
	});
});
