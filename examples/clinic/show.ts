import type { AuditRecord, DecisionRecord, ReleaseRecord } from "../../src/audit/types.ts";
import type { FieldReport } from "../../src/fields/types.ts";
import { compare, type Row } from "./compare.ts";
import { readTree } from "./json-tree.ts";
import type { Played } from "./play.ts";
import type { Screen } from "./screen.ts";

const sum = (entries: readonly { readonly count: number }[]) =>
	entries.reduce((total, { count }) => total + count, 0);

function fieldCounts(screen: Screen, fields: FieldReport): string {
	const { green, yellow, red } = screen;
	return [
		green(`${sum(fields.released)} released`),
		yellow(`${sum(fields.masked)} masked`),
		red(`${sum(fields.withheld)} withheld`),
	].join(", ");
}

/** One line: what was decided, and why. */
function verdict(screen: Screen, { answer, records }: Played): string {
	const { decision, request, release } = records;
	const good = answer.status < 400;
	const status = (good ? screen.green : screen.red)(screen.bold(String(answer.status)));
	if (decision === undefined)
		return `${status} ${screen.red("refused")}: Envoy could not ask, so nothing passes`;
	if (decision.verdict === "deny") {
		const why = decision.policy_reason ?? decision.reason;
		const code = why === decision.reason ? "" : screen.dim(` (${decision.reason})`);
		return `${status} ${screen.red("denied")}: ${why}${code}`;
	}
	const allowed = `${status} ${screen.green("allowed")} by rule ${decision.rules.join(", ")}`;
	if (request?.outcome === "replaced")
		return `${allowed}, but the body was ${screen.red("refused")}: ${request.reason}`;
	if (decision.released === "whole") return `${allowed}, the answer released whole`;
	if (release?.outcome === "replaced") {
		return `${allowed}, but the answer was ${screen.red("replaced")}: ${release.reason}`;
	}
	return release?.fields === undefined ? allowed : `${allowed}: ${fieldCounts(screen, release.fields)}`;
}

/** A text that is no JSON, cut into lines that fit; JSON as one line per member. */
function readable(text: string, width: number): readonly string[] {
	const tree = readTree(text);
	if (tree?.kind === "object") return compare(tree, tree).map(({ left }) => left);
	return text.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
}

/** An answer that was replaced: nothing of the left side is on the right one. */
function replacedRows(upstream: string, seen: string, width: number): readonly Row[] {
	const left = readable(upstream, width);
	const right = readable(seen, width);
	return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => ({
		sign: index < left.length ? ("-" as const) : (" " as const),
		left: left[index] ?? "",
		right: right[index] ?? "",
	}));
}

/** Both sides of a body that was judged; of one that is no JSON, one after the other. */
function compareOrReplace(before: string, after: string, width: number): readonly Row[] {
	const tree = readTree(before);
	return tree === undefined ? replacedRows(before, after, width) : compare(tree, readTree(after));
}

/** Everything about one call. */
export function showCall(screen: Screen, number: number, played: Played): void {
	const { scene, answer, reachedUpstream } = played;
	screen.heading(`${number}. ${scene.title}`);
	screen.print(
		`  ${screen.bold(scene.caller.name)} ${screen.dim(`(${scene.caller.credential})`)} ${screen.cyan(`${scene.method ?? "GET"} ${scene.path}`)}`,
	);
	screen.print(`  → ${verdict(screen, played)}`);
	if (scene.body !== undefined) {
		screen.print();
		const rows = reachedUpstream
			? compareOrReplace(scene.body, played.upstream.sent, screen.half)
			: replacedRows(scene.body, "", screen.half);
		screen.columns(["what the caller sent", "what the service got"], rows);
	}
	if (reachedUpstream) {
		screen.print();
		const own = played.upstream.answered;
		const replaced = played.records.release?.outcome === "replaced";
		const rows = replaced
			? replacedRows(own, answer.body, screen.half)
			: compareOrReplace(own, answer.body, screen.half);
		screen.columns(["the service's own answer", "what this caller saw"], rows);
	} else {
		const body = answer.body === "" ? "an empty body" : answer.body;
		screen.print(`    ${screen.dim("the service was not called; the caller got")} ${body}`);
	}
	for (const surprise of played.surprises) screen.print(`  ${screen.red(`UNEXPECTED ${surprise}`)}`);
}

/** The outage's calls, a line each. */
export function showRefused(screen: Screen, played: Played): void {
	const { scene, surprises } = played;
	const who = `${scene.caller.name} GET ${scene.path}`;
	screen.print(`  ${screen.bold(who.padEnd(36))} → ${verdict(screen, played)}`);
	for (const surprise of surprises) screen.print(`  ${screen.red(`UNEXPECTED ${surprise}`)}`);
}

/** Names of fields over as many lines as they take. */
function paths(
	entries: readonly { readonly path: string; readonly count: number }[],
	width: number,
): readonly string[] {
	const lines: string[] = [];
	for (const { path, count } of entries) {
		const word = count > 1 ? `${path} ×${count}` : path;
		const last = lines.at(-1);
		if (last !== undefined && last.length + 2 + word.length <= width) lines.splice(-1, 1, `${last}  ${word}`);
		else lines.push(word);
	}
	return lines;
}

const WHAT_WIDTH = 15;
/** Columns before the names of an audit line. */
const AUDIT_INDENT = 34;

function decisionLines(screen: Screen, record: DecisionRecord): readonly string[] {
	const { caller, operation } = record;
	const who = caller.id ?? "nobody";
	const word = record.verdict === "allow" ? screen.green("allow") : screen.red("deny ");
	const what = `${operation.method} ${operation.path}`.padEnd(WHAT_WIDTH);
	const rules = record.verdict === "allow" ? `rule ${record.rules.join(", ")}` : undefined;
	const why = rules ?? record.policy_reason ?? record.reason;
	return [`decision  ${word}  ${what}  ${who}  ${screen.dim(why)}`];
}

function releaseLines(screen: Screen, record: ReleaseRecord): readonly string[] {
	const what = record.direction === "request" ? "request " : "release ";
	if (record.outcome === "replaced" || record.fields === undefined) {
		return [`${what}  ${screen.red("replaced")} by ${record.status}: ${record.reason ?? ""}`];
	}
	const { released, masked, withheld } = record.fields;
	const part = (colour: (text: string) => string, sign: string, word: string, entries: typeof released) =>
		paths(entries, screen.width - AUDIT_INDENT).map((text, index) => {
			const label = index === 0 ? colour(`${sign} ${word.padEnd(9)}`) : " ".repeat(11);
			return `          ${label} ${text}`;
		});
	const [first, ...rest] = [
		...part(screen.green, "=", "released", released),
		...part(screen.yellow, "~", "masked", masked),
		...part(screen.red, "-", "withheld", withheld),
	];
	return [`${what}  ${(first ?? "").trimStart()}`, ...rest];
}

/** The audit file for a person: two lines and more per call, joined by the decision's id. */
export function showAudit(screen: Screen, records: readonly AuditRecord[]): void {
	let last: string | undefined;
	for (const record of records) {
		const id = record.decision_id ?? "";
		const label = id === last ? " ".repeat(8) : id.slice(0, 8).padEnd(8);
		last = id;
		const [first, ...rest] =
			record.type === "decision" ? decisionLines(screen, record) : releaseLines(screen, record);
		screen.print(`  ${screen.dim(label)}  ${first ?? ""}`);
		for (const line of rest) screen.print(`  ${" ".repeat(8)}  ${line}`);
	}
}
