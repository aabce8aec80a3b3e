import type { Field, FragmentSpread, SelectionSet, Type } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Budget } from "../limits.ts";
import type { Rule } from "../rule.ts";
import type { Schema } from "../schema/schema.ts";
import { isLeaf } from "../schema/type-checks.ts";
import { type Collected, collectFields, type FieldsByName } from "./collect-fields.ts";
import { sameArguments } from "./same-arguments.ts";
import { sameNode } from "./same-node.ts";

/** Whether values of two types cannot be one value in the answer. */
function typesConflict(types: Schema["types"], a: Type, b: Type): boolean {
	if (a.elem !== undefined && b.elem !== undefined) return typesConflict(types, a.elem, b.elem);
	if (a.elem !== undefined || b.elem !== undefined || a.nonNull !== b.nonNull) return true;
	const left = types.get(a.namedType);
	const right = types.get(b.namedType);
	return (
		left !== undefined && right !== undefined && isLeaf(left) && isLeaf(right) && left.name !== right.name
	);
}

/** Whether both are of object types, of two: then no answer holds both. */
function areExclusive({ definition: a, objectDefinition: left }: Field, other: Field): boolean {
	const { definition: b, objectDefinition: right } = other;
	if (a === undefined || b === undefined) return false;
	return left?.name !== right?.name && left?.kind === "OBJECT" && right?.kind === "OBJECT";
}

function sameFields(a: FieldsByName, b: FieldsByName, work: Budget): boolean {
	if (a === b) return true;
	if (a.size !== b.size) return false;
	const others = [...b];
	return [...a].every(([name, fields], i) => {
		const [otherName, otherFields] = others[i] as [string, readonly Field[]];
		if (name !== otherName || fields.length !== otherFields.length) return false;
		return fields.every((field, k) => sameNode(field, otherFields[k], work));
	});
}

/** Pairs of fragments that were compared, and whether as such that no answer holds both. */
function comparedPairs() {
	const pairs = new Map<string, Map<string, boolean>>();
	const note = (a: string, b: string, exclusive: boolean): void => {
		const known = pairs.get(a);
		if (known === undefined) pairs.set(a, new Map([[b, exclusive]]));
		else known.set(b, exclusive);
	};
	return {
		/** A comparison that did not take them for exclusive found all that the other one would. */
		has(a: string, b: string, exclusive: boolean): boolean {
			const known = pairs.get(a)?.get(b);
			return known !== undefined && (exclusive || !known);
		},
		add(a: string, b: string, exclusive: boolean): void {
			note(a, b, exclusive);
			note(b, a, exclusive);
		},
	};
}

/**
 * Fields that get one name in the answer are one field with the same arguments, and types that go together.
 *
 * gqlparser remembers what it compared, in one place for all selection sets, so that some conflicts escape it. Which
 * ones depends on the order of its comparisons; this keeps that order, and what is remembered, step by step.
 */
export const overlappingFieldsCanBeMerged: Rule = ({ schema, work, operation }) => {
	const collections = new WeakMap<SelectionSet, Collected>();
	const pairs = comparedPairs();
	/** Fragments that some set of fields was compared with; not always the present one. */
	let compared = new Set<string>();

	const collect = (set: SelectionSet): Collected => {
		const known = collections.get(set);
		if (known !== undefined) return known;
		const made = collectFields(set, work);
		collections.set(set, made);
		return made;
	};

	const compareFields = (parentsExclusive: boolean, a: Field, b: Field): void => {
		work.spend(1);
		if (a.objectDefinition === undefined || b.objectDefinition === undefined) return;
		const exclusive = parentsExclusive || areExclusive(a, b);
		if (!exclusive && (a.name !== b.name || !sameArguments(a.arguments, b.arguments, work))) {
			throw new GraphqlError(`${a.name} and ${b.name} get one name`);
		}
		if (a.definition !== undefined && b.definition !== undefined) {
			if (typesConflict(schema.types, a.definition.type, b.definition.type)) {
				throw new GraphqlError(`${a.name} and ${b.name} are of types that do not go together`);
			}
		}
		compareSubSelections(exclusive, a.selectionSet, b.selectionSet);
	};

	const compareMaps = (exclusive: boolean, a: FieldsByName, b: FieldsByName): void => {
		work.spend(a.size);
		for (const [name, fields] of a) {
			const others = b.get(name) ?? [];
			for (const field of fields) for (const other of others) compareFields(exclusive, field, other);
		}
	};

	const compareWithFragment = (exclusive: boolean, fields: FieldsByName, spread: FragmentSpread): void => {
		work.spend(1);
		if (compared.has(spread.name)) return;
		compared.add(spread.name);
		if (spread.definition === undefined) return;
		const other = collect(spread.definition.selectionSet);
		if (sameFields(fields, other.fields, work)) return;
		compareMaps(exclusive, fields, other.fields);
		for (const next of other.spreads) {
			if (next.name !== spread.name) compareWithFragment(exclusive, fields, next);
		}
	};

	const compareFragments = (exclusive: boolean, a: FragmentSpread, b: FragmentSpread): void => {
		work.spend(1);
		if (a.name === b.name || pairs.has(a.name, b.name, exclusive)) return;
		pairs.add(a.name, b.name, exclusive);
		if (a.definition === undefined || b.definition === undefined) return;
		const left = collect(a.definition.selectionSet);
		const right = collect(b.definition.selectionSet);
		compareMaps(exclusive, left.fields, right.fields);
		for (const spread of right.spreads) compareFragments(exclusive, a, spread);
		for (const spread of left.spreads) compareFragments(exclusive, spread, b);
	};

	const compareSubSelections = (exclusive: boolean, a: SelectionSet, b: SelectionSet): void => {
		if (a.length + b.length === 0) return;
		const left = collect(a);
		const right = collect(b);
		compareMaps(exclusive, left.fields, right.fields);
		for (const spread of right.spreads) {
			compared = new Set();
			compareWithFragment(exclusive, left.fields, spread);
		}
		for (const spread of left.spreads) {
			compared = new Set();
			compareWithFragment(exclusive, right.fields, spread);
		}
		for (const one of left.spreads)
			for (const other of right.spreads) compareFragments(exclusive, one, other);
	};

	const compareWithin = (set: SelectionSet): void => {
		if (set.length === 0) return;
		const { fields, spreads } = collect(set);
		for (const list of fields.values()) {
			for (const [i, a] of list.entries()) for (const b of list.slice(i + 1)) compareFields(false, a, b);
		}
		compared = new Set();
		for (const [i, a] of spreads.entries()) {
			compareWithFragment(false, fields, a);
			for (const b of spreads.slice(i + 1)) compareFragments(false, a, b);
		}
	};

	return {
		operation: ({ selectionSet }) => compareWithin(selectionSet),
		field({ selectionSet }) {
			// Those of a fragment's definition are seen where it is spread.
			if (operation() !== undefined) compareWithin(selectionSet);
		},
		inline: ({ selectionSet }) => compareWithin(selectionSet),
		fragment: ({ selectionSet }) => compareWithin(selectionSet),
	};
};
