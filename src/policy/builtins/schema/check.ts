import { beyond, type Effort, effort as newEffort } from "./bounds.ts";
import { checkArray } from "./check-arrays.ts";
import { checkCombined } from "./check-combined.ts";
import { checkObject, checkProperties } from "./check-objects.ts";
import { checkNumber, checkString, checkValue } from "./check-values.ts";
import type { Check } from "./checking.ts";
import { isJsonArray, isJsonNumber, isJsonObject, type Json } from "./document.ts";
import { fail, newOutcome, type Outcome, type Path } from "./outcome.ts";
import { isWhole } from "./rational.ts";
import type { SubSchema } from "./sub-schema.ts";

function typeOf(value: Json): string {
	if (value === null) return "null";
	if (typeof value !== "object") return typeof value;
	if (value.kind !== "number") return value.kind;
	return isWhole(value.text) ? "integer" : "number";
}

/** Whether the value is of a type that the schema takes; a failure if not. */
function isOfType({ types }: SubSchema, value: Json, path: Path | undefined, outcome: Outcome): boolean {
	if (types.length === 0) return true;
	const type = typeOf(value);
	if (types.includes(type) || (type === "integer" && types.includes("number"))) return true;
	const expected = types.length > 1 ? `[${types.join(",")}]` : types[0];
	fail(outcome, "invalid_type", path, `Invalid type. Expected: ${expected}, given: ${type}`);
	return false;
}

/** Follows references to a schema that is none. */
function referred(schema: SubSchema, effort: Effort): SubSchema {
	if (schema.reference === undefined) return schema;
	const seen = new Set<SubSchema>();
	let found = schema;
	while (found.reference !== undefined) {
		effort.step();
		// OPA follows it until its stack is full, and crashes.
		if (seen.has(found)) throw beyond("a reference to itself");
		seen.add(found);
		found = found.reference;
	}
	return found;
}

function checkWhole(
	check: Check,
	schema: SubSchema,
	value: Json,
	path: Path | undefined,
	outcome: Outcome,
): void {
	if (!isOfType(schema, value, path, outcome)) return;
	checkCombined(check, schema, value, path, outcome);
	if (isJsonNumber(value)) checkNumber(schema, value, path, outcome);
	else if (isJsonArray(value)) checkArray(check, schema, value, path, outcome);
	else if (isJsonObject(value)) checkObject(check, schema, value, path, outcome);
	checkValue(check, schema, value, path, outcome);
	if (typeof value === "string") checkString(check, schema, value, path, outcome);
	else if (isJsonObject(value)) checkProperties(check, schema, value, path, outcome);
	outcome.score++;
}

/**
 * Holds a document to a schema, with the failures and their order as in OPA; where that has none, by name.
 * @throws {RangeError} for what is beyond the bounds, and for what crashes OPA.
 */
export function checkDocument(root: SubSchema, document: Json): Outcome {
	const effort = newEffort();
	const outcome = newOutcome();
	const check: Check = {
		effort,
		apply(schema, value, path, into) {
			effort.read(isJsonNumber(value) ? value.text.length : 0);
			const found = referred(schema, effort);
			if (found.pass === true) return;
			if (found.pass === false) {
				fail(into, "false", path, "False always fails validation");
				return;
			}
			effort.enter();
			checkWhole(check, found, value, path, into);
			effort.leave();
		},
	};
	check.apply(root, document, undefined, outcome);
	return outcome;
}
