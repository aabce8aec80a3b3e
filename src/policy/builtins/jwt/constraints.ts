import { compareNumbers } from "../../term/compare-numbers.ts";
import { isArray, isNumber, type ObjectTerm, type Term } from "../../term/term.ts";
import type { TokenKey } from "./jwk.ts";
import { verificationKeys } from "./keys.ts";
import { member } from "./token.ts";

/** What `io.jwt.decode_verify` is asked for; texts are empty where nothing is asked. */
export interface Constraints {
	/** One of the two. */
	readonly keys?: readonly TokenKey[];
	readonly secret?: string;
	readonly alg: string;
	readonly iss: string;
	readonly aud: string;
	/** Seconds since 1970. */
	readonly time: number;
}

const TEXTS = ["secret", "alg", "iss", "aud"] as const;
const NAMES: ReadonlySet<unknown> = new Set(["cert", "time", ...TEXTS]);

/** Seconds of nanoseconds, in a double as in OPA; negative and infinite ones are errors. */
function seconds(literal: string): number | undefined {
	const value = Number(literal);
	return Number.isFinite(value) && value >= 0 ? value / 1e9 : undefined;
}

/** Reads the constraints; `undefined` where OPA reports an error: an unknown one, a wrong type, no key or two. */
export function readConstraints(object: ObjectTerm, nowNs: () => bigint): Constraints | undefined {
	if (object.entries.some(([name]) => !NAMES.has(name))) return undefined;
	const [secret, alg, iss, aud] = TEXTS.map((name) => member(object, name) ?? "");
	if (typeof secret !== "string" || typeof alg !== "string") return undefined;
	if (typeof iss !== "string" || typeof aud !== "string") return undefined;
	const given = member(object, "time");
	if (given !== undefined && !isNumber(given)) return undefined;
	const time = seconds(given?.text ?? String(nowNs()));
	const cert = member(object, "cert");
	const keys = typeof cert === "string" ? verificationKeys(cert) : undefined;
	if (time === undefined || (cert !== undefined && keys === undefined)) return undefined;
	if ((keys === undefined) === (secret === "")) return undefined;
	return { alg, iss, aud, time, ...(keys === undefined ? { secret } : { keys }) };
}

function audienceFits(audience: Term | undefined, wanted: string): boolean {
	if (audience === undefined) return wanted === "";
	// A token for somebody is not for nobody: without the constraint it is refused.
	return audience === wanted || (isArray(audience) && audience.items.includes(wanted));
}

/** Says whether the claims meet the constraints; `undefined` for claims of the wrong type. */
export function claimsFit(payload: ObjectTerm, constraints: Constraints): boolean | undefined {
	const { iss, aud, time } = constraints;
	const issuer = member(payload, "iss");
	if (iss !== "") {
		if (issuer === undefined) return false;
		if (typeof issuer !== "string") return undefined;
		if (issuer !== iss) return false;
	}
	if (!audienceFits(member(payload, "aud"), aud)) return false;
	const expires = member(payload, "exp");
	if (expires !== undefined) {
		if (!isNumber(expires)) return undefined;
		if (compareNumbers(String(time), expires.text) >= 0) return false;
	}
	const starts = member(payload, "nbf");
	if (starts === undefined) return true;
	return isNumber(starts) ? compareNumbers(String(time), starts.text) >= 0 : undefined;
}
