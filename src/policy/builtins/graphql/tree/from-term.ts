import { wellFormed } from "../../../term/byte-string.ts";
import { compareStrings, sortTerms } from "../../../term/compare.ts";
import { keyText } from "../../../term/print.ts";
import { isArray, isNumber, isObject, isSet, type ObjectTerm, type Term } from "../../../term/term.ts";
import { isJsonNumber } from "../../../term/to-json.ts";
import type { QueryDocument, SchemaDocument } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { MISSING, unusable } from "../unusable.ts";
import {
	fieldShape,
	inlineShape,
	type Member,
	queryDocumentShape,
	type Shape,
	type StructShape,
	schemaDocumentShape,
	spreadShape,
} from "./shapes.ts";

const mismatch = (): GraphqlError => new GraphqlError("a tree of another form");

/** Go finds members regardless of case, and two characters outside ASCII are letters of it to that end. */
const fold = (name: string): string =>
	name.replace(/[a-z\u017f\u212a]/g, (char) =>
		char === "\u017f" ? "S" : char === "\u212a" ? "K" : char.toUpperCase(),
	);

/** Members by their folded names. */
const foldedMembers = new WeakMap<StructShape, ReadonlyMap<string, Member>>();

function memberOf(shape: StructShape, name: string): Member | undefined {
	if (shape.reader) return shape.members.find((member) => member.name === name && name !== "Comment");
	let members = foldedMembers.get(shape);
	if (members === undefined) {
		members = new Map(shape.members.map((member) => [fold(member.name), member]));
		foldedMembers.set(shape, members);
	}
	return members.get(fold(name));
}

/** Go's JSON has no words for numbers like `.5`, which a policy can make. */
function holdsJson(term: Term): boolean {
	if (typeof term !== "object" || term === null) return true;
	if (term.kind === "number") return isJsonNumber(term.text);
	if (term.kind === "object") return term.entries.every(([key, value]) => holdsJson(key) && holdsJson(value));
	return term.items.every(holdsJson);
}

/** The members of an object in the order of their names, which is the one that Go writes. */
function namedEntries(term: ObjectTerm): readonly (readonly [string, Term])[] {
	return term.entries
		.map(([key, value]) => [wellFormed(keyText(key)), value] as const)
		.sort(([a], [b]) => compareStrings(a, b));
}

const ZERO = {
	text: "",
	flag: false,
	count: 0,
	names: [],
	selections: [],
	many: [],
	one: undefined,
} as const;

function itemsOf(term: Term): readonly Term[] {
	if (isArray(term)) return term.items;
	if (isSet(term)) return sortTerms(term.items);
	throw mismatch();
}

function readCount(term: Term): number {
	if (!isNumber(term) || !/^-?\d{1,19}$/.test(term.text)) throw mismatch();
	const value = Number(term.text);
	if (!Number.isSafeInteger(value)) throw unusable("a number that no tree has");
	return value;
}

const empty = (shape: StructShape): Record<string, unknown> =>
	Object.fromEntries(
		shape.members.map(({ property, shape: inner }) => [
			property,
			inner.type === "one" && inner.needed ? MISSING : ZERO[inner.type],
		]),
	);

/** The members that are known, by what they are; of two names for one member Go would read the second into the first. */
function knownMembers(term: ObjectTerm, shape: StructShape): ReadonlyMap<Member, Term> {
	const known = new Map<Member, Term>();
	for (const [name, content] of namedEntries(term)) {
		const member = memberOf(shape, name);
		if (member === undefined) continue;
		if (known.has(member)) throw unusable(`two members ${name}`);
		known.set(member, content);
	}
	return known;
}

function readStruct(term: Term, shape: StructShape): object {
	if (!isObject(term)) throw mismatch();
	const node = empty(shape);
	const known = knownMembers(term, shape);
	for (const member of shape.members) {
		const content = known.get(member);
		if (content !== undefined && content !== null) node[member.property] = readValue(content, member.shape);
	}
	return node;
}

/** The first kind of selection that it can be; `undefined` for none, and then it is left out. */
function readSelection(term: Term): object | undefined {
	for (const [node, shape] of [
		["field", fieldShape],
		["spread", spreadShape],
		["inline", inlineShape],
	] as const) {
		try {
			return { node, ...(term === null ? empty(shape) : readStruct(term, shape)) };
		} catch (thrown) {
			if (!(thrown instanceof GraphqlError)) throw thrown;
		}
	}
	return undefined;
}

function readText(term: Term): string {
	if (typeof term !== "string") throw mismatch();
	return wellFormed(term);
}

function readValue(term: Term, shape: Shape): unknown {
	switch (shape.type) {
		case "text":
			return readText(term);
		case "flag":
			if (typeof term !== "boolean") throw mismatch();
			return term;
		case "count":
			return readCount(term);
		case "names":
			return itemsOf(term).map((item) => (item === null ? "" : readText(item)));
		case "selections":
			return itemsOf(term)
				.map(readSelection)
				.filter((item) => item !== undefined);
		case "one":
			return readStruct(term, shape.of());
		case "many":
			return itemsOf(term).map((item) => (item === null ? MISSING : readStruct(item, shape.of())));
	}
}

function readTree(term: ObjectTerm, shape: StructShape): object {
	if (!holdsJson(term)) throw mismatch();
	return readStruct(term, shape);
}

/**
 * Reads a tree that a policy gave as Go's `encoding/json` reads it into gqlparser's structs.
 * @throws {GraphqlError} for an object that is no tree of a query.
 */
export const readQueryTree = (term: ObjectTerm): QueryDocument =>
	readTree(term, queryDocumentShape) as QueryDocument;

/** The same for a schema. */
export const readSchemaTree = (term: ObjectTerm): SchemaDocument =>
	readTree(term, schemaDocumentShape) as SchemaDocument;
