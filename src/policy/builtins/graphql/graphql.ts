import { arrayTerm, isObject, objectTerm, type Term } from "../../term/term.ts";
import { type Builtin, ofString } from "../builtin.ts";
import type { QueryDocument } from "./ast.ts";
import { GraphqlError } from "./graphql-error.ts";
import { parseQuery } from "./parse/query.ts";
import { schemaSource } from "./schema/source.ts";
import { readQueryTree } from "./tree/from-term.ts";
import { queryTerm } from "./tree/to-term.ts";
import { validateQuery } from "./validate.ts";

/** A query from a text, or from a tree as the builtins give it. */
function readQuery(term: Term | undefined): QueryDocument {
	if (typeof term === "string") return parseQuery(term);
	if (isObject(term)) return readQueryTree(term);
	throw new GraphqlError("neither a text nor a tree");
}

/** Both trees of a query that is valid. The query's is made first: judging it writes on it. */
function verified(query: Term | undefined, schema: Term | undefined): readonly [Term, Term] {
	const document = readQuery(query);
	const source = schemaSource(schema);
	const tree = queryTerm(document);
	validateQuery(source.schema(), document);
	return [tree, source.tree()];
}

/** The answer of `run`, or `refused` where OPA would report an error. */
function attempt<T>(run: () => T, refused: T): T {
	try {
		return run();
	} catch (thrown) {
		if (thrown instanceof GraphqlError) return refused;
		throw thrown;
	}
}

const parse: Builtin = ([query, schema]) =>
	attempt<Term | undefined>(() => arrayTerm(verified(query, schema)), undefined);

const parseAndVerify: Builtin = ([query, schema]) =>
	attempt(
		() => arrayTerm([true, ...verified(query, schema)]),
		arrayTerm([false, objectTerm([]), objectTerm([])]),
	);

const parseQueryText = ofString((text) =>
	attempt<Term | undefined>(() => queryTerm(parseQuery(text)), undefined),
);

const parseSchemaText = ofString((text) =>
	attempt<Term | undefined>(() => schemaSource(text).tree(), undefined),
);

const isValid: Builtin = ([query, schema]) =>
	attempt(() => {
		const document = readQuery(query);
		validateQuery(schemaSource(schema).schema(), document);
		return true;
	}, false);

const schemaIsValid: Builtin = ([schema]) =>
	attempt(() => {
		schemaSource(schema).schema();
		return true;
	}, false);

export const graphqlBuiltins: Readonly<Record<string, Builtin>> = {
	"graphql.is_valid": isValid,
	"graphql.parse": parse,
	"graphql.parse_and_verify": parseAndVerify,
	"graphql.parse_query": parseQueryText,
	"graphql.parse_schema": parseSchemaText,
	"graphql.schema_is_valid": schemaIsValid,
};
