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

/** Thrown where a plan holds what this reader does not know: nothing is said about its reads then. */
export class UnknownPlan extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a field of a statement is. `escape` and `look` are operands, the second when only presence or type of a value
 * matters; `escape-local` is a local by its number; `write` a local that gets a value; `number` and `local` say nothing
 * about the input.
 */
type Role =
	| "escape"
	| "look"
	| "escape-local"
	| "local"
	| "write"
	| "given"
	| "reset"
	| "number"
	| "block"
	| "blocks"
	| "loop";

/** Statements that can be told by their fields alone, as `opa build --target plan` writes them. */
const PLAIN: ReadonlyMap<string, Readonly<Record<string, Role>>> = new Map<string, Record<string, Role>>([
	["ArrayAppendStmt", { value: "escape", array: "escape-local" }],
	["AssignIntStmt", { value: "number", target: "write" }],
	["BlockStmt", { blocks: "blocks" }],
	["BreakStmt", { index: "number" }],
	["IsArrayStmt", { source: "look" }],
	["IsDefinedStmt", { source: "local" }],
	["IsObjectStmt", { source: "look" }],
	["IsSetStmt", { source: "look" }],
	["IsUndefinedStmt", { source: "local" }],
	["LenStmt", { source: "escape", target: "write" }],
	["MakeArrayStmt", { capacity: "number", target: "write" }],
	["MakeNullStmt", { target: "write" }],
	["MakeNumberIntStmt", { value: "number", target: "write" }],
	["MakeNumberRefStmt", { Index: "number", index: "number", target: "write" }],
	["MakeObjectStmt", { target: "write" }],
	["MakeSetStmt", { target: "write" }],
	["NopStmt", {}],
	["NotStmt", { block: "block" }],
	["ObjectInsertOnceStmt", { key: "escape", value: "escape", object: "escape-local" }],
	["ObjectInsertStmt", { key: "escape", value: "escape", object: "escape-local" }],
	["ObjectMergeStmt", { a: "escape-local", b: "escape-local", target: "write" }],
	["ResetLocalStmt", { target: "reset" }],
	["ResultSetAddStmt", { value: "escape-local" }],
	["ScanStmt", { source: "escape-local", key: "given", value: "given", block: "loop" }],
	["SetAddStmt", { value: "escape", set: "escape-local" }],
]);

/** Where a statement stands in its source. */
const POSITION = new Set(["file", "col", "row", "end_col", "end_row"]);
const MAX_NESTING = 256;
/** Statements of everything that one entrypoint reaches. */
const MAX_STATEMENTS = 500_000;

