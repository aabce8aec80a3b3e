/** What a stream table holds. */
interface Numbered {
	readonly id: number;
}

/**
 * The open streams of a connection by their numbers. A `Map` that streams come to and go from again and again gets new
 * memory every few calls, in the part of the heap that only the dear collections clean; this one keeps its own.
 */
export interface StreamTable<S extends Numbered> {
	readonly size: number;
	get(id: number): S | undefined;
	/** A stream whose number is not there yet. */
	add(stream: S): void;
	delete(id: number): void;
	/** All of them, in no order, as a list of its own. */
	all(): S[];
}

const LEAST_SLOTS = 32;

/**
 * Open addressing: a stream stands at its number's place or behind it, with no gap between. A peer that chooses numbers of
 * one place makes a search as long as the streams it may have open, and no longer.
 */
export function createStreamTable<S extends Numbered>(): StreamTable<S> {
	let slots: (S | undefined)[] = new Array(LEAST_SLOTS).fill(undefined);
	let mask = LEAST_SLOTS - 1;
	let size = 0;
	// A client's streams are odd and follow each other (RFC 9113, section 5.1.1): halved they fill places side by side.
	const placeOf = (id: number): number => (id >>> 1) & mask;

	function find(id: number): number {
		for (let at = placeOf(id); ; at = (at + 1) & mask) {
			const stream = slots[at];
			if (stream === undefined || stream.id === id) return at;
		}
	}

	function grow(): void {
		const before = slots;
		mask = before.length * 2 - 1;
		slots = new Array(before.length * 2).fill(undefined);
		for (const stream of before) if (stream !== undefined) slots[find(stream.id)] = stream;
	}

	return {
		get size() {
			return size;
		},
		get: (id) => slots[find(id)],
		add(stream) {
			// Half of the slots stay empty, so that every search ends soon.
			if (size * 2 >= slots.length) grow();
			slots[find(stream.id)] = stream;
			size++;
		},
		delete(id) {
			let gap = find(id);
			if (slots[gap] === undefined) return;
			size--;
			for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
				const stream = slots[at];
				if (stream === undefined) break;
				// It may move up only if its place does not lie behind the gap.
				if (((at - placeOf(stream.id)) & mask) < ((at - gap) & mask)) continue;
				slots[gap] = stream;
				gap = at;
			}
			slots[gap] = undefined;
		},
		all: () => slots.filter((stream) => stream !== undefined),
	};
}
