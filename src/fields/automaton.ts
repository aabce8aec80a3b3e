import { chooseMask } from "./mask-choice.ts";
import type { Directive, MaskRule, Selector, Step, Strategy } from "./types.ts";

/** The value is released; a container is entered. */
export const RELEASE = 0;
export const WITHHOLD = 1;
/** `verdict - MASK` is an index into the automaton's strategies. */
export const MASK = 2;

/**
 * What the selectors say about a value at the end of some path, for each kind of value, and how to go on
 * below it. States are built when a body first needs them, so the cost per value does not grow with the
 * number of selectors.
 */
export interface State {
	readonly scalar: number;
	readonly object: number;
	readonly array: number;
	/** Some child may be withheld, so what stands before a child has to wait for its verdict. */
	readonly mixed: boolean;
	/** A `withhold` or `mask` selector covers the value, so nobody looks below it. */
	readonly sealed: boolean;
	/** What no selector can name, and nobody can read, may pass here: no allow-list, and nothing to hide below. */
	readonly opaque: boolean;
	/** One of the states that the automaton keeps; what is not kept is built again each time. */
	readonly kept: boolean;
	/** Elements at some indexes differ from the others. */
	readonly indexed: boolean;
	/** The state of the member `name`. */
	member(name: string): State;
	/** The state of members that no selector names here. */
	otherMember(): State;
	/** Some selector names a member here. */
	readonly named: boolean;
	element(index: number): State;
	otherElement(): State;
}

export interface Automaton {
	readonly root: State;
	/** By index `verdict - MASK`. */
	readonly strategies: readonly Strategy[];
	/** Every name that a selector holds. */
	readonly names: ReadonlySet<string>;
}

/** A selector with its next step; `at === steps.length` has arrived. */
interface Position {
	readonly list: "release" | "mask" | "withhold";
	readonly steps: readonly Step[];
	readonly at: number;
	readonly rule?: MaskRule;
	/** The same selector one step on. */
	readonly next?: Position;
	readonly id: number;
}

type Input = { readonly name: string | undefined } | { readonly index: number | undefined };

/**
 * Compiles the path selectors of a directive. Selectors like `$..a.*.*.*` have exponentially many states, and
 * bodies choose which are met: at most `maxStates` are kept.
 */
