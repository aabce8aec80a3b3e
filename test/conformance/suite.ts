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

/** Names of the cases that are known to fail, by why they do. */
export async function knownFailures(): Promise<Readonly<Record<string, readonly string[]>>> {
	const text = await readFile(new URL("known-failures.json", import.meta.url), "utf8");
	return JSON.parse(text) as Readonly<Record<string, readonly string[]>>;
}

/** What is not as the list says: failures that it lacks, and names on it that pass. */
export function surprises(judged: readonly Judged[], known: ReadonlySet<string>): readonly string[] {
	const lines: string[] = [];
	for (const { one, verdict } of judged) {
		if (verdict.kind === "failed" && !known.has(one.note)) lines.push(`${one.note}: ${verdict.why}`);
		if (verdict.kind === "passed" && known.has(one.note)) {
			lines.push(`${one.note}: passes now; take it off known-failures.json`);
		}
	}
	return lines;
}
