import { type Check, outcomeOf } from "./checking.ts";
import { isJsonObject, type Json, type JsonObject } from "./document.ts";
import { fail, isValid, merge, type Outcome, type Path } from "./outcome.ts";
import type { SubSchema } from "./sub-schema.ts";

type Rule = (check: Check, schema: SubSchema, value: Json, path: Path | undefined, outcome: Outcome) => void;

const better = (best: Outcome | undefined, next: Outcome): Outcome =>
	best === undefined || next.score > best.score ? next : best;

const checkAnyOf: Rule = (check, { anyOf }, value, path, outcome) => {
	if (anyOf.length === 0) return;
	let best: Outcome | undefined;
	for (const schema of anyOf) {
		const one = outcomeOf(check, schema, value, path);
		if (isValid(one)) return;
		best = better(best, one);
	}
	fail(outcome, "number_any_of", path, "Must validate at least one schema (anyOf)");
	if (best !== undefined) merge(outcome, best);
};

const checkOneOf: Rule = (check, { oneOf }, value, path, outcome) => {
	if (oneOf.length === 0) return;
	let valid = 0;
	let best: Outcome | undefined;
	for (const schema of oneOf) {
		const one = outcomeOf(check, schema, value, path);
		if (isValid(one)) valid++;
		else best = better(best, one);
	}
	if (valid === 1) return;
	fail(outcome, "number_one_of", path, "Must validate one and only one schema (oneOf)");
	if (valid === 0 && best !== undefined) merge(outcome, best);
};

const checkAllOf: Rule = (check, { allOf }, value, path, outcome) => {
	if (allOf.length === 0) return;
	const before = outcome.failures.length;
	for (const schema of allOf) check.apply(schema, value, path, outcome);
	if (outcome.failures.length === before) return;
	fail(outcome, "number_all_of", path, "Must validate all the schemas (allOf)");
};

const checkNot: Rule = (check, { not }, value, path, outcome) => {
	if (not === undefined || !isValid(outcomeOf(check, not, value, path))) return;
	fail(outcome, "number_not", path, "Must not validate the schema (not)");
};

function checkDependency(
	check: Check,
	needed: readonly string[] | SubSchema,
	value: JsonObject,
	path: Path | undefined,
	outcome: Outcome,
): void {
	if (!isList(needed)) {
		check.apply(needed, value, path, outcome);
		return;
	}
	check.effort.step(needed.length);
	for (const name of needed) {
		if (!value.members.has(name)) {
			fail(outcome, "missing_dependency", path, `Has a dependency on ${name}`);
		}
	}
}

const isList = (needed: readonly string[] | SubSchema): needed is readonly string[] => Array.isArray(needed);

const checkDependencies: Rule = (check, { dependencies }, value, path, outcome) => {
	if (dependencies.size === 0 || !isJsonObject(value)) return;
	check.effort.step(value.members.size);
	for (const name of value.members.keys()) {
		const needed = dependencies.get(name);
		if (needed !== undefined) checkDependency(check, needed, value, path, outcome);
	}
};

const checkCondition: Rule = (check, schema, value, path, outcome) => {
	if (schema.condition === undefined) return;
	const holds = isValid(outcomeOf(check, schema.condition, value, path));
	const asked = holds ? schema.consequence : schema.alternative;
	if (asked === undefined) return;
	const answer = outcomeOf(check, asked, value, path);
	if (isValid(answer)) return;
	if (holds) fail(outcome, "condition_then", path, 'Must validate "then" as "if" was valid');
	else fail(outcome, "condition_else", path, 'Must validate "else" as "if" was not valid');
	merge(outcome, answer);
};

const RULES: readonly Rule[] = [
	checkAnyOf,
	checkOneOf,
	checkAllOf,
	checkNot,
	checkDependencies,
	checkCondition,
];

/** Schemas for the value itself: `anyOf` and its like, `not`, `dependencies`, `if`. */
export const checkCombined: Rule = (check, schema, value, path, outcome) => {
	for (const rule of RULES) rule(check, schema, value, path, outcome);
	outcome.score++;
};
