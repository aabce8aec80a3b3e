import { compareTerms } from "../../term/compare.ts";
import { isArray, isNumber, isObject, isSet, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";

const compare =
	(holds: (order: number) => boolean): Builtin =>
	([a, b]) =>
		a === undefined || b === undefined ? undefined : holds(compareTerms(a, b));

/** OPA's name of a value's type. */
function typeName(term: Term): string {
	if (term === null) return "null";
	return typeof term === "object" ? term.kind : typeof term;
}

const is =
	(name: string): Builtin =>
	([term]) =>
		term === undefined ? undefined : typeName(term) === name;

const same = (a: Term, b: Term): boolean => compareTerms(a, b) === 0;

const isMember: Builtin = ([value, collection]) => {
	if (value === undefined || collection === undefined) return undefined;
	if (isArray(collection) || isSet(collection)) return collection.items.some((item) => same(item, value));
	return isObject(collection) && collection.entries.some(([, held]) => same(held, value));
};

const isEntry: Builtin = ([key, value, collection]) => {
	if (key === undefined || value === undefined || collection === undefined) return undefined;
	if (isSet(collection)) return same(key, value) && collection.items.some((item) => same(item, value));
	if (isArray(collection)) {
		const held = isNumber(key) ? collection.items[Number(key.text)] : undefined;
		return held !== undefined && same(held, value);
	}
	return (
		isObject(collection) && collection.entries.some(([name, held]) => same(name, key) && same(held, value))
	);
};

const every: Builtin = ([collection]) =>
	isArray(collection) || isSet(collection) ? collection.items.every((item) => item === true) : undefined;

const some: Builtin = ([collection]) =>
	isArray(collection) || isSet(collection) ? collection.items.some((item) => item === true) : undefined;

export const valueBuiltins: Readonly<Record<string, Builtin>> = {
	equal: compare((order) => order === 0),
	neq: compare((order) => order !== 0),
	lt: compare((order) => order < 0),
	lte: compare((order) => order <= 0),
	gt: compare((order) => order > 0),
	gte: compare((order) => order >= 0),
	type_name: ([term]) => (term === undefined ? undefined : typeName(term)),
	is_array: is("array"),
	is_boolean: is("boolean"),
	is_null: is("null"),
	is_number: is("number"),
	is_object: is("object"),
	is_set: is("set"),
	is_string: is("string"),
	"internal.member_2": isMember,
	"internal.member_3": isEntry,
	all: every,
	any: some,
};
