import { canonical } from "./canonical.ts";
import { type Check, outcomeOf } from "./checking.ts";
import type { JsonArray } from "./document.ts";
import { fail, isValid, merge, type Outcome, type Path, within } from "./outcome.ts";
import type { SubSchema } from "./sub-schema.ts";

type Rule = (
	check: Check,
	schema: SubSchema,
	value: JsonArray,
	path: Path | undefined,
	outcome: Outcome,
) => void;

function checkFrom(
	check: Check,
	start: number,
	schema: SubSchema,
	{ items }: JsonArray,
	path: Path | undefined,
	outcome: Outcome,
): void {
	for (const [i, item] of items.entries()) {
		if (i >= start) check.apply(schema, item, within(path, String(i)), outcome);
	}
}

const checkItems: Rule = (check, schema, value, path, outcome) => {
	const { items, additionalItems } = schema;
	if (items === undefined) return;
	if (!isList(items)) {
		checkFrom(check, 0, items, value, path, outcome);
		return;
	}
	for (const [i, item] of items.entries()) {
		const given = value.items[i];
		if (given === undefined) break;
		check.apply(item, given, within(path, String(i)), outcome);
	}
	// An empty list asks for nothing, of further items neither.
	if (items.length === 0 || items.length >= value.items.length) return;
	if (additionalItems === false) {
		fail(outcome, "array_no_additional_items", path, "No additional items allowed on array");
	} else if (typeof additionalItems === "object") {
		checkFrom(check, items.length, additionalItems, value, path, outcome);
	}
};

const isList = (items: SubSchema | readonly SubSchema[]): items is readonly SubSchema[] =>
	Array.isArray(items);

const checkSize: Rule = (_check, { minItems, maxItems }, { items }, path, outcome) => {
	if (minItems !== undefined && items.length < minItems) {
		fail(outcome, "array_min_items", path, `Array must have at least ${minItems} items`);
	}
	if (maxItems !== undefined && items.length > maxItems) {
		fail(outcome, "array_max_items", path, `Array must have at most ${maxItems} items`);
	}
};

const checkUnique: Rule = (check, { uniqueItems }, { items }, path, outcome) => {
	if (!uniqueItems) return;
	const last = new Map<string, number>();
	for (const [i, item] of items.entries()) {
		const text = canonical(item, check.effort);
		const before = last.get(text);
		if (before !== undefined) {
			fail(outcome, "unique", path, `array items[${before},${i}] must be unique`);
		}
		last.set(text, i);
	}
};

const checkContains: Rule = (check, { contains }, { items }, path, outcome) => {
	if (contains === undefined) return;
	let best: Outcome | undefined;
	for (const [i, item] of items.entries()) {
		const one = outcomeOf(check, contains, item, within(path, String(i)));
		if (isValid(one)) return;
		if (best === undefined || one.score > best.score) best = one;
	}
	fail(outcome, "contains", path, "At least one of the items must match");
	if (best !== undefined) merge(outcome, best);
};

export const checkArray: Rule = (check, schema, value, path, outcome) => {
	checkItems(check, schema, value, path, outcome);
	checkSize(check, schema, value, path, outcome);
	checkUnique(check, schema, value, path, outcome);
	checkContains(check, schema, value, path, outcome);
	outcome.score++;
};
