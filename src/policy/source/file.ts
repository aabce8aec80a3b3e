import { readFile, stat } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/error-message.ts";
import { type ErrorCode, PosternError, toPosternError } from "../../lib/errors.ts";
import type { PolicyLimits } from "../limits.ts";
import { type LoadedPolicy, loadPolicy } from "../load.ts";
import type { MemoLimits } from "../memo.ts";
import type { PolicyHolder } from "../types.ts";
import { warmUp } from "./warm-up.ts";
import { watchFile } from "./watch-file.ts";

/** Times are milliseconds since 1970. */
interface PolicySourceState {
	readonly active?: {
		readonly revision: string;
		readonly digest: string;
		readonly serial: number;
		readonly activatedAt: number;
		/** Why its answers may differ from OPA's. */
		readonly mayDiffer?: string;
	};
	/** Why the newest file is not active; absent once it is. */
	readonly lastError?: { readonly code: ErrorCode; readonly message: string; readonly at: number };
	/** When the file was last read. */
	readonly lastAttemptAt?: number;
	/** When a file was last found good: activated, or the same as the active one. */
	readonly lastSuccessAt?: number;
	readonly failures: number;
}

export interface PolicySource extends PolicyHolder {
	current(): LoadedPolicy | undefined;
	state(): PolicySourceState;
	/** Loads what is there and begins to watch. Settles after the first try, and never rejects. */
	start(): Promise<void>;
	/** Looks at the file now, changed or not. Never rejects. */
	reload(): Promise<void>;
	/** Stops watching; the active policy stays. Settles when no load is under way. */
	stop(): Promise<void>;
}

interface FilePolicyOptions {
	readonly path: string;
	readonly limits: PolicyLimits & MemoLimits;
	readonly clock: Clock;
	readonly pollSeconds: number;
	/** Throws for a descriptor set that cannot be used: a bundle with one is not activated. */
	readonly checkDescriptors?: (set: Uint8Array) => void;
	/** Called after a policy took over. */
	readonly onActivated?: (policy: LoadedPolicy) => void;
	/** Called when a file could not take over; the policy in force stays. */
	readonly onFailed?: (error: PosternError) => void;
}

/** What tells one state of the file from another without reading it. */
async function signature(path: string): Promise<string> {
	try {
		const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
		return `${dev}:${ino}:${size}:${mtimeNs}`;
	} catch (thrown) {
		return errorMessage(thrown);
	}
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
	try {
		const { size } = await stat(path);
		if (size > maxBytes) {
			throw new PosternError("bundle_too_large", `${path}: ${size} bytes, more than ${maxBytes}`);
		}
		return await readFile(path);
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		throw new PosternError("file_unreadable", `policy bundle: ${errorMessage(thrown)}`, { cause: thrown });
	}
}

/**
 * A bundle file as the source of the policy in force. A changed file is read, verified, compiled, checked and warmed
 * up beside the active policy, which it then replaces in one step; whatever goes wrong, the active one stays.
 */
export function filePolicySource(options: FilePolicyOptions): PolicySource {
	const { path, limits, clock } = options;
	const stopping = new AbortController();
	let active: LoadedPolicy | undefined;
	let state: PolicySourceState = { failures: 0 };
	let seen: string | undefined;
	let unwatch: (() => void) | undefined;
	/** The load under way; loads never overlap. */
	let running: Promise<void> | undefined;
	let again = false;

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

	const load = async (): Promise<void> => {
		state = { ...state, lastAttemptAt: clock.now() };
		try {
			const bytes = await readBounded(path, limits.max_bundle_bytes);
			const serial = (active?.serial ?? 0) + 1;
			const policy = await loadPolicy(bytes, limits, clock, serial, options.checkDescriptors);
			if (active !== undefined && policy.digest === active.digest) {
				succeed(active);
				return;
			}
			await warmUp(policy, clock, stopping.signal);
			if (stopping.signal.aborted) return;
			active = policy;
			succeed(policy);
			options.onActivated?.(policy);
		} catch (thrown) {
			const error = toPosternError(thrown);
			const lastError = { code: error.code, message: error.message, at: clock.now() };
			state = { ...state, lastError, failures: state.failures + 1 };
			options.onFailed?.(error);
		}
	};

	const loop = async (force: boolean): Promise<void> => {
		let forced = force;
		do {
			again = false;
			const now = await signature(path);
			if (forced || now !== seen) {
				forced = false;
				seen = now;
				await load();
				// A file written to while it was read is looked at once more.
				again ||= (await signature(path)) !== seen;
			}
		} while (again && !stopping.signal.aborted);
	};

	const look = (force: boolean): Promise<void> => {
		if (stopping.signal.aborted) return Promise.resolve();
		if (running !== undefined) {
			again = true;
			if (force) seen = undefined;
			return running;
		}
		running = loop(force).finally(() => {
			running = undefined;
		});
		return running;
	};

	return {
		current: () => active,
		state: () => state,
		async start() {
			unwatch ??= watchFile(path, options.pollSeconds * 1000, () => void look(false));
			await look(true);
		},
		reload: () => look(true),
		async stop() {
			stopping.abort();
			unwatch?.();
			await running;
		},
	};
}
