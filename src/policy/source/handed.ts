import { PosternError } from "../../lib/errors.ts";
import { type ActivationOptions, createActivation, type PolicySource } from "./activation.ts";

/** A policy whose bundles come from elsewhere, byte by byte the same for all that are handed them. */
export interface HandedPolicySource extends PolicySource {
	/** Settles when the first offer has been loaded or refused, or when it is known that there is none. */
	start(): Promise<void>;
	/** There is no bundle to be offered yet. */
	nothing(): void;
	/** Loads one bundle; offers queue up. Rejects with what was wrong with it, and the active policy stays. */
	offer(bytes: Uint8Array, serial: number): Promise<void>;
}

export function handedPolicySource(options: ActivationOptions): HandedPolicySource {
	const stopping = new AbortController();
	let settle = (): void => undefined;
	const first = new Promise<void>((resolve) => {
		settle = resolve;
	});
	let failure: PosternError | undefined;
	const activation = createActivation({
		...options,
		onFailed(error) {
			failure = error;
			options.onFailed?.(error);
		},
	});
	let queue = Promise.resolve();

	async function load(bytes: Uint8Array, serial: number): Promise<void> {
		failure = undefined;
		await activation.load(async () => bytes, stopping.signal, serial);
		if (stopping.signal.aborted) throw new PosternError("internal", "stopped while a bundle was loaded");
		if (failure !== undefined) throw failure;
	}

	return {
		current: activation.current,
		state: activation.state,
		start: () => first,
		nothing: settle,
		offer(bytes, serial) {
			const loaded = queue.then(() => load(bytes, serial));
			queue = loaded.catch(() => undefined);
			void queue.then(settle);
			return loaded;
		},
		async stop() {
			stopping.abort();
			settle();
			await queue;
		},
	};
}
