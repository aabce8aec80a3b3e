import type { Clock } from "../lib/clock.ts";
import { PosternError } from "../lib/errors.ts";
import { builtinsCalledBy } from "./builtins/families.ts";
import { type Bundle, readBundle } from "./bundle/read.ts";
import { sha256 } from "./bundle/sha256.ts";
import type { EvaluationGuard, EvaluationNotes } from "./guard.ts";
import type { PolicyLimits } from "./limits.ts";
import { createMemo, type MemoLimits, type MemoStats } from "./memo.ts";
import { factsByEntrypoint } from "./plan/by-entrypoint.ts";
import { EVERYTHING } from "./plan/read-tree.ts";
import type { ActivePolicy, Evaluation } from "./types.ts";
import { compileModule } from "./wasm/abi.ts";
import { createEvaluator, type Evaluator } from "./wasm/evaluator.ts";

const NO_MEMO: MemoStats = { hits: 0, misses: 0, entries: 0, bytes: 0 };
const EMPTY_INPUT = Buffer.from("{}");

const POISON: Evaluation = {
	kind: "failed",
	reason: "poison",
	message: "a policy hung or trapped over this input a while ago",
};

/** Names that a caller may use, each with the module's own; refused where the module lacks one. */
function resolveEntrypoints(bundle: Bundle, evaluator: Evaluator): ReadonlyMap<string, string> {
	if (bundle.entrypoints.size === 0)
		return new Map(evaluator.entrypoints.map((name) => [name, name] as const));
	for (const [path, name] of bundle.entrypoints) {
		if (!evaluator.entrypoints.includes(name)) {
			throw new PosternError("bundle_invalid", `bundle: policy.wasm has no entrypoint for ${path}`);
		}
	}
	return bundle.entrypoints;
}

/** An entrypoint that traps on the emptiest input would trap on every request. */
function selfCheck(
	evaluator: Evaluator,
	entrypoints: ReadonlyMap<string, string>,
	notes: EvaluationNotes | undefined,
): void {
	for (const [path, name] of entrypoints) {
		notes?.begin(path, EMPTY_INPUT);
		const outcome = evaluator.evaluate(name, EMPTY_INPUT);
		notes?.end();
		if (outcome.kind === "failed" && outcome.reason === "policy_trap") {
			throw new PosternError("policy_invalid", `${path} does not run: ${outcome.message}`);
		}
	}
}

/** A policy that was verified, compiled and checked, with what its owner may want to know besides. */
export interface LoadedPolicy extends ActivePolicy {
	/** The bundle binds the digests of its files. */
	readonly bound: boolean;
	/** Why some answers may not be OPA's: the module could not be made to ask the host. Absent when all are. */
	readonly mayDiffer?: string;
	memo(): MemoStats;
	/** Bytes of the present instance's memory. */
	memoryBytes(): number;
	/** How many instances were discarded after a trap or a conflict. */
	discarded(): number;
}

/** What takes part in loading besides the bundle. */
export interface LoadHooks {
	/** Stands before every evaluation; absent: nothing does. */
	readonly guard?: EvaluationGuard;
	/** Throws for a descriptor set that cannot be used. */
	readonly checkDescriptors?: (set: Uint8Array) => void;
}

/**
 * Bytes of a bundle → a policy ready to evaluate: read, verify digests, compile, check builtins, self-check. Not
 * warmed up.
 * @throws {PosternError} `bundle_too_large`, `bundle_invalid`, `bundle_corrupt`, `builtin_missing`, `policy_invalid`,
 * `descriptors_invalid`
 */
export async function loadPolicy(
	bytes: Uint8Array,
	limits: PolicyLimits & MemoLimits,
	clock: Clock,
	serial = 1,
	{ guard, checkDescriptors }: LoadHooks = {},
): Promise<LoadedPolicy> {
	const bundle = await readBundle(bytes, limits.max_bundle_bytes);
	if (bundle.descriptors !== undefined) checkDescriptors?.(bundle.descriptors);
	const { module, unchanged } = await compileModule(bundle.wasm);
	const evaluator = createEvaluator({
		module,
		data: bundle.data,
		limits,
		...(await builtinsCalledBy(bundle.wasm)),
		clock,
	});
	const entrypoints = resolveEntrypoints(bundle, evaluator);
	selfCheck(evaluator, entrypoints, guard);
	const facts = factsByEntrypoint(bundle, entrypoints);
	const memo = limits.memo === "off" ? undefined : createMemo(limits);
	const plain = (entrypoint: string): string => entrypoint.replace(/^\/+|\/+$/g, "");
	const nameOf = (entrypoint: string): string | undefined =>
		entrypoints.get(entrypoint) ?? entrypoints.get(plain(entrypoint));
	const evaluate = (entrypoint: string, input: Uint8Array, nowMs?: number): Evaluation => {
		const name = nameOf(entrypoint);
		if (name === undefined) {
			return { kind: "failed", reason: "policy_missing", message: `no entrypoint ${entrypoint}` };
		}
		if (guard === undefined) return evaluator.evaluate(name, input, nowMs);
		if (guard.refuses(name, input)) return POISON;
		guard.begin(name, input);
		const outcome = evaluator.evaluate(name, input, nowMs);
		guard.end();
		if (outcome.kind === "failed" && outcome.reason === "policy_trap") guard.trapped(name, input);
		return outcome;
	};
	return {
		revision: bundle.revision === "" ? bundle.digest.slice(0, 12) : bundle.revision,
		digest: bundle.digest,
		serial,
		entrypoints: [...entrypoints.keys()],
		...(bundle.descriptors === undefined
			? {}
			: { descriptors: { digest: sha256(bundle.descriptors), bytes: bundle.descriptors } }),
		bound: bundle.bound,
		...(unchanged === undefined
			? {}
			: { mayDiffer: `its own builtins and set order are in use: ${unchanged}` }),
		evaluate,
		reads: (entrypoint) => facts.get(plain(entrypoint))?.reads ?? EVERYTHING,
		recall(entrypoint, input) {
			// Where everything is read documents hardly repeat, and remembering them would only cost.
			const known = facts.get(entrypoint);
			if (memo === undefined || known === undefined || !known.pure || known.reads.all) {
				return evaluate(entrypoint, input);
			}
			const name = nameOf(entrypoint);
			if (name !== undefined && guard?.refuses(name, input)) return POISON;
			return memo.answer(entrypoint, input, () => evaluate(entrypoint, input));
		},
		memo: () => memo?.stats() ?? NO_MEMO,
		memoryBytes: evaluator.memoryBytes,
		discarded: evaluator.discarded,
	};
}
