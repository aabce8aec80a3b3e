import { verifyCertificates } from "../../src/policy/builtins/x509/verify/answer.ts";
import { isArray } from "../../src/policy/term/term.ts";
import type { Call } from "./builtin-oracle.ts";

/** How many calls of `crypto.x509.parse_and_verify_certificates` find a chain: a sample must hold both kinds. */
export function verifiedOf(calls: readonly Call[]): number {
	const context = { nowNs: () => BigInt(Date.now()) * 1_000_000n, remember: () => null };
	return calls.filter(([, [given]]) => {
		const answer = verifyCertificates([String(given)], context);
		return isArray(answer) && answer.items[0] === true;
	}).length;
}
