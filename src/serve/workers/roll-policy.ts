import { createHash } from "node:crypto";
import type { Config } from "../../config/types.ts";
import type { Clock } from "../../lib/clock.ts";
import { type PosternError, toPosternError } from "../../lib/errors.ts";
import type { PolicySourceState } from "../../policy/source/activation.ts";
import { onChangedFile, readBundleFile } from "../../policy/source/changed-file.ts";
import type { Logger } from "../../telemetry/types.ts";
import type { HandedBundle, Slot } from "./slot.ts";
import { WorkerEnded } from "./worker-process.ts";

/** Ends of a worker over a bundle that is tried, until it is the bundle that is to blame. */
const ATTEMPTS = 2;
/** How often a worker is looked for that could try a bundle. */
const WAIT_MS = 50;

type Bundle = HandedBundle & { readonly digest: string; readonly activatedAt: number };

export interface RollDeps {
	readonly slots: readonly Slot[];
	readonly config: Pick<Config, "policy">;
	readonly clock: Clock;
	readonly log: Logger;
}

/** The one reader of the bundle file, and what all workers are to have of it. */
export interface RolledPolicy {
	/** Reads the file, hands it out, and goes on to do so when it changes. Never rejects. */
	start(): Promise<void>;
	/** Gives the bundle in force to a worker that has begun anew, or tells it that there is none. */
	bring(slot: Slot): Promise<void>;
	state(): Pick<PolicySourceState, "lastError" | "failures"> & { readonly active?: object };
	stop(): Promise<void>;
}

/**
 * A new bundle is tried in one worker while the others go on with theirs. When it works there they get it one after the
 * other, so that at each moment all but one take calls at full speed; whoever has none yet gets it at once.
 */
export function rollPolicy({ slots, config, clock, log }: RollDeps): RolledPolicy {
	const { bundle: path, max_bundle_bytes: maxBytes, poll_seconds: pollSeconds } = config.policy;
	let inForce: Bundle | undefined;
	let lastError: PolicySourceState["lastError"];
	let failures = 0;
	/** The file has been looked at, whatever came of it. */
	let looked = false;

	function failed(error: PosternError): void {
		failures++;
		lastError = { code: error.code, message: error.message, at: clock.now() };
		log.error({ code: error.code, error: error.message }, "the bundle was not handed out");
	}

	async function roll(signal: AbortSignal): Promise<void> {
		try {
			const bytes = await readBundleFile(path, maxBytes);
			const digest = createHash("sha256").update(bytes).digest("hex");
			if (inForce?.digest !== digest) {
				const next = { bytes, digest, serial: (inForce?.serial ?? 0) + 1, activatedAt: clock.now() };
				const tried = await tryOut(next, signal);
				if (tried === undefined) return;
				const first = inForce === undefined;
				inForce = next;
				const others = slots.filter((slot) => slot !== tried && slot.reachable());
				if (first) await Promise.all(others.map(bring));
				else for (const slot of others) await bring(slot);
			}
			lastError = undefined;
		} catch (thrown) {
			failed(toPosternError(thrown));
		}
	}

	/** The worker in which the bundle works; undefined when all is about to end. */
	async function tryOut(bundle: HandedBundle, signal: AbortSignal): Promise<Slot | undefined> {
		for (let attempt = 1; ; attempt++) {
			const slot = await reachableSlot(signal);
			if (slot === undefined) return undefined;
			try {
				await slot.load(bundle);
				return slot;
			} catch (thrown) {
				if (!(thrown instanceof WorkerEnded) || attempt === ATTEMPTS) throw thrown;
			}
		}
	}

	async function reachableSlot(signal: AbortSignal): Promise<Slot | undefined> {
		while (!signal.aborted) {
			const slot = slots.find((each) => each.serving()) ?? slots.find((each) => each.reachable());
			if (slot !== undefined) return slot;
			await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
		}
		return undefined;
	}

	async function bring(slot: Slot): Promise<void> {
		const bundle = inForce;
		if (bundle === undefined) {
			if (looked) slot.tell({ type: "no_policy" });
			return;
		}
		try {
			await slot.load(bundle);
		} catch (thrown) {
			// It gets the bundle again with its next start.
			if (!(thrown instanceof WorkerEnded)) slot.replace(toPosternError(thrown).message);
			return;
		}
		if (inForce !== bundle) await bring(slot);
	}

	const file = onChangedFile(path, pollSeconds, roll);
	return {
		async start() {
			await file.start();
			looked = true;
			if (inForce === undefined) for (const slot of slots) slot.tell({ type: "no_policy" });
		},
		bring,
		stop: file.stop,
		state: () => ({
			...(inForce === undefined
				? {}
				: {
						active: { digest: inForce.digest, serial: inForce.serial, activatedAt: inForce.activatedAt },
					}),
			...(lastError === undefined ? {} : { lastError }),
			failures,
		}),
	};
}
