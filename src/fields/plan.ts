import type { Automaton } from "./automaton.ts";
import { buildAutomaton } from "./automaton.ts";
import { MAX_STATES, PATH_TREE_LIMITS, type PathTreeLimits } from "./limits.ts";
import type { PathNames, PathTree } from "./path-tree.ts";
import { createPathTree } from "./path-tree.ts";
import type { MaskAction, StrategyRules } from "./strategies.ts";
import { compileStrategy } from "./strategies.ts";
import type { Directive } from "./types.ts";

export interface PlanOptions {
	/** Of several masks on one value: the one that hides most, or `redact` where two show different parts. */
	readonly combine: "strongest" | "redact";
	readonly strategies: StrategyRules;
	readonly paths: Omit<PathNames, "always">;
	readonly tree: PathTreeLimits;
	/** States of the automaton that are kept. */
	readonly states: number;
	/** Reports tell how many masked values a strategy that read them left as they were. */
	readonly unchanged: boolean;
	/** Lines of event streams beside the data: copied, or only as plain tokens. */
	readonly eventLines: "copy" | "plain";
}

/** The field semantics as they are. */
export const PLAIN_PLAN: PlanOptions = {
	combine: "strongest",
	strategies: { hashDomain: "none", hashBooleans: "hash", hashNobody: "hash", halfHidden: false },
	paths: { names: "exact", maxBytes: Number.POSITIVE_INFINITY },
	tree: PATH_TREE_LIMITS,
	states: MAX_STATES,
	unchanged: false,
	eventLines: "copy",
};

/** A directive that came with a decision: stricter strategies, and names as data in the records. */
export const DECISION_PLAN: PlanOptions = {
	combine: "redact",
	strategies: { hashDomain: "path", hashBooleans: "redact", hashNobody: "redact", halfHidden: true },
	paths: { names: "known", maxBytes: 512 },
	tree: PATH_TREE_LIMITS,
	states: MAX_STATES,
	unchanged: true,
	eventLines: "plain",
};

/** A directive made ready; serves any number of bodies, also at the same time. */
export interface Plan {
	readonly directive: Directive;
	readonly automaton: Automaton;
	/** By index `verdict - MASK`. */
	readonly actions: readonly MaskAction[];
	/** The tree of paths for the next body. */
	tree(): PathTree;
	/** Some mask is a `hash`: without a key the directive is refused. */
	readonly usesHash: boolean;
	/** As in the options. */
	readonly unchanged: boolean;
	readonly eventLines: "copy" | "plain";
	/** A `class:` selector masks or withholds, and no contract says what it covers: every body is refused. */
	readonly unclassified: boolean;
}

/** Compiles a directive once. */
export function compilePlan(directive: Directive, options: PlanOptions): Plan {
	const automaton = buildAutomaton(directive, options.combine, options.states);
	const actions: MaskAction[] = [];
	const usesHash = directive.mask.some((rule) => rule.strategy.as === "hash");
	const always = usesHash && options.strategies.hashDomain === "path";
	const makeTree = (): PathTree => createPathTree(automaton, { ...options.paths, always }, options.tree);
	let tree: PathTree | undefined;
	return {
		directive,
		automaton,
		get actions() {
			// States, and with them strategies, are found while bodies are read.
			for (let i = actions.length; i < automaton.strategies.length; i++) {
				actions.push(compileStrategy(automaton.strategies[i]!, options.strategies));
			}
			return actions;
		},
		tree() {
			if (tree === undefined || tree.crowded) tree = makeTree();
			return tree;
		},
		usesHash,
		unchanged: options.unchanged,
		eventLines: options.eventLines,
		unclassified: [...directive.withhold, ...directive.mask.map((rule) => rule.select)].some(
			(selector) => selector.kind === "class",
		),
	};
}
