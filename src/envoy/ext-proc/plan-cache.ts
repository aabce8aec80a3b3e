import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { readDirective } from "../../fields/directive.ts";
import { DECISION_RULES } from "../../fields/directive-rules.ts";
import { createMasker } from "../../fields/masker.ts";
import { compilePlan, type Plan } from "../../fields/plan.ts";
import type { BodyFormat, Directive, Masker } from "../../fields/types.ts";
import type { JsonValue } from "../../lib/json-value.ts";

/** HMAC-SHA-256 under the configured key. */
export interface HashKey {
	/** Names the key without telling it; both services must mean the same one. */
	readonly id: string;
	readonly hmac: (message: Uint8Array) => Uint8Array;
}

/** A directive, ready to judge bodies. */
export interface FieldPlan {
	readonly directive: Directive;
	/** Makes pseudonyms, so the hash key has to be the one that the decision was made under. */
	readonly hashes: boolean;
	masker(format: BodyFormat, consumer: string): Masker;
}

export interface PlanCache {
	/**
	 * The plan of a hand-off's directive; undefined when it is none that this replica can carry out.
	 * `anonymous`: there is no caller whose pseudonyms a `hash` could make, so it becomes `redact`.
	 */
	planFor(directive: JsonValue, anonymous: boolean): FieldPlan | undefined;
}

/** Rough bytes that a compiled plan takes for each byte of its text. */
const PLAN_WEIGHT = 32;
/** Texts seen once, by digest. */
const SEEN_ENTRIES = 4096;

/**
 * Keeps compiled plans by the directive's text, within `maxBytes`. A plan is kept from its second use on:
 * directives that differ with every caller would otherwise drive out those that come again and again.
 */
export function createPlanCache(maxBytes: number, hash: HashKey | undefined): PlanCache {
	const plans = new LRUCache<string, FieldPlan>({ maxSize: maxBytes });
	const seen = new LRUCache<string, true>({ max: SEEN_ENTRIES });
	return {
		planFor(value, anonymous) {
			const key = `${anonymous ? "-" : "+"}${JSON.stringify(value)}`;
			const kept = plans.get(key);
			if (kept !== undefined) return kept;
			const plan = compile(value, anonymous, hash);
			if (plan === undefined) return undefined;
			const digest = createHash("sha256").update(key).digest("base64");
			if (seen.has(digest)) plans.set(key, plan, { size: 256 + key.length * PLAN_WEIGHT });
			else seen.set(digest, true);
			return plan;
		},
	};
}

function compile(value: JsonValue, anonymous: boolean, hash: HashKey | undefined): FieldPlan | undefined {
	const read = readDirective(value, DECISION_RULES);
	if (!read.ok) return undefined;
	const directive = anonymous ? withoutHash(read.directive) : read.directive;
	const hashes = directive.mask.some((rule) => rule.strategy.as === "hash");
	if (hashes && hash === undefined) return undefined;
	const plan: Plan = compilePlan(directive, { decision: true });
	return {
		directive,
		hashes,
		masker: (format, consumer) =>
			createMasker(plan, format, hash === undefined ? { consumer } : { consumer, hmac: hash.hmac }),
	};
}

/** A pseudonym of nobody would be the same for everybody: it would join what must not be joined. */
function withoutHash(directive: Directive): Directive {
	if (!directive.mask.some((rule) => rule.strategy.as === "hash")) return directive;
	return {
		...directive,
		mask: directive.mask.map((rule) =>
			rule.strategy.as === "hash" ? { ...rule, strategy: { as: "redact" }, parameters: "{}" } : rule,
		),
	};
}
