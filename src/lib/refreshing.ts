import type { Clock } from "./clock.ts";
import { errorMessage } from "./error-message.ts";

export interface RefreshingOptions<T> {
	/** Reads the source once. Must end when `signal` is aborted; if it does not, its late answer is dropped. */
	readonly load: (signal: AbortSignal) => Promise<T>;
	readonly clock: Clock;
	readonly timeoutMs: number;
	/** Least time between the end of one read and the start of the next that somebody asks for. */
	readonly cooldownMs: number;
	/** Age at which the value is read again, give or take a tenth. */
	readonly maxAgeMs: number;
	/** Age at which the last good value is no longer used. */
	readonly maxStalenessMs: number;
	readonly onLoaded?: (value: T) => void;
	readonly onFailed?: (message: string) => void;
	/** From 0 to 1; spreads the reads of replicas. Default `Math.random`. */
	readonly random?: () => number;
}

/** How a remote source fares, for the status page. */
export interface RefreshingState {
	readonly loaded: boolean;
	/** Milliseconds since the value was read; absent before. */
	readonly ageMs?: number;
	readonly loading: boolean;
	readonly coolingDown: boolean;
	/** Reads that failed since the last good one. */
	readonly failures: number;
	readonly lastError?: string;
}

export interface Refreshing<T> {
	/** The last good value, unless it is older than `maxStalenessMs`. */
	current(): T | undefined;
	/**
	 * Reads again unless a read is under way (then waits for that one) or cooling down. Answers how things stand
	 * after: `fresh` when the last read succeeded, `failed` when it did not. Never rejects.
	 */
	refresh(): Promise<"fresh" | "failed">;
	state(): RefreshingState;
	/** Reads for the first time and then by the clock. Resolves after the first read, good or bad. */
	start(): Promise<void>;
	stop(): void;
}

const FIRST_RETRY_MS = 500;

/**
 * The one shape of every remote source: single flight, timeout, cooldown, maximum age, the last good value with a
 * maximum staleness, and a sequence guard, so that an answer which comes late never replaces a newer one.
 */
export function createRefreshing<T>(options: RefreshingOptions<T>): Refreshing<T> {
	const { clock } = options;
	const random = options.random ?? Math.random;
	let value: { readonly held: T; readonly at: number } | undefined;
	let inFlight: Promise<"fresh" | "failed"> | undefined;
	let endedAt: number | undefined;
	let failures = 0;
	let lastError: string | undefined;
	let sequence = 0;
	let timer: NodeJS.Timeout | undefined;
	let stopped = false;
	let abort: AbortController | undefined;

	function coolingDown(): boolean {
		return endedAt !== undefined && clock.monotonic() - endedAt < options.cooldownMs;
	}

	function refresh(): Promise<"fresh" | "failed"> {
		if (inFlight !== undefined) return inFlight;
		if (stopped || coolingDown())
			return Promise.resolve(failures === 0 && value !== undefined ? "fresh" : "failed");
		return begin();
	}

	function begin(): Promise<"fresh" | "failed"> {
		inFlight ??= readOnce().finally(() => {
			inFlight = undefined;
			endedAt = clock.monotonic();
			schedule();
		});
		return inFlight;
	}

	async function readOnce(): Promise<"fresh" | "failed"> {
		const mine = ++sequence;
		const controller = new AbortController();
		abort = controller;
		let limit: NodeJS.Timeout | undefined;
		try {
			const expired = new Promise<never>((_, reject) => {
				limit = setTimeout(() => {
					reject(new Error(`no answer within ${options.timeoutMs} ms`));
					controller.abort();
				}, options.timeoutMs);
				controller.signal.addEventListener("abort", () => reject(new Error("stopped")));
			});
			const held = await Promise.race([options.load(controller.signal), expired]);
			if (mine !== sequence || stopped) return "failed";
			value = { held, at: clock.monotonic() };
			failures = 0;
			lastError = undefined;
			options.onLoaded?.(held);
			return "fresh";
		} catch (thrown) {
			failures++;
			lastError = describe(thrown);
			if (!stopped) options.onFailed?.(lastError);
			return "failed";
		} finally {
			clearTimeout(limit);
		}
	}

	/** The next read: at the maximum age, or sooner after a failure, later with each further one. */
	function schedule(): void {
		clearTimeout(timer);
		if (stopped) return;
		const delay = failures === 0 ? options.maxAgeMs : retryDelay();
		timer = setTimeout(() => void begin(), delay * (0.9 + 0.1 * random()));
		timer.unref();
	}

	/** Without any value nothing works, so the first reads follow each other faster. */
	function retryDelay(): number {
		const { cooldownMs, maxAgeMs } = options;
		const [first, last] =
			value === undefined ? [Math.min(FIRST_RETRY_MS, cooldownMs), cooldownMs] : [cooldownMs, maxAgeMs];
		return Math.min(first * 2 ** Math.min(failures - 1, 16), last);
	}

	return {
		current() {
			if (value === undefined || clock.monotonic() - value.at > options.maxStalenessMs) return undefined;
			return value.held;
		},
		refresh,
		state: () => ({
			loaded: value !== undefined,
			...(value === undefined ? {} : { ageMs: clock.monotonic() - value.at }),
			loading: inFlight !== undefined,
			coolingDown: coolingDown(),
			failures,
			...(lastError === undefined ? {} : { lastError }),
		}),
		async start() {
			await begin();
		},
		stop() {
			stopped = true;
			clearTimeout(timer);
			abort?.abort();
		},
	};
}

/** `fetch failed` alone tells nobody anything; its cause does. */
function describe(thrown: unknown): string {
	const message = errorMessage(thrown);
	const cause = typeof thrown === "object" && thrown !== null && "cause" in thrown ? thrown.cause : undefined;
	return cause === undefined || cause === null ? message : `${message}: ${errorMessage(cause)}`;
}
