import { regoText } from "../builtins/rego-text.ts";
import { DATA_LOCAL, INPUT_LOCAL, type Operand, type PlanFunction, type SourcePlace } from "../plan/ir.ts";
import type { Term } from "../term/term.ts";
import type { Explanation, RuleTrace, Stop } from "./trace.ts";

/** Keeps what one rule did, and by which names its locals go. */
export interface Recorder {
	/** A body of the rule ends; `why` is asked for once a place. */
	stop(at: SourcePlace, why: () => string): void;
	/** A body gave a value, or a part of one. */
	gave(at: SourcePlace): void;
	/** Runs what is meant to fail: its ends are none of the rule's. */
	quiet<T>(run: () => T): T;
	enter(func: PlanFunction, args: readonly Term[]): Recorder;
	leave(result: Term | undefined): void;
	/** A rule whose value is known already. */
	repeat(name: string, result: Term | undefined): void;
	arguments(params: readonly number[]): void;
	alias(source: Operand, target: number): void;
	dot(source: Operand, key: Operand, keyValue: Term | undefined, target: number): void;
	call(
		func: PlanFunction | undefined,
		name: string,
		operands: readonly Operand[],
		args: readonly Term[],
		target: number,
	): void;
	round(source: number, key: number, keyValue: Term, value: number): void;
	forget(local: number): void;
	nameOf(local: number): string;
	/** An operand by name and value, as far as it has them. */
	named(operand: Operand, value: Term | undefined): string;
}

/** Rules that are kept of one walk, and ends that are kept of one rule. */
const MAX_RULES = 1000;
const MAX_STOPS = 32;
const MAX_TEXT = 100;

export const shortText = (term: Term): string => {
	const text = regoText(term);
	return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
};

const OPERATORS: Readonly<Record<string, string>> = {
	equal: "==",
	neq: "!=",
	lt: "<",
	lte: "<=",
	gt: ">",
	gte: ">=",
	plus: "+",
	minus: "-",
	mul: "*",
	div: "/",
	rem: "%",
	"internal.member_2": "in",
};

/** `g0.data.a.b` → `data.a.b`. */
const ruleName = (name: string): string => name.replace(/^g\d+\./, "");

type Draft = { -readonly [key in keyof RuleTrace]: RuleTrace[key] } & {
	readonly given: SourcePlace[];
	readonly stops: Stop[];
	readonly calls: Draft[];
};

const draft = (name: string, args: readonly Term[], repeated: boolean): Draft => ({
	name,
	args,
	result: undefined,
	given: [],
	stops: [],
	calls: [],
	repeated,
});

const samePlace = (a: SourcePlace, b: SourcePlace): boolean =>
	a.file === b.file && a.row === b.row && a.col === b.col;

export function createRecorder(): {
	readonly top: Recorder;
	readonly finish: () => Pick<Explanation, "rules" | "truncated">;
} {
	let left = MAX_RULES;
	const root = draft("", [], false);

	function keep(parent: Draft, child: Draft): void {
		if (--left >= 0) parent.calls.push(child);
	}

	function recorder(rule: Draft): Recorder {
		const names = new Map<number, string>([
			[INPUT_LOCAL, "input"],
			[DATA_LOCAL, "data"],
		]);
		let muted = 0;

		const nameOf = (local: number): string => names.get(local) ?? "what was worked out";
		const textOf = (operand: Operand, value: Term | undefined): string => {
			if (operand.kind === "local") {
				const name = names.get(operand.local);
				if (name !== undefined) return name;
			}
			return value === undefined ? "undefined" : shortText(value);
		};

		return {
			stop(at, why) {
				if (muted > 0 || at.row === 0) return;
				const index = rule.stops.findIndex((stop) => samePlace(stop.at, at));
				const known = rule.stops[index];
				if (known !== undefined) rule.stops[index] = { ...known, count: known.count + 1 };
				else if (rule.stops.length < MAX_STOPS) rule.stops.push({ at, why: why(), count: 1 });
			},
			gave(at) {
				if (at.row === 0 || rule.given.some((other) => other.file === at.file && other.row === at.row))
					return;
				rule.given.push(at);
			},
			quiet(run) {
				muted++;
				try {
					return run();
				} finally {
					muted--;
				}
			},
			enter(func, args) {
				const child = draft(ruleName(func.name), args, false);
				keep(rule, child);
				return recorder(child);
			},
			leave(result) {
				rule.result = result;
			},
			repeat(name, result) {
				const child = draft(ruleName(name), [], true);
				child.result = result;
				keep(rule, child);
			},
			arguments(params) {
				for (const [index, local] of params.slice(2).entries()) names.set(local, `argument ${index + 1}`);
			},
			alias(source, target) {
				const name = source.kind === "local" ? names.get(source.local) : undefined;
				if (name === undefined) names.delete(target);
				else names.set(target, name);
			},
			dot(source, key, keyValue, target) {
				const from = textOf(source, undefined);
				const plain = key.kind === "string" && /^[A-Za-z_]\w*$/.test(key.text);
				names.set(
					target,
					plain ? `${from}.${key.text}` : `${from}[${keyValue === undefined ? "" : shortText(keyValue)}]`,
				);
			},
			call(func, name, operands, args, target) {
				const texts = operands.map((operand, i) => textOf(operand, args[i]));
				const operator = OPERATORS[name];
				const [a = "", b = ""] = texts;
				if (func !== undefined) {
					const own = texts.slice(2);
					names.set(target, ruleName(func.name) + (own.length === 0 ? "" : `(${own.join(", ")})`));
				} else
					names.set(
						target,
						operator === undefined ? `${name}(${texts.join(", ")})` : `${a} ${operator} ${b}`,
					);
			},
			round(source, key, keyValue, value) {
				names.delete(key);
				names.set(value, `${nameOf(source)}[${shortText(keyValue)}]`);
			},
			forget: (local) => void names.delete(local),
			nameOf,
			named: textOf,
		};
	}

	return {
		top: recorder(root),
		finish: () => ({ rules: root.calls, truncated: left < 0 }),
	};
}
