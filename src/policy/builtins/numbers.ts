import { isNumber, type Term } from "../term/term.ts";

/** More digits than this would an exponent write out; OPA too has an end, far above. */
const MAX_EXPONENT = 10_000;

/** OPA's `IntOperand`: an integer of 64 bits, written without an exponent; a fraction of zeros alone is let pass. */
export function intOperand(term: Term | undefined): bigint | undefined {
	if (!isNumber(term)) return undefined;
	const whole = /^(-?\d{1,19})(?:\.0*)?$/.exec(term.text)?.[1];
	if (whole === undefined) return undefined;
	const value = BigInt(whole);
	return BigInt.asIntN(64, value) === value ? value : undefined;
}

/**
 * OPA's `BigIntOperand`: any number that is an integer, however written.
 * @throws {RangeError} for an exponent beyond all reason.
 */
export function bigIntOperand(term: Term | undefined): bigint | undefined {
	if (!isNumber(term)) return undefined;
	const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(term.text);
	if (match === null) return undefined;
	const fraction = (match[3] ?? "").replace(/0+$/, "");
	const digits = BigInt((match[2] ?? "") + fraction);
	if (digits === 0n) return 0n;
	const shift = Number(match[4] ?? 0) - fraction.length;
	if (Math.abs(shift) > MAX_EXPONENT) throw new RangeError("a number of too many digits");
	const scale = 10n ** BigInt(Math.abs(shift));
	if (shift < 0 && digits % scale !== 0n) return undefined;
	const magnitude = shift < 0 ? digits / scale : digits * scale;
	return match[1] === "-" ? -magnitude : magnitude;
}
