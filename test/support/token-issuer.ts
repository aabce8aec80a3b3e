import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** An issuer of tokens with keys of its own, for tests. */
export interface TokenIssuer {
	readonly issuer: string;
	readonly audience: string;
	/** The public key, with `kid` and `alg`. */
	readonly publicJwk: JWK;
	/** The key set document. */
	readonly keySet: string;
	/** A token valid for an hour from `now` unless claims or header say otherwise; a claim that is undefined is left out. */
	sign(
		claims?: Readonly<Record<string, unknown>>,
		header?: Readonly<Record<string, unknown>>,
	): Promise<string>;
}

export async function createTokenIssuer(
	options: { kid?: string; alg?: string; now?: number } = {},
): Promise<TokenIssuer> {
	const { kid = "key-1", alg = "ES256", now = Math.floor(Date.now() / 1000) } = options;
	const pair = await generateKeyPair(alg, { extractable: true });
	const publicJwk: JWK = { ...(await exportJWK(pair.publicKey)), kid, alg, use: "sig" };
	const issuer = "https://issuer.example";
	const audience = "postern-test";
	return {
		issuer,
		audience,
		publicJwk,
		keySet: JSON.stringify({ keys: [publicJwk] }),
		sign(claims = {}, header = {}) {
			const payload = { iss: issuer, aud: audience, sub: "alice", exp: now + 3600, ...claims };
			const kept = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
			const protectedHeader = Object.fromEntries(
				Object.entries({ alg, kid, typ: "JWT", ...header }).filter(([, value]) => value !== undefined),
			);
			return new SignJWT(kept as JWTPayload)
				.setProtectedHeader(protectedHeader as { alg: string })
				.sign(
					pair.privateKey,
					Array.isArray(header["crit"])
						? { crit: Object.fromEntries(header["crit"].map((name) => [name, true])) }
						: {},
				);
		},
	};
}
