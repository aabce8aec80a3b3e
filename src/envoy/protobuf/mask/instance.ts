/**
 * One message as its reader will see it. A singular message that comes twice is the merge of both (protobuf's wire
 * format says so), so what is counted within it goes on from one to the other.
 */
export interface Instance {
	readonly around: Instance | null;
	/** Number of the field that holds it; 0 for one that is never merged: an element, a value of a map. */
	readonly number: number;
	counts: Counts | null;
}

interface Counts {
	/** By field number: how often it was asked for. */
	met: Map<number, number> | null;
	/** By number of the field that holds it. */
	merged: Map<number, Counts> | null;
	/** By oneof: the member that was met last. */
	members: Map<number, number> | null;
}

export function instanceIn(around: Instance | null, number: number): Instance {
	return { around, number, counts: null };
}

function countsOf(instance: Instance): Counts {
	if (instance.counts !== null) return instance.counts;
	const { around, number } = instance;
	const counts: Counts = { met: null, merged: null, members: null };
	instance.counts = counts;
	if (around === null || number === 0) return counts;
	const outer = countsOf(around);
	outer.merged ??= new Map();
	const before = outer.merged.get(number);
	if (before === undefined) outer.merged.set(number, counts);
	else instance.counts = before;
	return instance.counts;
}

/** How often this was asked before for the field: the index of an element, and 0 the first time. */
export function nextOf(instance: Instance, number: number): number {
	const counts = countsOf(instance);
	counts.met ??= new Map();
	const before = counts.met.get(number) ?? 0;
	counts.met.set(number, before + 1);
	return before;
}

/** A member of a oneof was met: another one that was there is there no more. */
export function chooseMember(instance: Instance, oneof: number, number: number): void {
	const counts = countsOf(instance);
	counts.members ??= new Map();
	const before = counts.members.get(oneof);
	if (before === number) return;
	if (before !== undefined) counts.merged?.delete(before);
	counts.members.set(oneof, number);
}
