import { type Block, DATA_LOCAL, type Operand, type Statement, UnknownPlan } from "./ir.ts";

/** What a statement of a plan does with locals that may hold a part of the input. */
export type Effect =
	/** The local's whole value is looked at, kept, or handed to where it cannot be followed. */
	| { readonly kind: "escape"; readonly local: number }
	/** `target` becomes what is at a constant key of `source`. */
	| { readonly kind: "dot"; readonly source: number; readonly key: string; readonly target: number }
	| { readonly kind: "alias"; readonly source: number; readonly target: number }
	/** Arguments that are no locals are undefined. */
	| {
			readonly kind: "call";
			readonly func: string;
			readonly args: readonly (number | undefined)[];
			readonly result: number;
	  }
	| { readonly kind: "return"; readonly source: number };

interface Reading {
	readonly effects: Effect[];
	/**
	 * Compilers use a local again for something else. What a local holds for the rest of a block after it was written
	 * there has a number of its own, below zero; the local's own number stands for all that it ever holds.
	 */
	current: Map<number, number>;
	/** Locals that were written in the block that is read, or below. */
	touched: Set<number>;
	last: number;
	/** How often each local gets a value. */
	readonly writes: Map<number, number>;
	/** Assignments that compare where the target has a value already. */
	readonly once: { readonly target: number; readonly source: number | undefined; readonly looped: boolean }[];
}

/**
 * The effects of a function's (or an entrypoint's) blocks, in no order: what may happen at any time counts always.
 * @throws UnknownPlan where the input could go ways that are not followed.
 */
export function readEffects(blocks: readonly Block[], params: readonly number[]): readonly Effect[] {
	const reading: Reading = {
		effects: [],
		current: new Map(),
		touched: new Set(),
		last: 0,
		writes: new Map(),
		once: [],
	};
	for (const param of params) wrote(reading, param);
	readBlocks(reading, blocks, false);
	for (const { target, source, looped } of reading.once) {
		if (source === undefined) continue;
		// A second value is compared with the first, as a whole.
		const effect: Effect =
			looped || reading.writes.get(target) !== 1
				? { kind: "escape", local: source }
				: { kind: "alias", source, target };
		reading.effects.push(effect);
	}
	return reading.effects;
}

function wrote({ writes }: Reading, local: number): void {
	writes.set(local, (writes.get(local) ?? 0) + 1);
}

/** What a local is known to hold at this point. */
function held({ current }: Reading, local: number): number {
	return current.get(local) ?? local;
}

/** A local gets a value, whatever it held: the number of what it holds from here on. */
function write(reading: Reading, local: number): number {
	wrote(reading, local);
	const version = --reading.last;
	reading.effects.push({ kind: "alias", source: version, target: local });
	reading.current.set(local, version);
	reading.touched.add(local);
	return version;
}

/** A local may get a value, or lose it. */
function forget(reading: Reading, local: number): void {
	reading.current.delete(local);
	reading.touched.add(local);
}

/** After a block nobody knows how far it ran; a loop's block meets what an earlier round left as well. */
function scoped(reading: Reading, loop: boolean, read: () => void): void {
	const { current, touched } = reading;
	if (loop) reading.current = new Map();
	reading.touched = new Set();
	read();
	for (const local of reading.touched) {
		current.delete(local);
		touched.add(local);
	}
	reading.current = current;
	reading.touched = touched;
}

function readBlocks(reading: Reading, blocks: readonly Block[], looped: boolean): void {
	for (const block of blocks) scoped(reading, false, () => readBlock(reading, block, looped));
}

function readBlock(reading: Reading, block: Block, looped: boolean): void {
	for (const statement of block.statements) readStatement(reading, statement, looped);
}

function escapes(reading: Reading, local: number | undefined): void {
	if (local !== undefined) reading.effects.push({ kind: "escape", local: held(reading, local) });
}

const localOf = (operand: Operand): number | undefined =>
	operand.kind === "local" ? operand.local : undefined;

const heldBy = (reading: Reading, operand: Operand): number | undefined => {
	const local = localOf(operand);
	return local === undefined ? undefined : held(reading, local);
};

