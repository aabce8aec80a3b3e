import type { JsonWebKey } from "node:crypto";

const toInteger = (bytes: Buffer): bigint => BigInt(`0x0${bytes.toString("hex")}`);

function toText(value: bigint): string {
	const hex = value.toString(16);
	return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url");
}

/** The inverse of `value` modulo `modulus`; `undefined` where there is none. */
function inverse(value: bigint, modulus: bigint): bigint | undefined {
	let [r, next] = [modulus, ((value % modulus) + modulus) % modulus];
	let [t, nextT] = [0n, 1n];
	while (next !== 0n) {
		const quotient = r / next;
		[r, next] = [next, r - quotient * next];
		[t, nextT] = [nextT, t - quotient * nextT];
	}
	return r === 1n ? ((t % modulus) + modulus) % modulus : undefined;
}

/**
 * A whole private key: its last three numbers may be absent from a JSON Web Key (RFC 7518, 6.3.2), and Node wants
 * them. `undefined` where the numbers are not of one key.
 */
export function rsaPrivateJwk(
	modulus: Buffer,
	exponent: Buffer,
	secret: Buffer,
	first: Buffer,
	second: Buffer,
): JsonWebKey | undefined {
	const [n, e, d, p, q] = [modulus, exponent, secret, first, second].map(toInteger) as [
		bigint,
		bigint,
		bigint,
		bigint,
		bigint,
	];
	if (p <= 1n || q <= 1n || p * q !== n) return undefined;
	if ((e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) return undefined;
	const qi = inverse(q, p);
	if (qi === undefined) return undefined;
	const numbers = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi };
	return {
		kty: "RSA",
		...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, toText(value)])),
	};
}
