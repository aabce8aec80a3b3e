/** Thrown where a plan holds what this reader does not know. */
export class UnknownPlan extends Error {}

/** Where a statement stands in its source; lines from 1, 0 for what the compiler added. */
export interface SourcePlace {
	/** Index into the plan's files. */
	readonly file: number;
	readonly row: number;
	readonly col: number;
}

export type Operand =
	| { readonly kind: "local"; readonly local: number }
	| { readonly kind: "bool"; readonly value: boolean }
	| { readonly kind: "string"; readonly text: string };

/** The statements of OPA's intermediate representation, as `opa build --target plan` writes them. Locals are numbers. */
export type Statement = { readonly at: SourcePlace } & (
	| { readonly type: "ArrayAppendStmt"; readonly value: Operand; readonly array: number }
	| { readonly type: "AssignIntStmt"; readonly value: number; readonly target: number }
	| {
			readonly type: "AssignVarStmt" | "AssignVarOnceStmt";
			readonly source: Operand;
			readonly target: number;
	  }
	| { readonly type: "BlockStmt"; readonly blocks: readonly Block[] }
	| { readonly type: "BreakStmt"; readonly index: number }
	| {
			readonly type: "CallStmt";
			readonly func: string;
			readonly args: readonly Operand[];
			readonly result: number;
	  }
	| {
			readonly type: "CallDynamicStmt";
			readonly path: readonly Operand[];
			readonly args: readonly number[];
			readonly result: number;
	  }
	| { readonly type: "DotStmt"; readonly source: Operand; readonly key: Operand; readonly target: number }
	| { readonly type: "EqualStmt" | "NotEqualStmt"; readonly a: Operand; readonly b: Operand }
	| { readonly type: "IsArrayStmt" | "IsObjectStmt" | "IsSetStmt"; readonly source: Operand }
	| { readonly type: "IsDefinedStmt" | "IsUndefinedStmt"; readonly source: number }
	| { readonly type: "LenStmt"; readonly source: Operand; readonly target: number }
	| { readonly type: "MakeArrayStmt"; readonly capacity: number; readonly target: number }
	| { readonly type: "MakeNumberIntStmt"; readonly value: number; readonly target: number }
	| { readonly type: "MakeNumberRefStmt"; readonly text: string; readonly target: number }
	| { readonly type: "MakeNullStmt" | "MakeObjectStmt" | "MakeSetStmt"; readonly target: number }
	| { readonly type: "NopStmt" }
	| { readonly type: "NotStmt"; readonly block: Block }
	| {
			readonly type: "ObjectInsertStmt" | "ObjectInsertOnceStmt";
			readonly key: Operand;
			readonly value: Operand;
			readonly object: number;
	  }
	| { readonly type: "ObjectMergeStmt"; readonly a: number; readonly b: number; readonly target: number }
	| { readonly type: "ResetLocalStmt"; readonly target: number }
	| { readonly type: "ResultSetAddStmt"; readonly value: number }
	| { readonly type: "ReturnLocalStmt"; readonly source: number }
	| {
			readonly type: "ScanStmt";
			readonly source: number;
			readonly key: number;
			readonly value: number;
			readonly block: Block;
	  }
	| { readonly type: "SetAddStmt"; readonly value: Operand; readonly set: number }
	| {
			readonly type: "WithStmt";
			readonly local: number;
			readonly path: readonly string[];
			readonly value: Operand;
			readonly block: Block;
	  }
);

export interface Block {
	readonly statements: readonly Statement[];
}

/** A rule or a function of the policy. */
export interface PlanFunction {
	readonly name: string;
	/** `g0`, then the path under `data`. */
	readonly path: readonly string[];
	/** Input, data, then the arguments. */
	readonly params: readonly number[];
	/** The local that its value is made in. */
	readonly result: number;
	readonly blocks: readonly Block[];
}

export interface Plan {
	readonly files: readonly string[];
	readonly functions: ReadonlyMap<string, PlanFunction>;
	/** By name of the entrypoint. */
	readonly entrypoints: ReadonlyMap<string, readonly Block[]>;
}

