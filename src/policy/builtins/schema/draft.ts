import { isJsonObject, type Json } from "./document.ts";
import { parseReference } from "./reference.ts";
import { mustBeOfType, SchemaError } from "./schema-error.ts";

/** Versions of JSON Schema, later ones being greater; `HYBRID` takes the keywords of all. */
export type Draft = 4 | 6 | 7 | typeof HYBRID;

export const HYBRID = 99;

const URLS: ReadonlyMap<string, Draft> = new Map([
	["http://json-schema.org/draft-04/schema", 4],
	["http://json-schema.org/draft-06/schema", 6],
	["http://json-schema.org/draft-07/schema", 7],
]);

/** The draft whose own schema a URL names, without a fragment. */
export const draftAt = (url: string): Draft | undefined => URLS.get(url);

/**
 * The draft that a document says it is written in; `undefined` for none, or one that is not known.
 * @throws {SchemaError}
 */
export function draftOf(document: Json): Draft | undefined {
	if (typeof document === "boolean") return undefined;
	if (!isJsonObject(document)) throw new SchemaError("schema is invalid");
	const named = document.members.get("$schema");
	if (named === undefined) return undefined;
	if (typeof named !== "string") throw mustBeOfType("$schema", "string");
	return draftAt(parseReference(named).text);
}
