import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { lookUp } from "../builtins/module/collections.ts";
import { regoText } from "../builtins/rego-text.ts";
import {
	type Block,
	DATA_LOCAL,
	INPUT_LOCAL,
	type Operand,
	type Plan,
	type PlanFunction,
	type Statement,
} from "../plan/ir.ts";
import { compareTerms, sortEntries, sortTerms } from "../term/compare.ts";
import { isArray, isObject, isSet, numberTerm, type ObjectTerm, type Term } from "../term/term.ts";
import { createRecorder, type Recorder, shortText } from "./record.ts";
import type { Explanation } from "./trace.ts";
import { upsert } from "./upsert.ts";

/** Ends a walk that cannot go on: the policy's own errors, and what the walk is bounded by. */
class Failure extends Error {}

/** Statements that one walk may run. */
const MAX_STEPS = 5_000_000;
/** Rules that ask for rules. */
const MAX_CALLS = 200;

export interface InterpretOptions {
	readonly plan: Plan;
	readonly builtins: ReadonlyMap<string, Builtin>;
	readonly input: Term;
	readonly data: Term;
	readonly context: BuiltinContext;
}

/** How a block ended: at its end, or by leaving so many blocks, itself the first. */
type Ending = "end" | number;

interface Frame {
	/** The local that the rule's value is made in. */
	readonly result: number;
	readonly locals: Map<number, Term>;
	readonly record: Recorder;
	returned: Term | undefined;
	isReturned: boolean;
}

const equal = (a: Term, b: Term): boolean => compareTerms(a, b) === 0;

/** Containers are filled in place while they are made, and seen by all that hold them: as in a module. */
const items = (term: Term | undefined): Term[] => {
	if (isArray(term) || isSet(term)) return term.items as Term[];
	throw new Failure("the plan fills what is no collection");
};

const entries = (term: Term | undefined): [Term, Term][] => {
	if (isObject(term)) return term.entries as unknown as [Term, Term][];
	throw new Failure("the plan fills what is no object");
};

/**
 * Walks an entrypoint through its plan, statement by statement, and keeps what every rule came to. Many times slower
 * than the module, for people to read; never throws.
 */
