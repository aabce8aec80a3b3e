import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { regoText } from "../policy/builtins/rego-text.ts";
import type { Explanation, RuleTrace, Stop } from "../policy/explain/trace.ts";
import type { SourcePlace } from "../policy/plan/ir.ts";
import type { Term } from "../policy/term/term.ts";
import { toJsonValue } from "../policy/term/to-json.ts";
import type { Evaluation, InputReads } from "../policy/types.ts";

/** One part of the input that the policy can read, and what was there. */
interface ReadPath {
	/** Dotted, `attributes.request.http.method`; empty for the whole input. */
	readonly path: string;
	/** Undefined: the input has no such member. */
	readonly value: JsonValue | undefined;
}

const MAX_TEXT = 60;
const cut = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** The parts of the input that can be read, deepest first told apart, in the order of their names. */
export function readPaths(reads: InputReads, input: JsonValue): readonly ReadPath[] {
	const found: ReadPath[] = [];
	const collect = (node: InputReads, value: JsonValue | undefined, path: string): void => {
		if (node.all || node.children.size === 0) {
			found.push({ path, value });
			return;
		}
		for (const [key, child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
			const plain = /^[A-Za-z_]\w*$/.test(key);
			const step = plain ? `${path === "" ? "" : "."}${key}` : `[${JSON.stringify(key)}]`;
			const held = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
			collect(child, held, path + step);
		}
	};
	if (reads.all || reads.children.size > 0) collect(reads, input, "");
	return found;
}

/** Whether a walk came to what the module answered, which is what counts. */
export function agrees({ result, failure }: Explanation, outcome: Evaluation): boolean {
	if (failure !== undefined || outcome.kind === "failed")
		return failure !== undefined && outcome.kind === "failed";
	if (result === undefined || outcome.kind === "undefined")
		return result === undefined && outcome.kind === "undefined";
	return isDeepStrictEqual(toJsonValue(result), outcome.value);
}

const placeText = (files: readonly string[], { file, row }: SourcePlace): string =>
	`${files[file] ?? "?"}:${row}`;

/** A value that leaves the question why it is not another. */
function unsatisfied(result: Term | undefined): boolean {
	if (result === undefined || result === false) return true;
	if (typeof result !== "object" || result?.kind !== "object") return false;
	return result.entries.some(([key, value]) => key === "allowed" && value === false);
}

const stopText = (files: readonly string[], { at, why, count }: Stop): string =>
	`${placeText(files, at)}: ${why}${count > 1 ? ` (${count} times)` : ""}`;

function ruleLines(files: readonly string[], rule: RuleTrace, depth: number): string[] {
	const indent = "  ".repeat(depth);
	const name = rule.args.length === 0 ? rule.name : `${rule.name}(${rule.args.map(regoText).join(", ")})`;
	const result = rule.result === undefined ? "is undefined" : `= ${cut(regoText(rule.result))}`;
	const by = rule.given.map((place) => placeText(files, place)).join(", ");
	const head = `${indent}${cut(name)} ${result}${by === "" ? "" : `   ${by}`}`;
	if (rule.repeated) return [`${head} (as above)`];
	return [
		head,
		...rule.calls.flatMap((call) => ruleLines(files, call, depth + 1)),
		...(unsatisfied(rule.result) ? rule.stops.map((stop) => `${indent}  ${stopText(files, stop)}`) : []),
	];
}

/** What a person reads: the rules that were asked, why bodies ended, and the parts of the input. */
export function explanationText(
	files: readonly string[],
	{ rules, failure, truncated }: Explanation,
	reads: readonly ReadPath[],
	same: boolean,
): string {
	const read =
		reads.length === 0
			? ["  nothing"]
			: reads.map(({ path, value }) =>
					path === ""
						? "  the whole input"
						: `  ${path} ${value === undefined ? "is absent" : `= ${cut(JSON.stringify(value))}`}`,
				);
	return [
		"Rules that were asked:",
		...(rules.length === 0 ? ["  none"] : rules.flatMap((rule) => ruleLines(files, rule, 1))),
		...(truncated ? ["  … and more"] : []),
		...(failure === undefined ? [] : [`  here it ended: ${failure}`]),
		...(same ? [] : ["  This walk did not come to the module's answer above, which is the one that counts."]),
		"",
		"Of the input it can read:",
		...read,
	].join("\n");
}

function ruleJson(files: readonly string[], rule: RuleTrace): JsonObject {
	return {
		name: rule.name,
		...(rule.args.length === 0 ? {} : { args: rule.args.map(regoText) }),
		...(rule.result === undefined ? {} : { result: regoText(rule.result) }),
		given: rule.given.map((place) => placeText(files, place)),
		stops: rule.stops.map(({ at, why, count }) => ({ at: placeText(files, at), why, count })),
		calls: rule.calls.map((call) => ruleJson(files, call)),
		...(rule.repeated ? { repeated: true } : {}),
	};
}

/** The same for programs; values as Rego writes them. */
export function explanationJson(
	files: readonly string[],
	{ rules, failure, truncated }: Explanation,
	reads: readonly ReadPath[],
	same: boolean,
): JsonObject {
	return {
		rules: rules.map((rule) => ruleJson(files, rule)),
		reads: reads.map(({ path, value }) => (value === undefined ? { path } : { path, value })),
		...(failure === undefined ? {} : { failure }),
		...(truncated ? { truncated } : {}),
		agrees: same,
	};
}
