import { LRUCache } from "lru-cache";
import type { IdentityConfig } from "../config/types.ts";
import type { Clock } from "../lib/clock.ts";
import type { RefreshingState } from "../lib/refreshing.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { readBearer } from "./bearer.ts";
import { hasControls } from "./controls.ts";
import type { Tokens } from "./tokens.ts";
import type { Identify, Identity, IdentityOutcome } from "./types.ts";

export interface IdentityDeps {
	readonly config: IdentityConfig;
	readonly clock: Clock;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "tokenCache" | "keySetRefreshes">;
}

export interface IdentityService {
	readonly identify: Identify;
	/** Loads what judges tokens, if any are to be judged, and reads the key set for the first time; resolves whether or not that worked. */
	start(): Promise<void>;
	/** Keys were read once and are not too old; true when no keys are needed. */
	ready(): boolean;
	state(): { readonly keySet?: RefreshingState & { readonly generation: number; readonly keys: number } };
	stop(): void;
}

/** Callers by certificate that are remembered. */
const PRINCIPALS = 1024;

const ANONYMOUS: IdentityOutcome = {
	ok: true,
	identity: Object.freeze<Identity>({ authenticated: false, method: "none" }),
};
const INVALID: IdentityOutcome = { ok: false, reason: "token_invalid", status: 401 };
const AMBIGUOUS: IdentityOutcome = { ok: false, reason: "credentials_ambiguous", status: 401 };
const UNAVAILABLE: IdentityOutcome = { ok: false, reason: "keys_unavailable", status: 503 };

/**
 * Who calls. A credential that is presented and does not hold ends the call; it never falls through to the next
 * method or to none. With a token and a certificate the token gives `id`, the certificate stays in `spiffe_id`.
 */
export function createIdentify(deps: IdentityDeps): IdentityService {
	const { config } = deps;
	const { jwt } = config;
	let tokens: Tokens | undefined;
	let stopped = false;

	const certified = new LRUCache<string, IdentityOutcome>({ max: PRINCIPALS });

	function certificate(principal: string): IdentityOutcome | undefined {
		if (!config.mtls.enabled || principal === "") return undefined;
		const known = certified.get(principal);
		if (known !== undefined) return known;
		const spiffe = principal.startsWith("spiffe://");
		if (!spiffe && config.mtls.principals === "spiffe") return undefined;
		const identity: Identity = {
			authenticated: true,
			method: "mtls",
			id: principal,
			...(spiffe ? { spiffe_id: principal } : {}),
		};
		const found: IdentityOutcome = hasControls(principal) ? INVALID : { ok: true, identity };
		certified.set(principal, found);
		return found;
	}

	/** Of callers by token, what they are with the certificate that they came with last. */
	const unions = new WeakMap<Identity, Identity>();

	function united(outcome: IdentityOutcome, held: Identity | undefined): IdentityOutcome {
		if (!outcome.ok || held?.spiffe_id === undefined) return outcome;
		let identity = unions.get(outcome.identity);
		if (identity?.spiffe_id !== held.spiffe_id) {
			identity = { ...outcome.identity, spiffe_id: held.spiffe_id };
			unions.set(outcome.identity, identity);
		}
		return { ok: true, identity };
	}

	const identify: Identify = ({ authorization, principal }) => {
		const certificated = certificate(principal);
		if (certificated?.ok === false) return certificated;
		const held = certificated?.identity;
		if (jwt !== undefined) {
			const bearer = readBearer(authorization, jwt.max_token_bytes);
			if (bearer.kind === "invalid") return INVALID;
			if (bearer.kind === "ambiguous") return AMBIGUOUS;
			if (bearer.kind === "token") {
				if (tokens === undefined) return UNAVAILABLE;
				const outcome = tokens.judge(bearer.token);
				if (!(outcome instanceof Promise)) return united(outcome, held);
				return outcome.then(
					(later) => united(later, held),
					// Nothing above rejects; if it ever does, the caller stays unknown and the call ends.
					() => UNAVAILABLE,
				);
			}
		}
		return certificated ?? ANONYMOUS;
	};

	return {
		identify,
		async start() {
			if (jwt === undefined) return;
			const { createTokens } = await import("./tokens.ts");
			if (stopped) return;
			tokens = createTokens(jwt, deps);
			await tokens.keys.start();
		},
		ready: () => jwt === undefined || tokens?.keys.current() !== undefined,
		state: () => (tokens === undefined ? {} : { keySet: tokens.keys.state() }),
		stop() {
			stopped = true;
			tokens?.keys.stop();
		},
	};
}
