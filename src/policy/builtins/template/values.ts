import { compareStrings } from "../../term/compare.ts";
import type { Term } from "../../term/term.ts";
import { goQuote } from "../go/quote.ts";
import { TemplateError, unsupported } from "./lex.ts";

/** A number of the policy, which the template takes for a text: Go's `json.Number`. */
export interface NumberText {
	readonly number: string;
}

/** `undefined` for what is not there, `null` for null; integers are literals, lengths and indexes. */
export type Value =
	| undefined
	| null
	| boolean
	| string
	| bigint
	| NumberText
	| readonly Value[]
	| ReadonlyMap<string, Value>;

export const isNumberText = (value: Value): value is NumberText =>
	typeof value === "object" && value !== null && "number" in value;

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map;

/**
 * OPA hands data to a template as its own text read as JSON: what Rego writes with escapes that JSON has not, it
 * cannot.
 */
function textValue(text: string): string {
	try {
		return JSON.parse(goQuote(text)) as string;
	} catch {
		throw new TemplateError("a text that is no JSON");
	}
}

/**
 * A term as a template sees it, members by name.
 * @throws {TemplateError} for a set, a key that is no text, or a text that OPA cannot hand over.
 */
export function toValue(term: Term): Value {
	if (typeof term === "string") return textValue(term);
	if (term === null || typeof term === "boolean") return term;
	switch (term.kind) {
		case "number":
			return { number: term.text };
		case "array":
			return term.items.map(toValue);
		case "set":
			throw new TemplateError("a set in the data");
		case "object":
			return new Map(
				term.entries
					.map(([key, value]) => [keyName(key), toValue(value)] as const)
					.sort(([a], [b]) => compareStrings(a, b)),
			);
	}
}

function keyName(key: Term): string {
	if (typeof key !== "string") throw new TemplateError("a key that is no text");
	return textValue(key);
}

/** As Go's `fmt` prints it with `%v`, inside a container or as an argument. */
export function printed(value: Value): string {
	if (value === undefined || value === null) return "<nil>";
	if (isNumberText(value)) return value.number;
	if (isList(value)) return `[${value.map(printed).join(" ")}]`;
	if (isMap(value)) return `map[${[...value].map(([key, member]) => `${key}:${printed(member)}`).join(" ")}]`;
	return String(value);
}

export function isTrue(value: Value): boolean {
	if (value === undefined || value === null) return false;
	if (isList(value)) return value.length > 0;
	if (isMap(value)) return value.size > 0;
	// A number of the policy is a text: zero is true.
	return isNumberText(value) || Boolean(value);
}

type Basic =
	| { readonly kind: "text"; readonly value: string }
	| { readonly kind: "other"; readonly value: bigint | boolean };

function basic(value: Value): Basic | undefined {
	if (typeof value === "string") return { kind: "text", value };
	if (isNumberText(value)) return { kind: "text", value: value.number };
	if (typeof value === "bigint" || typeof value === "boolean") return { kind: "other", value };
	return undefined;
}

export function equal(first: Value, second: Value): boolean {
	if (first === undefined || first === null || second === undefined || second === null) {
		return (first ?? null) === null && (second ?? null) === null;
	}
	const a = basic(first);
	const b = basic(second);
	if (a === undefined && b === undefined) throw unsupported("a comparison of containers");
	if (a === undefined || b === undefined || typeof a.value !== typeof b.value)
		throw new TemplateError("incompatible types");
	return a.value === b.value;
}

/** −1, 0 or 1. */
export function order(first: Value, second: Value): number {
	const a = basic(first)?.value;
	const b = basic(second)?.value;
	if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
	if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
	throw new TemplateError("incompatible types");
}