export function interpret(options: InterpretOptions, entrypoint: string): Explanation {
	const { plan, builtins, context } = options;
	let steps = 0;
	let depth = 0;
	let result: Term | undefined;
	/** Values of rules under the present input and data. */
	let memo = new Map<string, Term | undefined>();

	function run(blocks: readonly Block[], frame: Frame): Ending {
		for (const block of blocks) {
			const ending = runBlock(block, frame);
			if (frame.isReturned) return "end";
			if (ending !== "end" && ending > 0) return ending - 1;
		}
		return "end";
	}

	function runBlock(block: Block, frame: Frame): Ending {
		for (const statement of block.statements) {
			if (++steps > MAX_STEPS) throw new Failure("it takes too many steps to be explained");
			const ending = step(statement, frame);
			if (ending !== "end" || frame.isReturned) return ending;
		}
		return "end";
	}

	function heldBy(operand: Operand, { locals }: Frame): Term | undefined {
		if (operand.kind === "local") return locals.get(operand.local);
		return operand.kind === "bool" ? operand.value : operand.text;
	}

	const conflict = ({ at }: Statement, what: string): Failure =>
		new Failure(`${plan.files[at.file] ?? "?"}:${at.row}: ${what}`);

	function needed(operand: Operand, frame: Frame): Term {
		const value = heldBy(operand, frame);
		if (value === undefined) throw new Failure("the plan uses what has no value");
		return value;
	}

	/** Undefined: the block ends here. */
	function stop(frame: Frame, statement: Statement, why: () => string): Ending {
		frame.record.stop(statement.at, why);
		return 0;
	}

	function setOrStop(
		frame: Frame,
		statement: Statement,
		target: number,
		value: Term | undefined,
		why: () => string,
	): Ending {
		if (value === undefined) return stop(frame, statement, why);
		frame.locals.set(target, value);
		return "end";
	}

	function step(statement: Statement, frame: Frame): Ending {
		const { locals, record } = frame;
		switch (statement.type) {
			case "NopStmt":
				return "end";
			case "BreakStmt":
				return statement.index;
			case "BlockStmt":
				return run(statement.blocks, frame);
			case "ReturnLocalStmt":
				frame.isReturned = true;
				frame.returned = locals.get(statement.source);
				return "end";
			case "ResultSetAddStmt":
				result = locals.get(statement.value);
				return "end";
			case "ResetLocalStmt":
				locals.delete(statement.target);
				return "end";
			case "AssignIntStmt":
			case "MakeNumberIntStmt":
				locals.set(statement.target, numberTerm(statement.value));
				record.forget(statement.target);
				return "end";
			case "MakeNumberRefStmt":
				locals.set(statement.target, numberTerm(statement.text));
				record.forget(statement.target);
				return "end";
			case "MakeNullStmt":
				locals.set(statement.target, null);
				record.forget(statement.target);
				return "end";
			case "MakeArrayStmt":
				locals.set(statement.target, { kind: "array", items: [] });
				record.forget(statement.target);
				return "end";
			case "MakeSetStmt":
				locals.set(statement.target, { kind: "set", items: [] });
				record.forget(statement.target);
				return "end";
			case "MakeObjectStmt":
				locals.set(statement.target, { kind: "object", entries: [] });
				record.forget(statement.target);
				return "end";
			case "AssignVarStmt": {
				locals.set(statement.target, needed(statement.source, frame));
				record.alias(statement.source, statement.target);
				return "end";
			}
			case "AssignVarOnceStmt": {
				const value = needed(statement.source, frame);
				const old = locals.get(statement.target);
				if (old !== undefined && !equal(old, value)) {
					throw conflict(statement, "a second value for a rule that has one");
				}
				locals.set(statement.target, value);
				record.alias(statement.source, statement.target);
				// A rule with an `else` makes each of its values in a local of its own.
				record.gave(statement.at);
				return "end";
			}
			case "ArrayAppendStmt":
				items(locals.get(statement.array)).push(needed(statement.value, frame));
				return "end";
			case "SetAddStmt": {
				const set = items(locals.get(statement.set));
				const value = needed(statement.value, frame);
				if (!set.some((item) => equal(item, value))) set.push(value);
				if (statement.set === frame.result) record.gave(statement.at);
				return "end";
			}
			case "ObjectInsertStmt":
			case "ObjectInsertOnceStmt": {
				const object = entries(locals.get(statement.object));
				const key = needed(statement.key, frame);
				const value = needed(statement.value, frame);
				const old = object.find(([name]) => equal(name, key));
				const once = statement.type === "ObjectInsertOnceStmt";
				if (old === undefined) object.push([key, value]);
				else if (once && !equal(old[1], value)) {
					throw conflict(statement, "a second value for a key that has one");
				} else old[1] = value;
				if (once && statement.object === frame.result) record.gave(statement.at);
				return "end";
			}
			case "ObjectMergeStmt": {
				const a = locals.get(statement.a);
				const b = locals.get(statement.b);
				if (!isObject(a) || !isObject(b)) throw conflict(statement, "two documents at one path");
				locals.set(statement.target, merge(a, b));
				record.forget(statement.target);
				return "end";
			}
			case "LenStmt": {
				const value = needed(statement.source, frame);
				const size = isObject(value) ? value.entries.length : items(value).length;
				locals.set(statement.target, numberTerm(size));
				return "end";
			}
			case "IsDefinedStmt":
				return locals.has(statement.source) ? "end" : 0;
			case "IsUndefinedStmt":
				return locals.has(statement.source) ? 0 : "end";
			case "IsArrayStmt":
			case "IsObjectStmt":
			case "IsSetStmt": {
				const value = heldBy(statement.source, frame);
				const fits =
					statement.type === "IsArrayStmt"
						? isArray(value)
						: statement.type === "IsSetStmt"
							? isSet(value)
							: isObject(value);
				const kind = statement.type.slice(2, -4).toLowerCase();
				return fits
					? "end"
					: stop(frame, statement, () => `${record.named(statement.source, value)} is no ${kind}`);
			}
			case "EqualStmt": {
				const a = heldBy(statement.a, frame);
				const b = heldBy(statement.b, frame);
				if (a !== undefined && b !== undefined && equal(a, b)) return "end";
				return stop(frame, statement, () => differ(record, statement, a, b));
			}
			case "NotEqualStmt": {
				const a = heldBy(statement.a, frame);
				const b = heldBy(statement.b, frame);
				if (a !== undefined && b !== undefined && !equal(a, b)) return "end";
				return stop(
					frame,
					statement,
					() => `${record.named(statement.a, a)} is ${b === undefined ? "undefined" : shortText(b)}`,
				);
			}
			case "DotStmt": {
				const source = heldBy(statement.source, frame);
				const key = heldBy(statement.key, frame);
				record.dot(statement.source, statement.key, key, statement.target);
				const value = source === undefined || key === undefined ? undefined : lookUp(source, key);
				return setOrStop(
					frame,
					statement,
					statement.target,
					value,
					() => `${record.nameOf(statement.target)} is undefined`,
				);
			}
			case "CallStmt": {
				const args = statement.args.map((arg) => needed(arg, frame));
				const func = plan.functions.get(statement.func);
				const value = func === undefined ? builtin(statement.func, args) : call(func, args, frame);
				record.call(func, statement.func, statement.args, args, statement.result);
				return setOrStop(
					frame,
					statement,
					statement.result,
					value,
					() => `${record.nameOf(statement.result)} is undefined`,
				);
			}
			case "CallDynamicStmt": {
				const path = statement.path.map((step) => needed(step, frame));
				const func = [...plan.functions.values()].find(
					(each) => each.path.length === path.length && each.path.every((step, i) => step === path[i]),
				);
				if (func === undefined)
					return stop(
						frame,
						statement,
						() => `there is no rule data.${path.slice(1).map(regoText).join(".")}`,
					);
				const args = statement.args.map((local) => needed({ kind: "local", local }, frame));
				const value = call(func, args, frame);
				return setOrStop(
					frame,
					statement,
					statement.result,
					value,
					() => `${func.name.slice(3)} is undefined`,
				);
			}
			case "NotStmt": {
				const inner = record.quiet(() => runBlock(statement.block, frame));
				if (inner !== "end") return inner > 0 ? inner - 1 : "end";
				return stop(frame, statement, () => "what stands behind `not` holds");
			}
			case "ScanStmt":
				return scan(statement, frame);
			case "WithStmt":
				return withReplaced(statement, frame);
		}
	}

	/** Keys and values in OPA's order; the block is left by 0, the round by 1, the loop by 2. */
	function scan(statement: Statement & { readonly type: "ScanStmt" }, frame: Frame): Ending {
		const source = frame.locals.get(statement.source);
		const rounds: readonly (readonly [Term, Term])[] = isArray(source)
			? source.items.map((item, index) => [numberTerm(index), item] as const)
			: isSet(source)
				? sortTerms(source.items).map((item) => [item, item] as const)
				: isObject(source)
					? sortEntries(source)
					: [];
		for (const [key, value] of rounds) {
			frame.locals.set(statement.key, key);
			frame.locals.set(statement.value, value);
			frame.record.round(statement.source, statement.key, key, statement.value);
			const ending = runBlock(statement.block, frame);
			if (frame.isReturned) return "end";
			if (ending === "end" || ending < 2) continue;
			return ending === 2 ? "end" : ending - 3;
		}
		return "end";
	}

	function withReplaced(statement: Statement & { readonly type: "WithStmt" }, frame: Frame): Ending {
		const { locals } = frame;
		const before = locals.get(statement.local);
		const kept = memo;
		memo = new Map();
		const value = needed(statement.value, frame);
		locals.set(statement.local, upsert(before, statement.path, value));
		const ending = runBlock(statement.block, frame);
		if (before === undefined) locals.delete(statement.local);
		else locals.set(statement.local, before);
		memo = kept;
		if (ending === "end") return "end";
		return ending > 0 ? ending - 1 : 0;
	}

	function builtin(name: string, args: readonly Term[]): Term | undefined {
		const run = builtins.get(name);
		if (run === undefined) throw new Failure(`${name} cannot be explained`);
		return run(args, context);
	}

	function call(func: PlanFunction, args: readonly Term[], caller: Frame): Term | undefined {
		const own = args.slice(2);
		const isRule = own.length === 0;
		if (isRule && memo.has(func.name)) {
			const known = memo.get(func.name);
			caller.record.repeat(func.name, known);
			return known;
		}
		if (depth >= MAX_CALLS) throw new Failure("rules ask for rules too often to be explained");
		depth++;
		const record = caller.record.enter(func, own);
		const frame: Frame = {
			result: func.result,
			locals: new Map(func.params.flatMap((param, i) => (args[i] === undefined ? [] : [[param, args[i]]]))),
			record,
			returned: undefined,
			isReturned: false,
		};
		record.arguments(func.params);
		run(func.blocks, frame);
		depth--;
		record.leave(frame.returned);
		if (isRule) memo.set(func.name, frame.returned);
		return frame.returned;
	}

	const recorder = createRecorder();
	const blocks = plan.entrypoints.get(entrypoint);
	const frame: Frame = {
		result: -1,
		locals: new Map([
			[INPUT_LOCAL, options.input],
			[DATA_LOCAL, options.data],
		]),
		record: recorder.top,
		returned: undefined,
		isReturned: false,
	};
	try {
		if (blocks === undefined) throw new Failure(`the plan has no entrypoint ${entrypoint}`);
		run(blocks, frame);
	} catch (thrown) {
		return {
			...recorder.finish(),
			result: undefined,
			failure: thrown instanceof Error ? thrown.message : String(thrown),
		};
	}
	return { ...recorder.finish(), result: isObject(result) ? result.entries[0]?.[1] : undefined };
}

/** Two documents as one; where both are objects their members are, else the first counts. */
function merge(a: ObjectTerm, b: ObjectTerm): ObjectTerm {
	const merged: [Term, Term][] = a.entries.map(([key, value]) => [key, value]);
	for (const [key, value] of b.entries) {
		const old = merged.find(([name]) => equal(name, key));
		if (old === undefined) merged.push([key, value]);
		else if (isObject(old[1]) && isObject(value)) old[1] = merge(old[1], value);
	}
	return { kind: "object", entries: merged };
}

/** `input.method is "POST", not "GET"`: what is known by name first. */
function differ(
	record: Recorder,
	{ a: left, b: right }: { readonly a: Operand; readonly b: Operand },
	a: Term | undefined,
	b: Term | undefined,
): string {
	const [one, value, other, wanted] = left.kind === "local" ? [left, a, right, b] : [right, b, left, a];
	const name = record.named(one, value);
	const shown = value === undefined ? "undefined" : shortText(value);
	const what = record.named(other, wanted);
	const expected = wanted === undefined ? what : shortText(wanted);
	return `${name} is ${shown}, not ${expected}${what === expected ? "" : ` as ${what}`}`;
}
