import { randomBytes } from "node:crypto";
import { numberTerm } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";
import { intOperand } from "./numbers.ts";

/** Evenly below `limit`, which fits 63 bits: what lies above its last whole multiple is thrown away. */
function below(limit: bigint): bigint {
	const last = (1n << 64n) - ((1n << 64n) % limit);
	for (;;) {
		const value = randomBytes(8).readBigUInt64BE();
		if (value < last) return value % limit;
	}
}

const intn: Builtin = ([key, bound], { remember }) => {
	const given = intOperand(bound);
	if (typeof key !== "string" || given === undefined) return undefined;
	const limit = given < 0n ? -given : given;
	return limit === 0n ? numberTerm(0) : remember(`rand ${key}-${limit}`, () => numberTerm(below(limit)));
};

export const randBuiltins: Readonly<Record<string, Builtin>> = { "rand.intn": intn };
