import { readBundle } from "../bundle/read.ts";
import { parsePlan } from "../plan/by-entrypoint.ts";
import type { Plan, SourcePlace, Statement } from "../plan/ir.ts";
import { type FlowRules, followFlow } from "./flow.ts";
import { openDirectives } from "./open-directives.ts";

/** What a policy does that its author may not mean. Codes of the catalogue of errors. */
export interface PolicyFinding {
	readonly code: "policy_directive_open" | "policy_selector_built" | "policy_answers_differ";
	readonly message: string;
	/** As the bundle names it. */
	readonly file: string;
	/** From 1. */
	readonly line: number;
	readonly column: number;
}

/** Builtins that make a text out of parts. */
const TEXT_MAKERS = new Set([
	"concat",
	"internal.template_string",
	"regex.replace",
	"replace",
	"sprintf",
	"strings.render_template",
	"strings.replace_n",
]);

/** Builtins that give back what they were given, or parts of it. */
const CARRIERS = [
	"array.concat",
	"array.flatten",
	"array.reverse",
	"array.slice",
	"json.filter",
	"json.patch",
	"json.remove",
	"object.filter",
	"object.get",
	"object.remove",
	"object.union",
	"object.union_n",
	"or",
	"and",
	"minus",
	"sort",
	"union",
];

/** The library that comes with Postern. */
const LIBRARY = "g0.data.postern.lib.";

const SELECTORS: FlowRules = {
	makes: TEXT_MAKERS,
	carries: new Set([...CARRIERS, "lower", "upper", "trim"]),
	trusted: LIBRARY,
};
const SELECTOR_KEYS: ReadonlySet<string> = new Set(["release", "withhold", "select"]);

/** Strings of any bytes come out of these; those give up on what is no UTF-8. */
const BYTES: FlowRules = {
	makes: new Set(["base64.decode", "base64url.decode", "hex.decode"]),
	carries: new Set([...CARRIERS, "concat", "replace"]),
	trusted: LIBRARY,
};
const GIVE_UP: ReadonlySet<string> = new Set([
	"split",
	"strings.reverse",
	"substring",
	"trim",
	"trim_left",
	"trim_prefix",
	"trim_right",
	"trim_space",
	"trim_suffix",
]);

/**
 * Looks through a bundle's plan for what is better written otherwise; a bundle without one is not looked through.
 * @throws {PosternError} as `loadPolicy` does for a bundle that is none
 */
export async function lintBundle(bytes: Uint8Array, maxBytes: number): Promise<readonly PolicyFinding[]> {
	const { plan } = await readBundle(bytes, maxBytes);
	const parsed = plan === undefined ? undefined : parsePlan(plan);
	return parsed === undefined ? [] : lintPlan(parsed);
}

function lintPlan(plan: Plan): readonly PolicyFinding[] {
	const found: PolicyFinding[] = [];
	const seen = new Set<string>();
	const report = (code: PolicyFinding["code"], at: SourcePlace, message: string): void => {
		const file = plan.files[at.file] ?? "?";
		const key = `${code} ${file}:${at.row}`;
		if (at.row === 0 || seen.has(key)) return;
		seen.add(key);
		found.push({ code, message, file, line: at.row, column: at.col });
	};

	for (const at of openDirectives(plan)) {
		report(
			"policy_directive_open",
			at,
			'a directive without "release" releases every field that it does not name, those to come too; write "release"',
		);
	}
	followFlow(plan, SELECTORS, (statement, marked) => {
		if (statement.type !== "ObjectInsertStmt" && statement.type !== "ObjectInsertOnceStmt") return;
		if (statement.key.kind !== "string" || !SELECTOR_KEYS.has(statement.key.text) || !marked(statement.value))
			return;
		report(
			"policy_selector_built",
			statement.at,
			`a selector in "${statement.key.text}" is put together as text, so that data in it could select something else; write an array of names`,
		);
	});
	followFlow(plan, BYTES, (statement, marked) => {
		if (statement.type !== "CallStmt" || !GIVE_UP.has(statement.func) || !statement.args.some(marked)) return;
		report(
			"policy_answers_differ",
			statement.at,
			`${statement.func} over decoded bytes: where they are no UTF-8, OPA goes on and this host denies the call`,
		);
	});
	for (const at of unscannedWalks(plan)) {
		report(
			"policy_answers_differ",
			at,
			"walk with one argument counts once here, and once a value in OPA; write walk(x, _)",
		);
	}
	return found;
}

/** Calls of `walk` whose result nobody goes through. */
function unscannedWalks(plan: Plan): readonly SourcePlace[] {
	const found: SourcePlace[] = [];
	for (const { blocks } of plan.functions.values()) {
		const walks = new Map<number, SourcePlace>();
		const visit = (statement: Statement): void => {
			switch (statement.type) {
				case "CallStmt":
					if (statement.func === "walk") walks.set(statement.result, statement.at);
					return;
				case "ScanStmt":
					walks.delete(statement.source);
					statement.block.statements.forEach(visit);
					return;
				case "BlockStmt":
					for (const block of statement.blocks) block.statements.forEach(visit);
					return;
				case "NotStmt":
				case "WithStmt":
					statement.block.statements.forEach(visit);
			}
		};
		for (const block of blocks) block.statements.forEach(visit);
		found.push(...walks.values());
	}
	return found;
}