export const INPUT_LOCAL = 0;
export const DATA_LOCAL = 1;

type Role =
	| "locals"
	| "operand"
	| "operands"
	| "local"
	| "number"
	| "text"
	| "block"
	| "blocks"
	| "texts"
	| "number-text";

const FIELDS: Readonly<Record<string, Readonly<Record<string, Role>>>> = {
	ArrayAppendStmt: { value: "operand", array: "local" },
	AssignIntStmt: { value: "number", target: "local" },
	AssignVarStmt: { source: "operand", target: "local" },
	AssignVarOnceStmt: { source: "operand", target: "local" },
	BlockStmt: { blocks: "blocks" },
	BreakStmt: { index: "number" },
	CallStmt: { func: "text", args: "operands", result: "local" },
	CallDynamicStmt: { path: "operands", args: "locals", result: "local" },
	DotStmt: { source: "operand", key: "operand", target: "local" },
	EqualStmt: { a: "operand", b: "operand" },
	NotEqualStmt: { a: "operand", b: "operand" },
	IsArrayStmt: { source: "operand" },
	IsObjectStmt: { source: "operand" },
	IsSetStmt: { source: "operand" },
	IsDefinedStmt: { source: "local" },
	IsUndefinedStmt: { source: "local" },
	LenStmt: { source: "operand", target: "local" },
	MakeArrayStmt: { capacity: "number", target: "local" },
	MakeNullStmt: { target: "local" },
	MakeNumberIntStmt: { value: "number", target: "local" },
	MakeNumberRefStmt: { index: "number-text", target: "local" },
	MakeObjectStmt: { target: "local" },
	MakeSetStmt: { target: "local" },
	NopStmt: {},
	NotStmt: { block: "block" },
	ObjectInsertStmt: { key: "operand", value: "operand", object: "local" },
	ObjectInsertOnceStmt: { key: "operand", value: "operand", object: "local" },
	ObjectMergeStmt: { a: "local", b: "local", target: "local" },
	ResetLocalStmt: { target: "local" },
	ResultSetAddStmt: { value: "local" },
	ReturnLocalStmt: { source: "local" },
	ScanStmt: { source: "local", key: "local", value: "local", block: "block" },
	SetAddStmt: { value: "operand", set: "local" },
	WithStmt: { local: "local", path: "texts", value: "operand", block: "block" },
};

const POSITION = ["file", "col", "row", "end_col", "end_row"];
const MAX_NESTING = 256;
/** Statements of a whole plan. */
const MAX_STATEMENTS = 2_000_000;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw new UnknownPlan("no object");
	return value as Fields;
}

function listOf(value: unknown): readonly unknown[] {
	if (!Array.isArray(value)) throw new UnknownPlan("no list");
	return value as readonly unknown[];
}

function numberOf(value: unknown): number {
	if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new UnknownPlan("no whole number");
	return value;
}

function textOf(value: unknown): string {
	if (typeof value !== "string") throw new UnknownPlan("no text");
	return value;
}

function onlyKeys(fields: Fields, known: readonly string[]): void {
	for (const key of Object.keys(fields)) {
		if (!known.includes(key) && !POSITION.includes(key)) throw new UnknownPlan(`unknown field ${key}`);
	}
}

/**
 * Reads a plan strictly: what it holds beyond this reader's knowledge is refused, for nothing could be said about it.
 * @throws UnknownPlan
 */
