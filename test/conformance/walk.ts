import { systemClock } from "../../src/lib/clock.ts";
import type { Opa } from "../../src/policy/bundle/opa.ts";
import { unpack } from "../../src/policy/bundle/unpack.ts";
import { explainPlan } from "../../src/policy/explain/explain.ts";
import { DEFAULT_POLICY_LIMITS } from "../../src/policy/limits.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { readPlan } from "../../src/policy/plan/ir.ts";
import { termFromJson } from "../../src/policy/term/from-json.ts";
import { objectTerm } from "../../src/policy/term/term.ts";
import { toJsonValue } from "../../src/policy/term/to-json.ts";
import type { ConformanceCase } from "./cases.ts";
import { compileCase, ENTRYPOINT } from "./compile.ts";
import { inputOf } from "./judge.ts";

/** What every clock shows, milliseconds since 1970. */
const NOW = 1_700_000_000_000;
const MAX_BYTES = 1 << 26;

/** The answer of a case's module, and that of a walk through its plan; undefined for a case that does not compile. */
async function bothAnswers(
	opa: Opa,
	one: ConformanceCase,
): Promise<readonly [module: string, walk: string] | undefined> {
	const compiled = await compileCase(opa, one);
	const planned = await compileCase(opa, one, "plan");
	if ("refused" in compiled || "refused" in planned) return undefined;
	const input = inputOf(one);
	const policy = await loadPolicy(compiled.bundle, DEFAULT_POLICY_LIMITS, systemClock);
	const outcome = policy.evaluate(ENTRYPOINT, input, NOW);
	const files = await unpack(planned.bundle, MAX_BYTES);
	const plan = readPlan(JSON.parse(String(files.get("plan.json"))));
	const walked = explainPlan(plan, ENTRYPOINT, {
		input: termFromJson(input.toString("utf8")) ?? objectTerm([]),
		data: termFromJson(String(files.get("data.json") ?? "{}")) ?? objectTerm([]),
		nowMs: NOW,
	});
	const answer = walked.result === undefined ? "undefined" : JSON.stringify(toJsonValue(walked.result));
	return [
		outcome.kind === "value" ? JSON.stringify(outcome.value) : outcome.kind,
		walked.failure === undefined ? answer : "failed",
	];
}

/** Cases whose walk gives what their module gives, and a line for each other. */
export async function walkAll(
	opa: Opa,
	cases: readonly ConformanceCase[],
): Promise<{ readonly same: number; readonly different: readonly string[] }> {
	let same = 0;
	const different: string[] = [];
	for (const one of cases) {
		const answers = await bothAnswers(opa, one);
		if (answers === undefined) continue;
		const [module, walk] = answers;
		if (module === walk) same++;
		else different.push(`${one.note}: module ${module.slice(0, 200)}, walk ${walk.slice(0, 200)}`);
	}
	return { same, different };
}