interface Reading {
	readonly strings: readonly string[];
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

/** Counts down over a whole plan. */
export interface Budget {
	statements: number;
}

export function newBudget(): Budget {
	return { statements: MAX_STATEMENTS };
}

export function isFields(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws UnknownPlan */
export function numberOf(value: unknown): number {
	if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new UnknownPlan("no whole number");
	return value;
}

/** @throws UnknownPlan */
export function listOf(value: unknown): readonly unknown[] {
	if (!Array.isArray(value)) throw new UnknownPlan("no list");
	return value as readonly unknown[];
}

/**
 * The effects of a function's (or a plan's) blocks, in no order: what may happen at any time counts always.
 * @throws UnknownPlan
 */
export function readEffects(
	blocks: unknown,
	params: readonly number[],
	strings: readonly string[],
	budget: Budget,
): readonly Effect[] {
	const reading: Reading = {
		strings,
		effects: [],
		current: new Map(),
		touched: new Set(),
		last: 0,
		writes: new Map(),
		once: [],
	};
	for (const param of params) wrote(reading, param);
	readBlocks(reading, budget, blocks, false, 0);
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

function readBlocks(reading: Reading, budget: Budget, blocks: unknown, looped: boolean, depth: number): void {
	for (const block of listOf(blocks)) {
		scoped(reading, false, () => readBlock(reading, budget, block, looped, depth));
	}
}

function readBlock(reading: Reading, budget: Budget, block: unknown, looped: boolean, depth: number): void {
	if (depth > MAX_NESTING || !isFields(block)) throw new UnknownPlan("no block");
	onlyKeys(block, ["stmts"]);
	// A block without statements has null for them.
	for (const each of listOf(block["stmts"] ?? [])) {
		if (budget.statements-- <= 0) throw new UnknownPlan("too many statements");
		if (!isFields(each) || !isFields(each["stmt"])) throw new UnknownPlan("no statement");
		onlyKeys(each, ["type", "stmt"]);
		readStatement(reading, budget, String(each["type"]), each["stmt"], looped, depth);
	}
}

function onlyKeys(fields: Fields, known: readonly string[]): void {
	for (const key of Object.keys(fields)) {
		if (!known.includes(key) && !POSITION.has(key)) throw new UnknownPlan(`unknown field ${key}`);
	}
}

function readStatement(
	reading: Reading,
	budget: Budget,
	type: string,
	stmt: Fields,
	looped: boolean,
	depth: number,
): void {
	const plain = PLAIN.get(type);
	if (plain === undefined) {
		readSpecial(reading, budget, type, stmt, looped, depth);
		return;
	}
	onlyKeys(stmt, Object.keys(plain));
	for (const [key, role] of Object.entries(plain)) {
		const value = stmt[key];
		switch (role) {
			case "escape":
				escapeOperand(reading, value);
				break;
			case "look":
				operand(reading, value);
				break;
			case "escape-local":
				reading.effects.push({ kind: "escape", local: held(reading, numberOf(value)) });
				break;
			case "write":
				write(reading, numberOf(value));
				break;
			case "number":
				// `Index` is written by some releases of OPA only.
				if (value !== undefined) numberOf(value);
				break;
			case "local":
				numberOf(value);
				break;
			case "reset":
				forget(reading, numberOf(value));
				break;
			case "given":
				// By a loop, which may have no round.
				wrote(reading, numberOf(value));
				forget(reading, numberOf(value));
				break;
			case "block":
				scoped(reading, false, () => readBlock(reading, budget, value, looped, depth + 1));
				break;
			case "loop":
				scoped(reading, true, () => readBlock(reading, budget, value, true, depth + 1));
				break;
			case "blocks":
				readBlocks(reading, budget, value, looped, depth + 1);
		}
	}
}

function readSpecial(
	reading: Reading,
	budget: Budget,
	type: string,
	stmt: Fields,
	looped: boolean,
	depth: number,
): void {
	const { effects } = reading;
	switch (type) {
		case "AssignVarStmt":
		case "AssignVarOnceStmt": {
			onlyKeys(stmt, ["source", "target"]);
			const target = numberOf(stmt["target"]);
			const { local } = operand(reading, stmt["source"]);
			if (type === "AssignVarOnceStmt") {
				wrote(reading, target);
				forget(reading, target);
				reading.once.push({ target, source: local, looped });
				return;
			}
			const version = write(reading, target);
			if (local !== undefined) effects.push({ kind: "alias", source: local, target: version });
			return;
		}
		case "CallStmt": {
			onlyKeys(stmt, ["func", "args", "result"]);
			const func = stmt["func"];
			if (typeof func !== "string") throw new UnknownPlan("a call of no function");
			const args = listOf(stmt["args"] ?? []).map((arg) => operand(reading, arg).local);
			const result = numberOf(stmt["result"]);
			effects.push({ kind: "call", func, args, result: write(reading, result) });
			return;
		}
		case "DotStmt": {
			onlyKeys(stmt, ["source", "key", "target"]);
			const source = operand(reading, stmt["source"]).local;
			const key = operand(reading, stmt["key"]);
			const target = numberOf(stmt["target"]);
			const version = write(reading, target);
			if (key.local !== undefined) effects.push({ kind: "escape", local: key.local });
			if (source === undefined) return;
			if (key.text === undefined) effects.push({ kind: "escape", local: source });
			else effects.push({ kind: "dot", source, key: key.text, target: version });
			return;
		}
		case "EqualStmt":
		case "NotEqualStmt": {
			onlyKeys(stmt, ["a", "b"]);
			const a = operand(reading, stmt["a"]);
			const b = operand(reading, stmt["b"]);
			// Whether a value is true or false: what an object holds is no part of that.
			if (a.truth || b.truth) return;
			for (const { local } of [a, b]) if (local !== undefined) effects.push({ kind: "escape", local });
			return;
		}
		case "ReturnLocalStmt":
			onlyKeys(stmt, ["source"]);
			effects.push({ kind: "return", source: held(reading, numberOf(stmt["source"])) });
			return;
		case "WithStmt":
			onlyKeys(stmt, ["local", "path", "value", "block"]);
			// Local 1 is data, wherever it is replaced; the input replaced, or a part of it, is not followed.
			if (stmt["local"] !== 1) throw new UnknownPlan("the input is replaced");
			for (const step of listOf(stmt["path"] ?? [])) numberOf(step);
			escapeOperand(reading, stmt["value"]);
			scoped(reading, false, () => readBlock(reading, budget, stmt["block"], looped, depth + 1));
			return;
		default:
			throw new UnknownPlan(`unknown statement ${type}`);
	}
}

interface Operand {
	readonly local?: number;
	/** A constant string. */
	readonly text?: string;
	/** A constant `true` or `false`. */
	readonly truth?: true;
}

const TRUTH: Operand = { truth: true };

function operand(reading: Reading, value: unknown): Operand {
	if (!isFields(value)) throw new UnknownPlan("no operand");
	onlyKeys(value, ["type", "value"]);
	switch (value["type"]) {
		case "local":
			return { local: held(reading, numberOf(value["value"])) };
		case "bool":
			if (typeof value["value"] !== "boolean") throw new UnknownPlan("no boolean");
			return TRUTH;
		case "string_index": {
			const text = reading.strings[numberOf(value["value"])];
			if (text === undefined) throw new UnknownPlan("no such string");
			return { text };
		}
		default:
			throw new UnknownPlan("unknown operand");
	}
}

function escapeOperand(reading: Reading, value: unknown): void {
	const { local } = operand(reading, value);
	if (local !== undefined) reading.effects.push({ kind: "escape", local });
}