export function readPlan(value: unknown): Plan {
	const { static: statics, plans, funcs } = fieldsOf(value);
	const { strings, files } = fieldsOf(statics);
	const reader = createReader(textsOf(strings));
	const functions = new Map<string, PlanFunction>();
	for (const each of funcs === undefined || funcs === null ? [] : listOf(fieldsOf(funcs)["funcs"] ?? [])) {
		const { name, path, params, return: result, blocks } = fieldsOf(each);
		const text = textOf(name);
		if (functions.has(text)) throw new UnknownPlan("a function twice");
		functions.set(text, {
			name: text,
			path: listOf(path ?? []).map(textOf),
			params: listOf(params).map(numberOf),
			result: numberOf(result),
			blocks: reader.blocks(blocks, 0),
		});
	}
	const entrypoints = new Map<string, readonly Block[]>();
	for (const each of listOf(fieldsOf(plans)["plans"])) {
		const { name, blocks } = fieldsOf(each);
		const text = textOf(name);
		if (entrypoints.has(text)) throw new UnknownPlan("an entrypoint twice");
		entrypoints.set(text, reader.blocks(blocks, 0));
	}
	return { files: textsOf(files), functions, entrypoints };
}

/** A table of the plan: objects with a `value` each. */
const textsOf = (table: unknown): readonly string[] =>
	listOf(table ?? []).map((each) => textOf(fieldsOf(each)["value"]));

function createReader(strings: readonly string[]) {
	let left = MAX_STATEMENTS;

	function stringAt(index: unknown): string {
		const text = strings[numberOf(index)];
		if (text === undefined) throw new UnknownPlan("no such string");
		return text;
	}

	function operand(value: unknown): Operand {
		const fields = fieldsOf(value);
		onlyKeys(fields, ["type", "value"]);
		switch (fields["type"]) {
			case "local":
				return { kind: "local", local: numberOf(fields["value"]) };
			case "bool":
				if (typeof fields["value"] !== "boolean") throw new UnknownPlan("no boolean");
				return { kind: "bool", value: fields["value"] };
			case "string_index":
				return { kind: "string", text: stringAt(fields["value"]) };
			default:
				throw new UnknownPlan("unknown operand");
		}
	}

	function field(role: Role, value: unknown, depth: number): unknown {
		switch (role) {
			case "operand":
				return operand(value);
			case "operands":
				return listOf(value ?? []).map(operand);
			case "locals":
				return listOf(value ?? []).map(numberOf);
			case "local":
			case "number":
				return numberOf(value);
			case "text":
				return textOf(value);
			case "texts":
				return listOf(value ?? []).map(stringAt);
			case "number-text":
				return stringAt(value);
			case "block":
				return block(value, depth);
			case "blocks":
				return blocks(value, depth);
		}
	}

	function statement(value: unknown, depth: number): Statement {
		if (left-- <= 0) throw new UnknownPlan("too many statements");
		const each = fieldsOf(value);
		onlyKeys(each, ["type", "stmt"]);
		const type = textOf(each["type"]);
		const roles = Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
		if (roles === undefined) throw new UnknownPlan(`unknown statement ${type}`);
		const stmt = fieldsOf(each["stmt"]);
		// Some releases of OPA write the index of a number twice, in two spellings.
		const known = type === "MakeNumberRefStmt" ? [...Object.keys(roles), "Index"] : Object.keys(roles);
		onlyKeys(stmt, known);
		const at = {
			file: numberOf(stmt["file"] ?? 0),
			row: numberOf(stmt["row"] ?? 0),
			col: numberOf(stmt["col"] ?? 0),
		};
		const made: Record<string, unknown> = { type, at };
		for (const [key, role] of Object.entries(roles)) {
			const given = role === "number-text" ? (stmt[key] ?? stmt["Index"]) : stmt[key];
			made[role === "number-text" ? "text" : key] = field(role, given, depth + 1);
		}
		return made as unknown as Statement;
	}

	function block(value: unknown, depth: number): Block {
		if (depth > MAX_NESTING) throw new UnknownPlan("nested too deep");
		const fields = fieldsOf(value);
		onlyKeys(fields, ["stmts"]);
		// A block without statements has null for them.
		return { statements: listOf(fields["stmts"] ?? []).map((each) => statement(each, depth)) };
	}

	function blocks(value: unknown, depth: number): readonly Block[] {
		// As with statements.
		return listOf(value ?? []).map((each) => block(each, depth));
	}

	return { blocks };
}
