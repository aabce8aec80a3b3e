import type { JwtConfig } from "../config/types.ts";
import { createTokenVerifier, type TokenVerifierDeps } from "./jwt.ts";
import { createKeySource, type KeySource, type KeySourceDeps } from "./key-source.ts";
import type { IdentityOutcome } from "./types.ts";

/** What judges Bearer tokens. Loaded only where they are to be judged: it brings jose along. */
export interface Tokens {
	readonly keys: KeySource;
	readonly judge: (token: string) => IdentityOutcome | Promise<IdentityOutcome>;
}

export function createTokens(
	config: JwtConfig,
	deps: KeySourceDeps & Omit<TokenVerifierDeps, "keys">,
): Tokens {
	const keys = createKeySource(config, deps);
	return { keys, judge: createTokenVerifier(config, { ...deps, keys }) };
}
