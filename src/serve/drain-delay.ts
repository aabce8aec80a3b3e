/** A wait that can be cut short. */
export interface DrainDelay {
	/** Resolves after `ms`, or when it is cut. */
	wait(ms: number): Promise<void>;
	/** Ends the wait, and every later one at once. */
	cut(): void;
}

export function createDrainDelay(): DrainDelay {
	const cutting = new AbortController();
	return {
		wait: (ms) =>
			new Promise((resolve) => {
				if (ms <= 0 || cutting.signal.aborted) {
					resolve();
					return;
				}
				const timer = setTimeout(resolve, ms);
				cutting.signal.addEventListener("abort", () => {
					clearTimeout(timer);
					resolve();
				});
			}),
		cut: () => cutting.abort(),
	};
}
