import type { Block, Operand, Plan, PlanFunction, Statement } from "../plan/ir.ts";

/** What is followed through a plan: values that some calls make, on their way through locals, containers and rules. */
export interface FlowRules {
	/** Calls whose result is marked. */
	readonly makes: ReadonlySet<string>;
	/** Calls that hand a mark from an argument on to their result. */
	readonly carries: ReadonlySet<string>;
	/** Functions of the policy, by the start of their name, that mark nothing of their own: what they make is right. */
	readonly trusted: string;
}

/** Meets every statement in the order of the plan; `marked` tells what a local is known to hold at that point. */
export type FlowVisitor = (statement: Statement, marked: (operand: Operand) => boolean) => void;

/** Rules call each other in no circle, but a plan could say so. */
const MAX_DEPTH = 256;

/**
 * Follows marked values through a whole plan, as they may flow: what holds a marked value is marked, what a rule gives
 * is, and what a function makes of a marked argument is. Locals are used again for something else, so a later write
 * takes a mark away.
 */
export function followFlow(plan: Plan, rules: FlowRules, visit: FlowVisitor): void {
	const returns = new Map<string, boolean>();

	function givesMarked(name: string, depth: number): boolean {
		const known = returns.get(name);
		const func = plan.functions.get(name);
		if (known !== undefined || func === undefined || depth > MAX_DEPTH) return known ?? false;
		returns.set(name, false);
		const gives = walkFunction(func, depth, () => {});
		returns.set(name, gives);
		return gives;
	}

	function walkFunction(func: PlanFunction, depth: number, see: FlowVisitor): boolean {
		let gives = false;
		const marks = new Set<number>();
		const marked = (operand: Operand): boolean => operand.kind === "local" && marks.has(operand.local);
		const mark = (local: number, on: boolean): void => {
			if (on) marks.add(local);
			else marks.delete(local);
		};

		function step(statement: Statement): void {
			see(statement, marked);
			switch (statement.type) {
				case "AssignVarStmt":
				case "AssignVarOnceStmt":
				case "DotStmt":
					mark(statement.target, marked(statement.source));
					return;
				case "CallStmt": {
					const { func: name, args } = statement;
					const given = args.some(marked);
					const trusted = name.startsWith(rules.trusted);
					const own = plan.functions.has(name) && (given || (!trusted && givesMarked(name, depth + 1)));
					mark(statement.result, own || rules.makes.has(name) || (given && rules.carries.has(name)));
					return;
				}
				case "ArrayAppendStmt":
					if (marked(statement.value)) marks.add(statement.array);
					return;
				case "SetAddStmt":
					if (marked(statement.value)) marks.add(statement.set);
					return;
				case "ObjectInsertStmt":
				case "ObjectInsertOnceStmt":
					if (marked(statement.value) || marked(statement.key)) marks.add(statement.object);
					return;
				case "ObjectMergeStmt":
					mark(statement.target, marks.has(statement.a) || marks.has(statement.b));
					return;
				case "AssignIntStmt":
				case "LenStmt":
				case "MakeArrayStmt":
				case "MakeNullStmt":
				case "MakeNumberIntStmt":
				case "MakeNumberRefStmt":
				case "MakeObjectStmt":
				case "MakeSetStmt":
				case "ResetLocalStmt":
					marks.delete(statement.target);
					return;
				case "ScanStmt":
					mark(statement.key, marks.has(statement.source));
					mark(statement.value, marks.has(statement.source));
					walk(statement.block);
					return;
				case "BlockStmt":
					statement.blocks.forEach(walk);
					return;
				case "NotStmt":
				case "WithStmt":
					walk(statement.block);
					return;
				case "ReturnLocalStmt":
					gives ||= marks.has(statement.source);
			}
		}

		function walk(block: Block): void {
			block.statements.forEach(step);
		}

		func.blocks.forEach(walk);
		return gives;
	}

	for (const func of plan.functions.values()) {
		if (!func.name.startsWith(rules.trusted)) walkFunction(func, 0, visit);
	}
}
