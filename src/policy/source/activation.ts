import type { Clock } from "../../lib/clock.ts";
import { type ErrorCode, type PosternError, toPosternError } from "../../lib/errors.ts";
import type { PolicyLimits } from "../limits.ts";
import { type LoadedPolicy, type LoadHooks, loadPolicy } from "../load.ts";
import type { MemoLimits } from "../memo.ts";
import type { PolicyHolder } from "../types.ts";
import { warmUp } from "./warm-up.ts";

/** Times are milliseconds since 1970. */
export interface PolicySourceState {
	readonly active?: {
		readonly revision: string;
		readonly digest: string;
		readonly serial: number;
		readonly activatedAt: number;
		/** Why its answers may differ from OPA's. */
		readonly mayDiffer?: string;
	};
	/** Why the newest bundle is not active; absent once it is. */
	readonly lastError?: { readonly code: ErrorCode; readonly message: string; readonly at: number };
	/** When a bundle was last read. */
	readonly lastAttemptAt?: number;
	/** When a bundle was last found good: activated, or the same as the active one. */
	readonly lastSuccessAt?: number;
	readonly failures: number;
}

export interface PolicySource extends PolicyHolder {
	current(): LoadedPolicy | undefined;
	state(): PolicySourceState;
	/** Loads what is there and goes on to do so. Settles after the first try, and never rejects. */
	start(): Promise<void>;
	/** Looks for no further bundle; the active policy stays. Settles when no load is under way. */
	stop(): Promise<void>;
}

export interface ActivationOptions extends LoadHooks {
	readonly limits: PolicyLimits & MemoLimits;
	readonly clock: Clock;
	/** Called after a policy took over. */
	readonly onActivated?: (policy: LoadedPolicy) => void;
	/** Called when a bundle could not take over; the policy in force stays. */
	readonly onFailed?: (error: PosternError) => void;
}

export interface Activation extends PolicyHolder {
	current(): LoadedPolicy | undefined;
	state(): PolicySourceState;
	/**
	 * Verifies, compiles, checks and warms up what `read` gives beside the active policy, which it then replaces in one
	 * step; whatever goes wrong, the active one stays. `serial`: absent, one more than the active policy's. Never
	 * rejects; must not overlap.
	 */
	load(read: () => Promise<Uint8Array>, signal: AbortSignal, serial?: number): Promise<void>;
}

export function createActivation(options: ActivationOptions): Activation {
	const { limits, clock } = options;
	let active: LoadedPolicy | undefined;
	let state: PolicySourceState = { failures: 0 };

	const succeed = (policy: LoadedPolicy): void => {
		const at = clock.now();
		const { lastError: _, ...rest } = state;
		const { revision, digest, serial, mayDiffer } = policy;
		const activatedAt = active === policy && state.active !== undefined ? state.active.activatedAt : at;
		state = {
			...rest,
			active: { revision, digest, serial, activatedAt, ...(mayDiffer === undefined ? {} : { mayDiffer }) },
			lastSuccessAt: at,
		};
	};

	return {
		current: () => active,
		state: () => state,
		async load(read, signal, serial = (active?.serial ?? 0) + 1) {
			state = { ...state, lastAttemptAt: clock.now() };
			try {
				const policy = await loadPolicy(await read(), limits, clock, serial, options);
				if (active !== undefined && policy.digest === active.digest) {
					succeed(active);
					return;
				}
				await warmUp(policy, clock, signal);
				if (signal.aborted) return;
				active = policy;
				succeed(policy);
				options.onActivated?.(policy);
			} catch (thrown) {
				const error = toPosternError(thrown);
				const lastError = { code: error.code, message: error.message, at: clock.now() };
				state = { ...state, lastError, failures: state.failures + 1 };
				options.onFailed?.(error);
			}
		},
	};
}
