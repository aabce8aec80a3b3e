import { POISON_MS, type Poison, type Poisoned, poisonDigest } from "./poison.ts";

/** Where a watcher sees what is being evaluated, while this thread cannot say it. */
export interface EvaluationNotes {
	begin(entrypoint: string, input: Uint8Array): void;
	end(): void;
}

/**
 * Stands before every evaluation. Whoever answers without one — from memory, say — asks `refuses` first, and remembers
 * no answer that failed.
 */
export interface EvaluationGuard extends EvaluationNotes {
	/** The input is one that a policy did not survive a while ago. */
	refuses(entrypoint: string, input: Uint8Array): boolean;
	/** The module trapped over this input: it is refused from now on. */
	trapped(entrypoint: string, input: Uint8Array): void;
}

export interface GuardOptions {
	readonly poison: Poison;
	/** Absent: nobody watches. */
	readonly notes?: EvaluationNotes;
	/** Told of each input that trapped, once it is refused here. */
	readonly onTrapped?: (poisoned: Poisoned) => void;
}

export function createGuard({ poison, notes, onTrapped }: GuardOptions): EvaluationGuard {
	return {
		refuses: poison.refuses,
		begin: notes === undefined ? () => undefined : notes.begin,
		end: notes === undefined ? () => undefined : notes.end,
		trapped(entrypoint, input) {
			const poisoned = { digest: poisonDigest(entrypoint, input), length: input.length, ms: POISON_MS };
			poison.add(poisoned);
			onTrapped?.(poisoned);
		},
	};
}
