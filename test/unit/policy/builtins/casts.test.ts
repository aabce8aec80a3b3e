import { describe, expect, test } from "@jest/globals";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { arrayTerm, numberTerm, objectTerm, setTerm, type Term } from "../../../../src/policy/term/term.ts";
import { inputOf, policyOf } from "../../../support/policy.ts";

const cast = (name: string, term: Term) => HOST_BUILTINS.get(name)?.([term], undefined as never);

const numbers = (...values: readonly number[]): readonly Term[] => values.map(numberTerm);

describe("casts", () => {
	// Rego v1 refuses these names at build time, so no compiled policy of ours can call them: no comparison here.
	const values: Readonly<Record<string, Term>> = {
		cast_array: arrayTerm(numbers(3, 1, 3)),
		cast_boolean: false,
		cast_null: null,
		cast_object: objectTerm([]),
		cast_set: setTerm(numbers(2, 1)),
		cast_string: "",
	};

	test.each(Object.keys(values))("%s gives a value of its type, and nothing for others", (name) => {
		for (const [other, value] of Object.entries(values)) {
			const turned =
				`${name} ${other}` === "cast_array cast_set" || `${name} ${other}` === "cast_set cast_array";
			if (!turned) expect(cast(name, value)).toEqual(name === other ? value : undefined);
		}
	});

	test("arrays and sets become each other, in order and without repeats", () => {
		expect(cast("cast_array", setTerm(numbers(2, 10, 1)))).toEqual(arrayTerm(numbers(1, 2, 10)));
		expect(cast("cast_set", arrayTerm(numbers(3, 1, 3)))).toEqual(setTerm(numbers(1, 3)));
	});
});

describe("opa.runtime", () => {
	test("tells a policy nothing about us", async () => {
		const policy = await policyOf(`package envoy.authz\n\nallow := {"runtime": opa.runtime()}\n`);
		// "opa.runtime" of a server shows its environment, tokens and all.
		expect(policy.evaluate("envoy/authz/allow", inputOf({}))).toMatchObject({
			kind: "value",
			value: { runtime: {} },
		});
	});
});
