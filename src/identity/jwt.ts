import { FIXED_LIMITS } from "../config/limits.ts";
import type { JwtConfig } from "../config/types.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { identityOf } from "./claims.ts";
import type { KeyGeneration, KeySource } from "./key-source.ts";
import { type CachedVerdict, createTokenCache } from "./token-cache.ts";
import type { IdentityOutcome } from "./types.ts";
import { type TokenVerdict, verifyToken } from "./verify-token.ts";

export interface TokenVerifierDeps {
	readonly keys: KeySource;
	readonly clock: Clock;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "tokenCache">;
}

const REFUSED: Readonly<Record<"token_invalid" | "token_expired" | "keys_unavailable", IdentityOutcome>> = {
	token_invalid: { ok: false, reason: "token_invalid", status: 401 },
	token_expired: { ok: false, reason: "token_expired", status: 401 },
	keys_unavailable: { ok: false, reason: "keys_unavailable", status: 503 },
};

/** Judges tokens, from memory where it may; `exp` and `nbf` are looked at on every hit. */
export function createTokenVerifier(
	config: JwtConfig,
	deps: TokenVerifierDeps,
): (token: string) => IdentityOutcome | Promise<IdentityOutcome> {
	const { keys, clock, metrics, log } = deps;
	const { issuer, audiences, algorithms, clock_skew_seconds, roles_claim, groups_claim } = config;
	const cache = createTokenCache({
		entries: config.cache_entries,
		refusedMs: FIXED_LIMITS.refused_token_seconds.value * 1000,
		revision: JSON.stringify([issuer, audiences, algorithms, clock_skew_seconds, roles_claim, groups_claim]),
		clock,
	});
	/** Calls that wait for the same token's first verdict. */
	const underWay = new Map<string, Promise<IdentityOutcome>>();

	function fromMemory(cached: CachedVerdict): IdentityOutcome {
		if (!cached.ok) {
			metrics.tokenCache.inc({ result: "refused" });
			return REFUSED[cached.reason];
		}
		metrics.tokenCache.inc({ result: "hit" });
		const now = clock.now() / 1000;
		if (cached.exp <= now - clock_skew_seconds) return REFUSED.token_expired;
		if (cached.nbf !== undefined && cached.nbf > now + clock_skew_seconds) return REFUSED.token_invalid;
		return { ok: true, identity: cached.identity };
	}

	async function fresh(token: string, current: KeyGeneration | undefined): Promise<IdentityOutcome> {
		metrics.tokenCache.inc({ result: "miss" });
		const first = current ?? (await refreshed());
		if (first === undefined) return REFUSED.keys_unavailable;
		const verdict = await verifyToken(token, first.keys, config, clock.now());
		if (verdict.kind !== "unknown_key") return remember(token, first, verdict);
		// The issuer may have rotated its keys. The source asks at most once per cooldown, whatever ids come.
		const state = await keys.refresh();
		const second = keys.current();
		if (second !== undefined && second.generation !== first.generation) {
			const again = await verifyToken(token, second.keys, config, clock.now());
			if (again.kind !== "unknown_key") return remember(token, second, again);
		}
		// With the key set out of reach nobody can say whether the key exists: that is our failure, not the caller's.
		return state === "failed" ? REFUSED.keys_unavailable : REFUSED.token_invalid;
	}

	async function refreshed(): Promise<KeyGeneration | undefined> {
		await keys.refresh();
		return keys.current();
	}

	function remember(token: string, set: KeyGeneration, verdict: TokenVerdict): IdentityOutcome {
		const key = cache.keyOf(token, set.generation);
		if (verdict.kind === "valid") {
			const { exp, nbf } = verdict.payload;
			const identity = identityOf(verdict.payload, config);
			cache.put(key, { ok: true, identity, exp, ...(nbf === undefined ? {} : { nbf }) });
			return { ok: true, identity };
		}
		const reason = verdict.kind === "expired" ? "token_expired" : "token_invalid";
		log.debug(
			{ reason, code: verdict.kind === "invalid" ? verdict.code : verdict.kind },
			"a token was refused",
		);
		if (verdict.kind !== "early") cache.put(key, { ok: false, reason });
		return REFUSED[reason];
	}

	return (token) => {
		const current = keys.current();
		const key = cache.keyOf(token, current?.generation ?? 0);
		const cached = current === undefined ? undefined : cache.get(key);
		if (cached !== undefined) return fromMemory(cached);
		const same = underWay.get(key);
		if (same !== undefined) return same;
		const verdict = fresh(token, current).finally(() => underWay.delete(key));
		underWay.set(key, verdict);
		return verdict;
	};
}