function readStatement(reading: Reading, statement: Statement, looped: boolean): void {
	const { effects } = reading;
	switch (statement.type) {
		case "BreakStmt":
		case "NopStmt":
		case "IsDefinedStmt":
		case "IsUndefinedStmt":
		// Presence or type of a value says nothing about what is in it.
		case "IsArrayStmt":
		case "IsObjectStmt":
		case "IsSetStmt":
			return;
		case "AssignIntStmt":
		case "MakeArrayStmt":
		case "MakeNullStmt":
		case "MakeNumberIntStmt":
		case "MakeNumberRefStmt":
		case "MakeObjectStmt":
		case "MakeSetStmt":
			write(reading, statement.target);
			return;
		case "ResetLocalStmt":
			forget(reading, statement.target);
			return;
		case "ResultSetAddStmt":
			escapes(reading, statement.value);
			return;
		case "ReturnLocalStmt":
			effects.push({ kind: "return", source: held(reading, statement.source) });
			return;
		case "LenStmt":
			escapes(reading, localOf(statement.source));
			write(reading, statement.target);
			return;
		case "ArrayAppendStmt":
			escapes(reading, localOf(statement.value));
			escapes(reading, statement.array);
			return;
		case "SetAddStmt":
			escapes(reading, localOf(statement.value));
			escapes(reading, statement.set);
			return;
		case "ObjectInsertStmt":
		case "ObjectInsertOnceStmt":
			escapes(reading, localOf(statement.key));
			escapes(reading, localOf(statement.value));
			escapes(reading, statement.object);
			return;
		case "ObjectMergeStmt":
			escapes(reading, statement.a);
			escapes(reading, statement.b);
			write(reading, statement.target);
			return;
		case "AssignVarStmt": {
			const source = heldBy(reading, statement.source);
			const target = write(reading, statement.target);
			if (source !== undefined) effects.push({ kind: "alias", source, target });
			return;
		}
		case "AssignVarOnceStmt": {
			const source = heldBy(reading, statement.source);
			wrote(reading, statement.target);
			forget(reading, statement.target);
			reading.once.push({ target: statement.target, source, looped });
			return;
		}
		case "CallStmt": {
			const args = statement.args.map((arg) => heldBy(reading, arg));
			effects.push({ kind: "call", func: statement.func, args, result: write(reading, statement.result) });
			return;
		}
		case "DotStmt": {
			const source = heldBy(reading, statement.source);
			const key = heldBy(reading, statement.key);
			const target = write(reading, statement.target);
			if (key !== undefined) effects.push({ kind: "escape", local: key });
			if (source === undefined) return;
			if (statement.key.kind === "string")
				effects.push({ kind: "dot", source, key: statement.key.text, target });
			else effects.push({ kind: "escape", local: source });
			return;
		}
		case "EqualStmt":
		case "NotEqualStmt":
			// Whether a value is true or false: what an object holds is no part of that.
			if (statement.a.kind === "bool" || statement.b.kind === "bool") return;
			escapes(reading, localOf(statement.a));
			escapes(reading, localOf(statement.b));
			return;
		case "BlockStmt":
			readBlocks(reading, statement.blocks, looped);
			return;
		case "NotStmt":
			scoped(reading, false, () => readBlock(reading, statement.block, looped));
			return;
		case "ScanStmt":
			escapes(reading, statement.source);
			// A loop may have no round.
			for (const local of [statement.key, statement.value]) {
				wrote(reading, local);
				forget(reading, local);
			}
			scoped(reading, true, () => readBlock(reading, statement.block, true));
			return;
		case "WithStmt":
			// Data, wherever it is replaced, is none of the input; the input replaced, or a part of it, is not followed.
			if (statement.local !== DATA_LOCAL) throw new UnknownPlan("the input is replaced");
			escapes(reading, localOf(statement.value));
			scoped(reading, false, () => readBlock(reading, statement.block, looped));
			return;
		case "CallDynamicStmt":
			throw new UnknownPlan("a rule is chosen by a computed name");
	}
}
