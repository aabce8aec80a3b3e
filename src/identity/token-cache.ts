import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../lib/clock.ts";
import type { Identity } from "./types.ts";

export type CachedVerdict =
	| { readonly ok: true; readonly identity: Identity; readonly exp: number; readonly nbf?: number }
	| { readonly ok: false; readonly reason: "token_invalid" | "token_expired" };

export interface TokenCache {
	/** The key of a token under one generation of keys. */
	keyOf(token: string, generation: number): string;
	get(key: string): CachedVerdict | undefined;
	/** Remembers a verdict that depends on nothing but token, verifier and keys. */
	put(key: string, verdict: CachedVerdict): void;
}

/** Refused tokens are kept apart and few, so that junk cannot push out good ones. */
const MAX_REFUSED = 1024;

/**
 * Verdicts by SHA-256 over the whole token, the verifier's revision and the generation of keys. Never by the
 * signature or a part: two tokens may share those. No token is kept.
 */
export function createTokenCache(options: {
	readonly entries: number;
	readonly refusedMs: number;
	/** Everything of the configuration that a verdict depends on. */
	readonly revision: string;
	readonly clock: Clock;
}): TokenCache {
	const { clock } = options;
	const valid =
		options.entries > 0 ? new LRUCache<string, CachedVerdict>({ max: options.entries }) : undefined;
	const refused = new LRUCache<string, { readonly verdict: CachedVerdict; readonly until: number }>({
		max: MAX_REFUSED,
	});
	const prefix = hash("sha256", options.revision, "hex");
	return {
		// Fixed length, digits, one dot: no other pair of generation and token gives the same text.
		keyOf: (token, generation) => hash("sha256", `${prefix}${generation}.${token}`, "base64"),
		get(key) {
			const found = valid?.get(key);
			if (found !== undefined) return found;
			const entry = refused.get(key);
			if (entry === undefined) return undefined;
			if (clock.monotonic() < entry.until) return entry.verdict;
			refused.delete(key);
			return undefined;
		},
		put(key, verdict) {
			if (verdict.ok) valid?.set(key, verdict);
			else refused.set(key, { verdict, until: clock.monotonic() + options.refusedMs });
		},
	};
}
