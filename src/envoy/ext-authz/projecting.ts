import { isDeepStrictEqual } from "node:util";
import { denial } from "../../decision/deny.ts";
import type { Deny } from "../../decision/types.ts";
import type { JsonOut } from "../../lib/json-out.ts";
import type { ActivePolicy, Evaluation } from "../../policy/types.ts";
import type { CheckDeps } from "./deps.ts";
import { type InputParts, writeInput } from "./input.ts";
import { type Projection, projectionOf, WHOLE } from "./projection.ts";

/** Calls of an activation that are evaluated both ways before one way is trusted. */
const PROVED_CALLS = 1_000;
/** After those, one in so many. */
const SAMPLED_EVERY = 1_000;
/** No byte of a message becomes more of the document than this, escaped and repeated as it may be. */
const GROWTH = 20;
/** What a document holds besides: names, punctuation. */
const FIXED_BYTES = 4_096;

interface State {
	projection: Projection;
	calls: number;
}

export interface Projecting {
	/** What is written now for an entrypoint of a policy. */
	of(policy: ActivePolicy, entrypoint: string): Projection;
	/**
	 * Evaluates over what the policy reads. Where it is due, over the whole document too: if the answers differ, the
	 * call is denied and the policy meets whole documents from then on. `wholeParts` is asked for then only. In shadow
	 * mode it is always due, and the answer over the whole document counts.
	 * @throws WireError, JsonTooLarge
	 */
	evaluate(
		policy: ActivePolicy,
		entrypoint: string,
		parts: InputParts,
		wholeParts: () => InputParts,
		deadlineMs: number,
	): Evaluation | Deny;
}

/** Projection of the input, proved against whole documents for each entrypoint of each activation. */
export function createProjecting(
	deps: Pick<CheckDeps, "clock" | "log" | "metrics"> & {
		readonly config: { readonly policy: Pick<CheckDeps["config"]["policy"], "projection"> };
	},
	out: JsonOut,
): Projecting {
	const { clock, log, metrics } = deps;
	const { projection: mode } = deps.config.policy;
	const shadow = mode === "shadow";
	const states = new WeakMap<ActivePolicy, Map<string, State>>();
	/** Found wrong once, at whichever entrypoint: nothing that the walk said of them is believed any more. */
	const distrusted = new WeakSet<ActivePolicy>();

	function stateOf(policy: ActivePolicy, entrypoint: string): State {
		let ofPolicy = states.get(policy);
		if (ofPolicy === undefined) {
			ofPolicy = new Map();
			states.set(policy, ofPolicy);
		}
		let state = ofPolicy.get(entrypoint);
		if (state === undefined) {
			const projection =
				mode === "off" || distrusted.has(policy) ? WHOLE : projectionOf(policy.reads(entrypoint));
			state = { projection, calls: 0 };
			ofPolicy.set(entrypoint, state);
		}
		return state;
	}

	function distrust(policy: ActivePolicy): void {
		distrusted.add(policy);
		for (const state of states.get(policy)?.values() ?? []) state.projection = WHOLE;
	}

	/** Near the limit the whole document decides whether it is too large. */
	function surelyFits({ view, own }: InputParts): boolean {
		return view.bytes.length * GROWTH + (own?.identity.length ?? 0) + FIXED_BYTES <= out.limit;
	}

	return {
		of: (policy, entrypoint) => stateOf(policy, entrypoint).projection,
		evaluate(policy, entrypoint, parts, wholeParts, deadlineMs) {
			const state = stateOf(policy, entrypoint);
			const { projection } = state;
			const whole = projection.whole || !surelyFits(parts);
			const input = whole ? writeInput(out, wholeParts()) : writeInput(out, parts, projection);
			if (deadlineMs !== Number.POSITIVE_INFINITY && clock.now() >= deadlineMs) return denial("deadline");
			if (whole) return policy.evaluate(entrypoint, input);
			const due = shadow || state.calls < PROVED_CALLS || state.calls % SAMPLED_EVERY === 0;
			state.calls++;
			if (!due) return policy.recall(entrypoint, input);
			const now = clock.now();
			const projected = policy.evaluate(entrypoint, input, now);
			// The whole document is another input, and would hang or trap once more.
			if (projected.kind === "failed" && projected.reason === "poison") return projected;
			const full = policy.evaluate(entrypoint, writeInput(out, wholeParts()), now);
			if (same(projected, full)) return full;
			metrics.projectionMismatches.inc();
			const { revision, digest } = policy;
			if (shadow) {
				log.warn({ revision, digest, entrypoint }, "projection would change the policy's answer");
				return full;
			}
			distrust(policy);
			log.error({ revision, digest, entrypoint }, "projection is off: it changed the policy's answer");
			return denial("projection_mismatch", "the policy answered otherwise over what it was found to read");
		},
	};
}

function same(left: Evaluation, right: Evaluation): boolean {
	if (left.kind === "failed" && right.kind === "failed") return left.reason === right.reason;
	return isDeepStrictEqual(left, right);
}
