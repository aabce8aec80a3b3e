import type { JsonValue } from "../lib/json-value.ts";
import { canonicalJson } from "./canonical.ts";
import type { DirectiveRules } from "./directive-rules.ts";
import type { Strategy } from "./types.ts";
import { isWellFormed } from "./well-formed.ts";

export type StrategyResult =
	| { readonly ok: true; readonly strategy: Strategy; readonly parameters: string }
	| { readonly ok: false; readonly message: string };

type Given = Readonly<Record<string, unknown>>;

const PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map([
	["null", []],
	["redact", []],
	["constant", ["value"]],
	["partial", ["keep_start", "keep_end", "char"]],
	["email", []],
	["year", []],
	["truncate", ["length"]],
	["hash", ["domain"]],
]);

/**
 * Reads `as` and its parameters out of `given`; `others` are the keys of `given` that are somebody
 * else's (`select`, `detector`).
 */
export function readStrategy(given: Given, others: readonly string[], rules: DirectiveRules): StrategyResult {
	const as = given["as"];
	const known = typeof as === "string" ? PARAMETERS.get(as) : undefined;
	if (typeof as !== "string" || known === undefined) {
		return bad(`as: expected one of ${[...PARAMETERS.keys()].join(", ")}`);
	}
	const parameters: Record<string, unknown> = Object.create(null);
	for (const key of Object.keys(given)) {
		if (key === "as" || others.includes(key)) continue;
		const extra = key === "min_hidden" && as === "partial" && rules.decisionKeys;
		if (!extra && !known.includes(key)) return bad(`${as} has no parameter ${JSON.stringify(key)}`);
		parameters[key] = given[key];
	}
	const strategy = build(as, parameters, rules);
	if (typeof strategy === "string") return bad(`${as}: ${strategy}`);
	return { ok: true, strategy, parameters: canonicalJson(parameters) };
}

function build(as: string, given: Given, rules: DirectiveRules): Strategy | string {
	switch (as) {
		case "constant":
			if (!("value" in given)) return "value is required";
			if (!isFiniteJson(given["value"])) return "value holds a number that a double cannot hold";
			return { as, value: given["value"] as JsonValue };
		case "partial":
			return partial(given, rules);
		case "truncate": {
			const length = given["length"];
			if (!isCount(length)) return "length is required, an integer of 0 or more";
			const most = rules.maxTruncate ?? Number.POSITIVE_INFINITY;
			return length > most ? `length is at most ${most}` : { as, length };
		}
		case "hash": {
			if (!("domain" in given)) return { as };
			const domain = given["domain"];
			if (typeof domain !== "string" || domain.includes("\0")) return "domain is a string without U+0000";
			return { as, domain };
		}
		case "null":
		case "redact":
		case "email":
		case "year":
			return { as };
		default:
			return "unknown strategy";
	}
}

function partial(given: Given, rules: DirectiveRules): Strategy | string {
	const keepStart = "keep_start" in given ? given["keep_start"] : 0;
	const keepEnd = "keep_end" in given ? given["keep_end"] : 0;
	const char = "char" in given ? given["char"] : "*";
	if (!isCount(keepStart)) return "keep_start is an integer of 0 or more";
	if (!isCount(keepEnd)) return "keep_end is an integer of 0 or more";
	const most = rules.maxKeep ?? Number.POSITIVE_INFINITY;
	if (keepStart + keepEnd > most) return `keep_start and keep_end together are at most ${most}`;
	if (typeof char !== "string" || [...char].length !== 1 || !isWellFormed(char))
		return "char is one code point";
	if (!("min_hidden" in given)) return { as: "partial", keepStart, keepEnd, char };
	const minHidden = given["min_hidden"];
	if (!isCount(minHidden)) return "min_hidden is an integer of 0 or more";
	return { as: "partial", keepStart, keepEnd, char, minHidden };
}

function isCount(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** JSON readers turn `1e400` into Infinity, which JSON.stringify would write as `null`. */
function isFiniteJson(value: unknown): boolean {
	if (typeof value === "number") return Number.isFinite(value);
	if (typeof value !== "object" || value === null) return true;
	return Object.values(value).every(isFiniteJson);
}

function bad(message: string): StrategyResult {
	return { ok: false, message };
}
