import { type Check, outcomeOf } from "./checking.ts";
import type { Json, JsonObject } from "./document.ts";
import { fail, isValid, merge, type Outcome, type Path, within } from "./outcome.ts";
import type { SubSchema } from "./sub-schema.ts";

type Rule = (
	check: Check,
	schema: SubSchema,
	value: JsonObject,
	path: Path | undefined,
	outcome: Outcome,
) => void;

const checkSize: Rule = (_check, { minProperties, maxProperties }, { members }, path, outcome) => {
	if (minProperties !== undefined && members.size < minProperties) {
		fail(outcome, "array_min_properties", path, `Must have at least ${minProperties} properties`);
	}
	if (maxProperties !== undefined && members.size > maxProperties) {
		fail(outcome, "array_max_properties", path, `Must have at most ${maxProperties} properties`);
	}
};

const checkRequired: Rule = ({ effort }, { required }, { members }, path, outcome) => {
	effort.step(required.length);
	for (const name of required) {
		if (members.has(name)) outcome.score++;
		else fail(outcome, "required", path, `${name} is required`);
	}
};

/** Whether a member's name matches some pattern; its value is held to the schemas of all that it matches. */
function checkPatterns(
	{ effort, apply }: Check,
	{ patternProperties }: SubSchema,
	[name, value]: readonly [string, Json],
	path: Path | undefined,
	outcome: Outcome,
): boolean {
	let matched = false;
	for (const { pattern, schema } of patternProperties) {
		effort.parse(name.length);
		if (!pattern.matcher(name).find()) continue;
		matched = true;
		apply(schema, value, within(path, name), outcome);
	}
	if (matched) outcome.score++;
	return matched;
}

const checkAdditional: Rule = (check, schema, { members }, path, outcome) => {
	const { additionalProperties, properties, patternProperties } = schema;
	if (patternProperties.length === 0 && typeof additionalProperties !== "object") {
		if (additionalProperties !== false) return;
	}
	for (const [name, value] of members) {
		check.effort.step();
		const matched = checkPatterns(check, schema, [name, value], path, outcome);
		if (matched || properties.has(name)) continue;
		if (additionalProperties === false) {
			const message = `Additional property ${name} is not allowed`;
			fail(outcome, "additional_property_not_allowed", path, message);
		} else if (typeof additionalProperties === "object") {
			check.apply(additionalProperties, value, within(path, name), outcome);
		}
	}
};

const checkNames: Rule = (check, { propertyNames }, { members }, path, outcome) => {
	if (propertyNames === undefined) return;
	for (const name of members.keys()) {
		const one = outcomeOf(check, propertyNames, name, path);
		if (isValid(one)) continue;
		fail(outcome, "invalid_property_name", path, `Property name of "${name}" does not match`);
		merge(outcome, one);
	}
};

export const checkObject: Rule = (check, schema, value, path, outcome) => {
	checkSize(check, schema, value, path, outcome);
	checkRequired(check, schema, value, path, outcome);
	checkAdditional(check, schema, value, path, outcome);
	checkNames(check, schema, value, path, outcome);
	outcome.score++;
};

/** The members that have schemas of their own. */
export const checkProperties: Rule = (check, { properties }, { members }, path, outcome) => {
	// Both are in the order of names, so that going through either gives the same order.
	const fewer = properties.size < members.size ? properties : members;
	check.effort.step(fewer.size);
	for (const name of fewer.keys()) {
		const schema = properties.get(name);
		const value = members.get(name);
		if (schema !== undefined && value !== undefined) {
			check.apply(schema, value, within(path, name), outcome);
		}
	}
};
