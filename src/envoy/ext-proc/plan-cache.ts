import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { readDirective } from "../../fields/directive.ts";
import { DECISION_RULES } from "../../fields/directive-rules.ts";
import { createMasker } from "../../fields/masker.ts";
import { compilePlan, DECISION_PLAN } from "../../fields/plan.ts";
import type { GrpcMessages } from "../../fields/scan/grpc-messages.ts";
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
	/** `consumer`: whose pseudonyms; for nobody (empty) a `hash` becomes `redact`. */
	masker(format: BodyFormat, consumer: string, grpc?: GrpcMessages): Masker;
}

export interface PlanCache {
	/** The plan of a hand-off's directive; undefined when it is none that this replica can carry out. */
	planFor(directive: JsonValue): FieldPlan | undefined;
}

/** What a compiled plan takes, in bytes: so much at least, as it learns the shapes of bodies, and by its text. */
const PLAN_BYTES = 64 * 1024;
const PLAN_BYTES_PER_CHARACTER = 32;
/** Texts seen once, by digest. */
const SEEN_ENTRIES = 4096;

/**
 * Keeps compiled plans by the directive's text, within `maxBytes`. A plan is kept from its second use on:
 * directives that differ with every caller would otherwise drive out those that come again and again.
 */
export function createPlanCache(maxBytes: number, hash: HashKey | undefined): PlanCache {
	const plans = new LRUCache<string, FieldPlan>({ maxSize: Math.max(1, maxBytes) });
	const seen = new LRUCache<string, true>({ max: SEEN_ENTRIES });
	return {
		planFor(value) {
			const text = JSON.stringify(value);
			const kept = plans.get(text);
			if (kept !== undefined) return kept;
			const plan = compile(value, hash);
			if (plan === undefined) return undefined;
			const digest = createHash("sha256").update(text).digest("base64");
			if (seen.has(digest)) plans.set(text, plan, { size: sizeOf(text) });
			else seen.set(digest, true);
			return plan;
		},
	};
}

function sizeOf(text: string): number {
	return PLAN_BYTES + text.length * PLAN_BYTES_PER_CHARACTER;
}

function compile(value: JsonValue, hash: HashKey | undefined): FieldPlan | undefined {
	const read = readDirective(value, DECISION_RULES);
	if (!read.ok) return undefined;
	const plan = compilePlan(read.directive, DECISION_PLAN);
	return {
		directive: read.directive,
		hashes: plan.usesHash,
		masker: (format, consumer, grpc) =>
			createMasker(plan, format, hash === undefined ? { consumer } : { consumer, hmac: hash.hmac }, grpc),
	};
}
