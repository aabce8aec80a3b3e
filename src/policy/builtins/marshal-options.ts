import { isObject, type Term } from "../term/term.ts";
import { MAX_TEXT, tooLarge } from "./bounds.ts";
import type { Builtin } from "./builtin.ts";
import { goJson } from "./go/json.ts";

/** Tokens of compact JSON: strings, empty containers, what opens, closes and parts, and scalars. */
const TOKEN = /"(?:[^"\\]|\\.)*"|\[\]|\{\}|[[\]{},:]|[^"[\]{},:]+/g;

/** Compact JSON over several lines as Go's `json.MarshalIndent` writes it. */
function indented(json: string, prefix: string, indent: string): string {
	let depth = 0;
	let text = prefix;
	const line = (): string => `\n${prefix}${indent.repeat(depth)}`;
	for (const [token] of json.matchAll(TOKEN)) {
		if (token === "[" || token === "{") {
			depth++;
			text += token + line();
		} else if (token === "]" || token === "}") {
			depth--;
			text += line() + token;
		} else if (token === ",") text += token + line();
		else text += token === ":" ? ": " : token;
		if (text.length > MAX_TEXT) throw tooLarge("json.marshal_with_options");
	}
	return text;
}

interface Options {
	readonly prefix: string;
	readonly indent: string;
	readonly pretty: boolean;
}

/** `undefined` for an option that OPA does not know, or of a wrong type. */
function readOptions(term: Term | undefined): Options | undefined {
	if (!isObject(term)) return undefined;
	const given = new Map(term.entries);
	for (const [key, value] of given) {
		if (key === "pretty" ? typeof value !== "boolean" : typeof value !== "string") return undefined;
		if (key !== "pretty" && key !== "prefix" && key !== "indent") return undefined;
	}
	const { prefix = "", indent = "\t" } = Object.fromEntries(given) as Partial<Options>;
	const pretty = given.get("pretty") ?? (given.has("prefix") || given.has("indent"));
	return { prefix, indent, pretty: pretty === true };
}

const marshal: Builtin = ([value, options]) => {
	const read = readOptions(options);
	const json = value === undefined ? undefined : goJson(value);
	if (read === undefined || json === undefined) return undefined;
	return read.pretty ? indented(json, read.prefix, read.indent) : json;
};

export const marshalBuiltins: Readonly<Record<string, Builtin>> = { "json.marshal_with_options": marshal };