export function buildAutomaton(
	directive: Directive,
	combine: "strongest" | "redact",
	maxStates: number,
): Automaton {
	const strict = directive.release !== undefined;
	const strategies: Strategy[] = [];
	const strategyOf = new Map<string, number>();
	const interned = new Map<string, State>();
	const names = new Set<string>();
	let ids = 0;

	function positions(list: Position["list"], selector: Selector, rule?: MaskRule): Position[] {
		if (selector.kind !== "path") return [];
		const { steps } = selector;
		let next: Position | undefined;
		for (let at = steps.length; at >= 0; at--) {
			const step = steps[at];
			if (step?.kind === "name") names.add(step.name);
			next = { list, steps, at, id: ids++, ...(rule && { rule }), ...(next && { next }) };
		}
		return next === undefined ? [] : [next];
	}

	function maskVerdict(rules: readonly MaskRule[]): number {
		const choice = chooseMask(rules, combine);
		const strategy: Strategy = choice === "redact" ? { as: "redact" } : choice.strategy;
		const key = choice === "redact" ? "redact {}" : `${strategy.as} ${choice.parameters}`;
		let index = strategyOf.get(key);
		if (index === undefined) {
			index = strategies.push(strategy) - 1;
			strategyOf.set(key, index);
		}
		return MASK + index;
	}

	function settle(reached: readonly Position[], wasReleased: boolean): State {
		const arrived = reached.filter((p) => p.at === p.steps.length);
		const rules = arrived.flatMap((p) => (p.rule === undefined ? [] : [p.rule]));
		if (arrived.some((p) => p.list === "withhold"))
			return intern(`v${WITHHOLD}`, (kept) => uniform(WITHHOLD, kept));
		if (rules.length > 0) {
			const verdict = maskVerdict(rules);
			return intern(`v${verdict}`, (kept) => uniform(verdict, kept));
		}
		const released = wasReleased || arrived.some((p) => p.list === "release");
		const live = new Map<number, Position>();
		for (const p of reached) {
			// Below a released value further release selectors have nothing to add.
			if (p.at < p.steps.length && !(released && p.list === "release")) live.set(p.id, p);
		}
		const key = `${released ? "r" : "n"}${[...live.keys()].sort((a, b) => a - b).join(",")}`;
		return intern(key, (kept) => open([...live.values()], released, kept));
	}

	function intern(key: string, build: (kept: boolean) => State): State {
		const known = interned.get(key);
		if (known !== undefined) return known;
		const kept = interned.size < maxStates;
		const state = build(kept);
		if (kept) interned.set(key, state);
		return state;
	}

	/** A value that is replaced or removed whole; nobody looks below it. */
	function uniform(verdict: number, kept: boolean): State {
		const state: State = {
			scalar: verdict,
			object: verdict,
			array: verdict,
			mixed: false,
			sealed: true,
			opaque: false,
			kept,
			indexed: false,
			named: false,
			member: () => state,
			otherMember: () => state,
			element: () => state,
			otherElement: () => state,
		};
		return state;
	}

	function open(live: readonly Position[], released: boolean, kept: boolean): State {
		const free = released || !strict;
		const keeping = live.filter((p) => p.list !== "withhold").map((p) => p.steps[p.at]!);
		const enters = (index: boolean): number =>
			free || keeping.some((step) => reaches(step, index)) ? RELEASE : WITHHOLD;
		const stepNames = new Set(live.flatMap((p) => nameOf(p.steps[p.at]!)));
		const stepIndexes = new Set(live.flatMap((p) => indexOf(p.steps[p.at]!)));
		const members = new Map<string, State>();
		const elements = new Map<number, State>();
		let otherMember: State | undefined;
		let otherElement: State | undefined;
		const go = (input: Input): State => settle(advance(live, input), released);
		const state: State = {
			scalar: free ? RELEASE : WITHHOLD,
			object: enters(false),
			array: enters(true),
			mixed: !free || live.some((p) => p.list === "withhold"),
			sealed: false,
			opaque: !strict && live.length === 0,
			kept,
			indexed: stepIndexes.size > 0,
			named: stepNames.size > 0,
			member(name) {
				if (!stepNames.has(name)) return state.otherMember();
				return members.get(name) ?? keep(go({ name }), (found) => members.set(name, found));
			},
			otherMember() {
				return otherMember ?? keep(go({ name: undefined }), (found) => (otherMember = found));
			},
			element(index) {
				if (!stepIndexes.has(index)) return state.otherElement();
				return elements.get(index) ?? keep(go({ index }), (found) => elements.set(index, found));
			},
			otherElement() {
				return otherElement ?? keep(go({ index: undefined }), (found) => (otherElement = found));
			},
		};
		return state;
	}

	const start = [
		...(directive.release ?? []).flatMap((s) => positions("release", s)),
		...directive.mask.flatMap((rule) => positions("mask", rule.select, rule)),
		...directive.withhold.flatMap((s) => positions("withhold", s)),
	];
	return { root: settle(start, false), strategies, names };
}

/** Lets a state remember one that follows it, if that one is kept: nothing else bounds how many there are. */
function keep(found: State, remember: (found: State) => void): State {
	if (found.kept) remember(found);
	return found;
}

function advance(live: readonly Position[], input: Input): Position[] {
	const reached: Position[] = [];
	for (const p of live) {
		const step = p.steps[p.at]!;
		if (step.kind !== "index" && step.descend) reached.push(p);
		if (matches(step, input)) reached.push(p.next!);
	}
	return reached;
}

function matches(step: Step, input: Input): boolean {
	if (step.kind === "any") return true;
	if (step.kind === "name") return "name" in input && input.name === step.name;
	return "index" in input && input.index === step.index;
}

/** Whether a step may lead on through an array (`index`) or an object, whatever the data hold. */
function reaches(step: Step, index: boolean): boolean {
	if (step.kind === "any" || (step.kind === "name" && step.descend)) return true;
	return (step.kind === "index") === index;
}

function nameOf(step: Step): readonly string[] {
	return step.kind === "name" ? [step.name] : [];
}

function indexOf(step: Step): readonly number[] {
	return step.kind === "index" ? [step.index] : [];
}
