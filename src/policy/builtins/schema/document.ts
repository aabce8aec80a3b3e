import { wellFormed } from "../../term/byte-string.ts";
import { compareStrings, sortEntries, sortTerms } from "../../term/compare.ts";
import { termFromJson } from "../../term/from-json.ts";
import { isArray, isObject, type ObjectTerm, type Term } from "../../term/term.ts";
import { isJsonNumber as isLiteral } from "../../term/to-json.ts";
import { goJson } from "../go/json.ts";
import { goQuote } from "../go/quote.ts";
import { beyond, MAX_NESTING } from "./bounds.ts";
import { SchemaError } from "./schema-error.ts";

/** A JSON value as schemas see it: numbers keep their text, members come in the order of their names. */
export type Json = null | boolean | string | JsonNumber | JsonArray | JsonObject;

export interface JsonNumber {
	readonly kind: "number";
	readonly text: string;
}

export interface JsonArray {
	readonly kind: "array";
	readonly items: readonly Json[];
}

export interface JsonObject {
	readonly kind: "object";
	readonly members: ReadonlyMap<string, Json>;
}

export function isJsonNumber(value: Json | undefined): value is JsonNumber {
	return typeof value === "object" && value !== null && value.kind === "number";
}

export function isJsonArray(value: Json | undefined): value is JsonArray {
	return typeof value === "object" && value !== null && value.kind === "array";
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
	return typeof value === "object" && value !== null && value.kind === "object";
}

const numberError = (literal: string): SchemaError =>
	new SchemaError(`json: invalid number literal ${goQuote(literal)}`);

/** A key that is no string is named by its JSON text; of two of one name the later in OPA's order stays. */
function objectOf(term: ObjectTerm, depth: number): JsonObject {
	const members = new Map<string, Json>();
	let sorted = true;
	for (const [key, value] of sortEntries(term)) {
		const name = typeof key === "string" ? wellFormed(key) : goJson(key);
		if (name === undefined) throw new SchemaError("json: invalid number literal");
		if (name !== key) sorted = false;
		members.set(name, jsonOf(value, depth + 1));
	}
	if (sorted) return { kind: "object", members };
	return { kind: "object", members: new Map([...members].sort(([a], [b]) => compareStrings(a, b))) };
}

function jsonOf(term: Term, depth: number): Json {
	if (depth > MAX_NESTING) throw beyond("a document nested too deep");
	if (typeof term === "string") return wellFormed(term);
	if (typeof term !== "object" || term === null) return term;
	switch (term.kind) {
		case "number":
			if (!isLiteral(term.text)) throw numberError(term.text);
			return term;
		case "array":
			return { kind: "array", items: term.items.map((item) => jsonOf(item, depth + 1)) };
		case "set":
			return { kind: "array", items: sortTerms(term.items).map((item) => jsonOf(item, depth + 1)) };
		case "object":
			return objectOf(term, depth);
	}
}

/** Whether brackets outside strings nest deeper than is allowed; the text need not be JSON. */
function nestsTooDeep(text: string): boolean {
	let depth = 0;
	let quoted = false;
	for (let at = 0; at < text.length; at++) {
		const char = text[at];
		if (char === '"') quoted = !quoted;
		else if (quoted) at += char === "\\" ? 1 : 0;
		else if (char === "[" || char === "{") depth++;
		else if (char === "]" || char === "}") depth--;
		if (depth > MAX_NESTING) return true;
	}
	return false;
}

function parse(text: string): Json {
	const term = termFromJson(text);
	if (term !== undefined) return jsonOf(term, 0);
	// Too deep a text is no JSON to the reader, and may be one to OPA.
	if (nestsTooDeep(text)) throw beyond("a document nested too deep");
	throw new SchemaError("invalid JSON string");
}

/**
 * A builtin's argument: a JSON text, an object or an array.
 * @throws {SchemaError} with OPA's text for what it refuses.
 * @throws {RangeError} for what is nested too deep.
 */
export function readArgument(term: Term): Json {
	if (typeof term === "string") return parse(term);
	if (isObject(term) || isArray(term)) return jsonOf(term, 0);
	throw new SchemaError("wrong type, expected string or object");
}
