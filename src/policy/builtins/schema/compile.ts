import { type Effort, effort as newEffort } from "./bounds.ts";
import { isJsonObject, type Json, type JsonObject } from "./document.ts";
import { type Draft, draftOf, HYBRID } from "./draft.ts";
import { createPool, type Pool } from "./pool.ts";
import { ARRAY_KEYWORDS, ARRAY_SIZE_KEYWORDS } from "./read-arrays.ts";
import { COMBINING_KEYWORDS } from "./read-combined.ts";
import { NUMBER_KEYWORDS } from "./read-numbers.ts";
import { OBJECT_KEYWORDS, OBJECT_SIZE_KEYWORDS } from "./read-objects.ts";
import { STRING_KEYWORDS } from "./read-strings.ts";
import { TYPE_KEYWORDS, VALUE_KEYWORDS } from "./read-values.ts";
import { type Keyword, maySchema, type Reading, stringMember } from "./reading.ts";
import { HERE, parseReference, type Reference, resolved } from "./reference.ts";
import { invalidType, mustBeOfType, SchemaError } from "./schema-error.ts";
import { emptySchema, type SubSchema } from "./sub-schema.ts";

const KEYWORDS: readonly Keyword[] = [
	...TYPE_KEYWORDS,
	...OBJECT_KEYWORDS,
	...ARRAY_KEYWORDS,
	...NUMBER_KEYWORDS,
	...STRING_KEYWORDS,
	...OBJECT_SIZE_KEYWORDS,
	...ARRAY_SIZE_KEYWORDS,
	...VALUE_KEYWORDS,
	...COMBINING_KEYWORDS,
];

/** Where a schema stands. */
interface Place {
	readonly draft: Draft;
	/** What its ids are relative to; nothing for the root. */
	readonly around: Reference | undefined;
	/** What those inside of it are relative to, if it has no id of its own. */
	readonly base: Reference;
}

interface Compilation {
	readonly effort: Effort;
	readonly pool: Pool;
	/** What is referred to, compiled once for each way of writing it. */
	readonly referred: Map<string, SubSchema>;
}

function idKey(members: ReadonlyMap<string, Json>, draft: Draft): string {
	return draft === 4 || (draft === HYBRID && members.has("id")) ? "id" : "$id";
}

function baseOf(reading: Reading, { draft, around, base }: Place): Reference {
	const id = stringMember(reading, idKey(reading.members, draft));
	if (id === undefined) return base;
	reading.effort.step(id.length + (around?.text.length ?? 0));
	const own = parseReference(id);
	return around === undefined ? own : resolved(around, own);
}

const definitions: Keyword = ({ members, child }) => {
	const value = members.get("definitions");
	if (value === undefined) return;
	const wrong = () => invalidType("Array Of Schemas", "definitions");
	if (!isJsonObject(value)) throw wrong();
	for (const schema of value.members.values()) {
		if (!maySchema(schema)) throw wrong();
		child(schema);
	}
};

/** Compiles what a reference leads to. It is known by its name before that, so that it can refer to itself. */
function follow(
	compilation: Compilation,
	reference: Reference,
	{ draft }: Place,
	base: Reference,
): SubSchema {
	const schema = emptySchema();
	compilation.referred.set(reference.text, schema);
	const found = compilation.pool.find(reference);
	if (!maySchema(found.document)) throw mustBeOfType("Valid Schema", "object");
	const place = { draft: found.draft ?? draft, around: base, base: reference };
	compile(compilation, found.document, schema, place);
	return schema;
}

/** Whether the schema was but a reference, and all is done. */
function readReference(
	compilation: Compilation,
	reading: Reading,
	node: JsonObject,
	place: Place,
	base: Reference,
): boolean {
	const written = stringMember(reading, "$ref");
	if (written === undefined) return false;
	const meant = compilation.pool.referenceIn(node) ?? written;
	reading.effort.step(meant.length);
	const reference = parseReference(meant);
	const known = compilation.referred.get(reference.text);
	reading.schema.reference = known ?? follow(compilation, reference, place, base);
	// OPA reads what stands beside a reference from the second time on that it meets it, without ever using it.
	return known === undefined;
}

function compileObject(compilation: Compilation, node: JsonObject, schema: SubSchema, place: Place): void {
	let base = place.base;
	const reading: Reading = {
		members: node.members,
		draft: place.draft,
		schema,
		effort: compilation.effort,
		child(value) {
			const child = emptySchema();
			compile(compilation, value, child, { draft: place.draft, around: base, base });
			return child;
		},
	};
	base = baseOf(reading, place);
	definitions(reading);
	stringMember(reading, "title");
	stringMember(reading, "description");
	if (readReference(compilation, reading, node, place, base)) return;
	for (const keyword of KEYWORDS) keyword(reading);
}

function compile(compilation: Compilation, node: Json, schema: SubSchema, place: Place): void {
	const { effort } = compilation;
	effort.schema();
	effort.enter();
	if (typeof node === "boolean" && place.draft >= 6) schema.pass = node;
	else if (isJsonObject(node)) compileObject(compilation, node, schema, place);
	else throw new SchemaError("Expected: Valid Schema, given: Invalid JSON");
	effort.leave();
}

interface Compiled {
	readonly schema: SubSchema;
	/** What it takes, in the units of `MAX_KEPT_SIZE`. */
	readonly size: number;
}

/**
 * Compiles a schema of draft 4, 6 or 7, or of no draft, as OPA's library does.
 * @throws {SchemaError} with OPA's text for what is no schema.
 * @throws {RangeError} for what is beyond the bounds.
 */
export function compileSchema(document: Json): Compiled {
	const effort = newEffort();
	const pool = createPool(effort);
	pool.add(document, HERE);
	const schema = emptySchema();
	const place = { draft: draftOf(document) ?? HYBRID, around: undefined, base: HERE };
	compile({ effort, pool, referred: new Map() }, document, schema, place);
	return { schema, size: effort.size() };
}
