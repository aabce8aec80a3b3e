import { LRUCache } from "lru-cache";
import { isObject, type Term } from "../../../term/term.ts";
import type { SchemaDocument } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { MAX_CACHED_SCHEMAS, MAX_CACHED_TEXT } from "../limits.ts";
import { parseSchema } from "../parse/schema.ts";
import { readSchemaTree } from "../tree/from-term.ts";
import { schemaTerm } from "../tree/to-term.ts";
import { buildSchema } from "./build.ts";
import type { Schema } from "./schema.ts";

/** A schema that was read, and what is made of it when it is first asked for. */
export interface SchemaSource {
	/** The tree that policies get. */
	tree(): Term;
	/**
	 * @throws {GraphqlError} when the schema is not valid.
	 * @throws {RangeError} over a limit, or for a tree that OPA could not judge.
	 */
	schema(): Schema;
}

function sourceOf(document: SchemaDocument): SchemaSource {
	let tree: Term | undefined;
	let made: Schema | GraphqlError | undefined;
	const make = (): Schema | GraphqlError => {
		try {
			return buildSchema(document);
		} catch (thrown) {
			if (thrown instanceof GraphqlError) return thrown;
			throw thrown;
		}
	};
	return {
		tree() {
			tree ??= schemaTerm(document);
			return tree;
		},
		schema() {
			made ??= make();
			if (made instanceof GraphqlError) throw made;
			return made;
		},
	};
}

/** By their texts. What is kept depends on nothing but the text. */
const sources = new LRUCache<string, SchemaSource>({
	max: MAX_CACHED_SCHEMAS,
	maxSize: MAX_CACHED_TEXT,
	sizeCalculation: (_source, text) => text.length + 1,
});

/**
 * A schema from a text, or from a tree as the builtins give it.
 * @throws {GraphqlError} for any other value, and for what is no schema.
 */
export function schemaSource(term: Term | undefined): SchemaSource {
	if (isObject(term)) return sourceOf(readSchemaTree(term));
	if (typeof term !== "string") throw new GraphqlError("neither a text nor a tree");
	const known = sources.get(term);
	if (known !== undefined) return known;
	const made = sourceOf(parseSchema(term));
	sources.set(term, made);
	return made;
}
