import type { BuiltinContext } from "../builtins/builtin.ts";
import { PLAN_BUILTINS } from "../builtins/module/module.ts";
import { readBundle } from "../bundle/read.ts";
import { DEFAULT_ENTRYPOINT } from "../entrypoint.ts";
import { parsePlan } from "../plan/by-entrypoint.ts";
import type { Plan } from "../plan/ir.ts";
import { termFromJson } from "../term/from-json.ts";
import { objectTerm, type Term } from "../term/term.ts";
import { interpret } from "./interpret.ts";
import type { Explanation } from "./trace.ts";

export interface Explainer {
	/** Names of the files that places point into. */
	readonly files: readonly string[];
	/** `input` is a JSON object in UTF-8, `nowMs` what the policy's clock shows. */
	explain(entrypoint: string, input: Uint8Array, nowMs: number): Explanation;
}

/**
 * Walks a bundle's plan beside its module. Undefined where the bundle has no plan, or one that is not known here: only
 * `postern build` puts one in.
 * @throws {PosternError} as `loadPolicy` does for a bundle that is none
 */
export async function createExplainer(bytes: Uint8Array, maxBytes: number): Promise<Explainer | undefined> {
	const bundle = await readBundle(bytes, maxBytes);
	const plan = bundle.plan === undefined ? undefined : parsePlan(bundle.plan);
	const data = termFromJson(bundle.data.toString("utf8"));
	if (plan === undefined || data === undefined) return undefined;
	return {
		files: plan.files,
		explain(entrypoint, input, nowMs) {
			const path = entrypoint.replace(/^\/+|\/+$/g, "");
			const name = bundle.entrypoints.get(path) ?? path;
			return explainPlan(plan, name === "" ? DEFAULT_ENTRYPOINT : name, {
				input: termFromJson(Buffer.from(input).toString("utf8")) ?? objectTerm([]),
				data,
				nowMs,
			});
		},
	};
}

interface Documents {
	readonly input: Term;
	readonly data: Term;
	/** What the clock shows, milliseconds since 1970. */
	readonly nowMs: number;
}

/** One entrypoint of a plan over an input. Never throws. */
export function explainPlan(plan: Plan, entrypoint: string, { input, data, nowMs }: Documents): Explanation {
	const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
	const remembered = new Map<string, Term>();
	const context: BuiltinContext = {
		nowNs: () => now,
		remember(key, make) {
			const value = remembered.get(key) ?? make();
			remembered.set(key, value);
			return value;
		},
	};
	return interpret({ plan, builtins: PLAN_BUILTINS, input, data, context }, entrypoint);
}
