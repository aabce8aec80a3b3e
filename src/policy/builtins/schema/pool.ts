import { beyond, type Effort } from "./bounds.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "./document.ts";
import { type Draft, draftOf } from "./draft.ts";
import { metaSchemaAt } from "./meta-schema.ts";
import { pointedTo } from "./pointer.ts";
import {
	HERE,
	isAbsolute,
	parseReference,
	pointerOf,
	type Reference,
	resolved,
	withoutFragment,
} from "./reference.ts";
import { SchemaError } from "./schema-error.ts";

export interface Pooled {
	readonly document: Json;
	/** That of the whole document it stands in, if it names one. */
	readonly draft: Draft | undefined;
}

/** Documents and their parts, by the references that lead to them. */
export interface Pool {
	/**
	 * Adds a document, with every part of it that has an `$id` or `id` of its own.
	 * @throws {SchemaError} also when something is known by one of these already.
	 */
	add(document: Json, reference: Reference): void;
	/**
	 * What a reference leads to. Nothing is ever fetched.
	 * @throws {SchemaError} when that is nothing.
	 */
	find(reference: Reference): Pooled;
	/** The `$ref` of an object in a document that was added, resolved where it stands; `undefined` where it is not one. */
	referenceIn(object: JsonObject): string | undefined;
}

/** Members whose own members are schemas, whatever their names are. */
const OF_SCHEMAS = new Set(["properties", "dependencies", "patternProperties"]);
/** Members that are values, whatever they look like. */
const VALUES = new Set(["const", "enum"]);

function attempt(resolve: () => Reference): Reference | undefined {
	try {
		return resolve();
	} catch (thrown) {
		if (thrown instanceof SchemaError) return undefined;
		throw thrown;
	}
}

export function createPool(effort: Effort): Pool {
	const known = new Map<string, Pooled>();
	const references = new Map<JsonObject, string>();

	const claim = (text: string): void => {
		if (known.has(text)) throw new SchemaError(`Reference already exists: "${text}"`);
	};

	/** The reference to an object by its own id, and to where its parts stand. */
	function ownReference(object: JsonObject, base: Reference, draft: Draft | undefined): Reference {
		const id = object.members.get(object.members.has("id") ? "id" : "$id");
		const given = typeof id === "string" ? attempt(() => parseReference(id)) : undefined;
		if (given === undefined) return base;
		effort.step(base.text.length + given.text.length);
		const own = attempt(() => resolved(base, given));
		// OPA crashes over such an id.
		if (own === undefined) throw beyond("an id that is no URL where it stands");
		claim(own.text);
		known.set(own.text, { document: object, draft });
		return own;
	}

	function noteReference(object: JsonObject, base: Reference): void {
		const text = object.members.get("$ref");
		if (typeof text !== "string") return;
		effort.step(base.text.length + text.length);
		const meant = attempt(() => resolved(base, parseReference(text)));
		if (meant !== undefined) references.set(object, meant.text);
	}

	function scan(value: Json, base: Reference, draft: Draft | undefined): void {
		effort.step();
		if (isJsonArray(value)) for (const item of value.items) scan(item, base, draft);
		if (!isJsonObject(value)) return;
		const own = ownReference(value, base, draft);
		noteReference(value, own);
		for (const [name, member] of value.members) {
			if (VALUES.has(name)) continue;
			if (!OF_SCHEMAS.has(name)) scan(member, own, draft);
			else if (isJsonObject(member)) for (const schema of member.members.values()) scan(schema, own, draft);
		}
	}

	function add(document: Json, reference: Reference): Draft | undefined {
		claim(reference.text);
		const draft = draftOf(document);
		scan(document, reference, draft);
		known.set(reference.text, { document, draft });
		return draft;
	}

	function load(reference: Reference, whole: Reference): Pooled {
		if (!isAbsolute(reference)) throw new SchemaError(`Reference ${reference.text} must be canonical`);
		const document = metaSchemaAt(whole.text);
		if (document === undefined) {
			throw new SchemaError(`remote reference loading disabled: ${whole.text}`);
		}
		const draft = add(document, whole);
		return { document: pointedTo(document, pointerOf(reference)), draft };
	}

	return {
		add,
		find(reference) {
			effort.step(reference.text.length);
			// What is no URL when written out is nothing but the document at hand to OPA.
			const written = attempt(() => parseReference(reference.text)) ?? HERE;
			const exact = known.get(written.text);
			if (exact !== undefined) return exact;
			const whole = withoutFragment(written);
			const around = known.get(whole.text);
			if (around === undefined) return load(reference, whole);
			const part = { document: pointedTo(around.document, pointerOf(reference)), draft: around.draft };
			known.set(reference.text, part);
			return part;
		},
		referenceIn: (object) => references.get(object),
	};
}
