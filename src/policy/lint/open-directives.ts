import type { Block, Operand, Plan, PlanFunction, SourcePlace, Statement } from "../plan/ir.ts";

/** An object that a rule makes, by the names it was given; `others`: and ones that are not known. */
interface MadeObject {
	readonly keys: Set<string>;
	others: boolean;
}

const DIRECTIVES: ReadonlySet<string> = new Set(["response", "request"]);
const MAX_DEPTH = 256;

/**
 * Places where a decision gets a directive without `release`, which releases whatever no selector names. Only objects
 * that the policy writes out are seen, in the decision itself or in a rule of their own.
 */
export function openDirectives(plan: Plan): readonly SourcePlace[] {
	const found: SourcePlace[] = [];
	const returns = new Map<string, readonly (MadeObject | undefined)[]>();

	/** What a rule may give: an object that it writes, or undefined for anything else. */
	function given(name: string, depth: number): readonly (MadeObject | undefined)[] {
		const known = returns.get(name);
		const func = plan.functions.get(name);
		if (known !== undefined) return known;
		if (func === undefined || depth > MAX_DEPTH) return [undefined];
		returns.set(name, [undefined]);
		const made = walkFunction(func, depth, false);
		returns.set(name, made);
		return made;
	}

	function walkFunction(
		func: PlanFunction,
		depth: number,
		report: boolean,
	): readonly (MadeObject | undefined)[] {
		const locals = new Map<number, readonly (MadeObject | undefined)[]>();
		const results: (MadeObject | undefined)[] = [];
		const of = (operand: Operand): readonly (MadeObject | undefined)[] =>
			operand.kind === "local" ? (locals.get(operand.local) ?? [undefined]) : [undefined];

		function step(statement: Statement): void {
			switch (statement.type) {
				case "MakeObjectStmt":
					locals.set(statement.target, [{ keys: new Set(), others: false }]);
					return;
				case "ObjectInsertStmt":
				case "ObjectInsertOnceStmt":
					insert(statement);
					return;
				case "AssignVarStmt":
					locals.set(statement.target, of(statement.source));
					return;
				case "AssignVarOnceStmt": {
					const before = locals.get(statement.target) ?? [];
					locals.set(statement.target, [...before, ...of(statement.source)]);
					return;
				}
				case "CallStmt":
					locals.set(statement.result, given(statement.func, depth + 1));
					return;
				case "ResetLocalStmt":
					locals.delete(statement.target);
					return;
				case "DotStmt":
				case "ObjectMergeStmt":
				case "MakeArrayStmt":
				case "MakeSetStmt":
					locals.set(statement.target, [undefined]);
					return;
				case "ScanStmt":
				case "NotStmt":
				case "WithStmt":
					walk(statement.block);
					return;
				case "BlockStmt":
					statement.blocks.forEach(walk);
					return;
				case "ReturnLocalStmt":
					results.push(...(locals.get(statement.source) ?? [undefined]));
			}
		}

		function insert(
			statement: Statement & { readonly type: "ObjectInsertStmt" | "ObjectInsertOnceStmt" },
		): void {
			const { key, value, object, at } = statement;
			for (const made of locals.get(object) ?? []) {
				if (made === undefined) continue;
				if (key.kind === "string") made.keys.add(key.text);
				else made.others = true;
			}
			if (!report || key.kind !== "string" || !DIRECTIVES.has(key.text)) return;
			if (of(value).some((made) => made !== undefined && !made.others && !made.keys.has("release")))
				found.push(at);
		}

		function walk(block: Block): void {
			block.statements.forEach(step);
		}

		func.blocks.forEach(walk);
		return results;
	}

	for (const func of plan.functions.values()) walkFunction(func, 0, true);
	return found;
}
