import { readFile } from "node:fs/promises";
import type { Opa } from "../../src/policy/bundle/opa.ts";
import type { ConformanceCase } from "./cases.ts";
import { judge, type Verdict } from "./judge.ts";

/** Cases under way at once: the compiler is a process of its own. */
const CONCURRENCY = 3;

export interface Judged {
	readonly one: ConformanceCase;
	readonly verdict: Verdict;
}

/** Runs cases, some at once; the answers are in the order of the cases. */
export async function judgeAll(
	opa: Opa,
	cases: readonly ConformanceCase[],
	onDone: (done: number) => void = () => undefined,
): Promise<readonly Judged[]> {
	const judged: Judged[] = [];
	let next = 0;
	let done = 0;
	const worker = async (): Promise<void> => {
		for (let i = next++; i < cases.length; i = next++) {
			const one = cases[i] as ConformanceCase;
			judged[i] = { one, verdict: await judge(opa, one) };
			onDone(++done);
		}
	};
	await Promise.all(Array.from({ length: CONCURRENCY }, worker));
	return judged;
}

type ByReason = Readonly<Record<string, readonly string[]>>;

/** Names of cases by why they fail, or do not compile. */
export interface Known {
	readonly failures: ByReason;
	readonly refusals: ByReason;
}

async function readList(name: string): Promise<ByReason> {
	return JSON.parse(await readFile(new URL(name, import.meta.url), "utf8")) as ByReason;
}

export async function knownCases(): Promise<Known> {
	return {
		failures: await readList("known-failures.json"),
		refusals: await readList("known-refusals.json"),
	};
}

export const notesOf = (list: ByReason): ReadonlySet<string> => new Set(Object.values(list).flat());

/** What is not as the lists say: failures that they lack, and names on them that pass or compile. */
export function surprises(judged: readonly Judged[], known: Known): readonly string[] {
	const failures = notesOf(known.failures);
	const refusals = notesOf(known.refusals);
	const lines: string[] = [];
	for (const { one, verdict } of judged) {
		if (verdict.kind === "failed" && !failures.has(one.note)) lines.push(`${one.note}: ${verdict.why}`);
		if (verdict.kind === "passed" && failures.has(one.note)) {
			lines.push(`${one.note}: passes now; take it off known-failures.json`);
		}
		if (verdict.kind !== "not_compilable" && refusals.has(one.note)) {
			lines.push(`${one.note}: compiles now; take it off known-refusals.json`);
		}
	}
	return lines;
}
