import type { Judged, Known } from "./suite.ts";

export interface Counts {
	readonly passed: number;
	readonly failed: number;
	readonly not_compilable: number;
}

export function countOf(judged: readonly Judged[]): Counts {
	const counts = { passed: 0, failed: 0, not_compilable: 0 };
	for (const { verdict } of judged) counts[verdict.kind]++;
	return counts;
}

export function byGroup(judged: readonly Judged[]): ReadonlyMap<string, readonly Judged[]> {
	const groups = new Map<string, Judged[]>();
	for (const item of judged) {
		const members = groups.get(item.one.group);
		if (members === undefined) groups.set(item.one.group, [item]);
		else members.push(item);
	}
	return groups;
}

const share = ({ passed, failed }: Counts): string =>
	passed + failed === 0 ? "" : `${((100 * passed) / (passed + failed)).toFixed(1)} %`;

const START = "<!-- conformance: written by `npm run test:conformance` -->";
const END = "<!-- conformance: end -->";

/** The generated part of `docs/reference/rego-support.md`. */
function section(judged: readonly Judged[], version: string, known: Known): string {
	const total = countOf(judged);
	const lines = [
		START,
		"",
		`OPA ${version} has ${judged.length} cases of its own for Rego v1. Of those that compile, ${total.passed} pass and`,
		`${total.failed} fail (${share(total)}); ${total.not_compilable} do not compile for WASM with Postern's builtins.`,
		"",
		"| group | passed | failed | not compilable | of what compiles |",
		"|---|---:|---:|---:|---:|",
	];
	for (const [group, members] of byGroup(judged)) {
		const counts = countOf(members);
		lines.push(
			`| ${group} | ${counts.passed} | ${counts.failed} | ${counts.not_compilable} | ${share(counts)} |`,
		);
	}
	for (const [title, list] of [
		["Known failures, by why:", known.failures],
		["What does not compile, by why:", known.refusals],
	] as const) {
		lines.push("", title, "");
		for (const [why, notes] of Object.entries(list)) {
			lines.push(`- ${why}: ${notes.map((note) => `\`${note}\``).join(", ")}.`);
		}
	}
	return [...lines, "", END].join("\n");
}

/** The page with its generated part renewed. */
export function renewPage(page: string, judged: readonly Judged[], version: string, known: Known): string {
	const start = page.indexOf(START);
	const end = page.indexOf(END);
	if (start < 0 || end < start) throw new Error("rego-support.md has no place for the counts");
	return page.slice(0, start) + section(judged, version, known) + page.slice(end + END.length);
}
