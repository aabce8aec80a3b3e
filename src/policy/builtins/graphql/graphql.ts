import type { Term } from "../../term/term.ts";
import { type Builtin, ofString } from "../builtin.ts";
import { GraphqlError } from "./graphql-error.ts";
import { parseQuery } from "./parse/query.ts";
import { parseSchema } from "./parse/schema.ts";
import { queryTerm, schemaTerm } from "./tree/to-term.ts";

/** The answer of `run`, or `undefined` where OPA would report an error. */
function attempt(run: () => Term): Term | undefined {
	try {
		return run();
	} catch (thrown) {
		if (thrown instanceof GraphqlError) return undefined;
		throw thrown;
	}
}

export const graphqlBuiltins: Readonly<Record<string, Builtin>> = {
	"graphql.parse_query": ofString((text) => attempt(() => queryTerm(parseQuery(text)))),
	"graphql.parse_schema": ofString((text) => attempt(() => schemaTerm(parseSchema(text)))),
};
