export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

const fits = (value: bigint): boolean => value >= MIN_INT64 && value <= MAX_INT64;

const INTEGER = /^-?\d+(?:\.0*)?$/;

/** A number that is written as an integer, zeros after the point allowed, as OPA's `Number.Int64` takes it. */
export function integerOf(literal: string): bigint | undefined {
	const size = literal.startsWith("-") ? literal.length - 1 : literal.length;
	if (size > 19 || !INTEGER.test(literal)) return undefined;
	const value = BigInt(literal.replace(/\.0*$/, ""));
	return fits(value) ? value : undefined;
}

const LITERAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Beyond these powers of ten no number is an integer of 64 bits but zero. */
const MAX_POWER = 4096;

const bitLength = (value: bigint): number => value.toString(2).length;

/** A fraction rounded to `bits` significant bits, half to even, when that is an integer. */
function roundedInteger(numerator: bigint, denominator: bigint, bits: number): bigint | undefined {
	if (numerator % denominator === 0n) return numerator / denominator;
	// A power of two that brings the quotient to at least `bits` bits, so that only its last places round.
	const shift = bits + 1 - (bitLength(numerator) - bitLength(denominator));
	if (shift <= 0) return undefined;
	const scaled = numerator << BigInt(shift);
	const quotient = scaled / denominator;
	const drop = BigInt(bitLength(quotient) - bits);
	const kept = quotient >> drop;
	const rest = (quotient - (kept << drop)) * denominator + (scaled % denominator);
	const half = (1n << (drop - 1n)) * denominator;
	const rounded = rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept;
	const point = BigInt(shift) - drop;
	if (point <= 0n) return rounded << -point;
	return rounded % (1n << point) === 0n ? rounded >> point : undefined;
}

/**
 * An integer of 64 bits, however it is written: `1.7e18` and `5.0` are whole. OPA reads such numbers with 64
 * significant bits, so what is next to an integer beyond them is that integer.
 */
export function wholeOf(literal: string): bigint | undefined {
	const match = LITERAL.exec(literal);
	if (match === null) return undefined;
	const [, sign, whole = "", fraction = "", exponent = "0"] = match;
	const digits = (whole + fraction).replace(/^0+/, "");
	if (digits === "") return 0n;
	const power = Number(exponent) - fraction.length;
	if (digits.length > MAX_POWER || Math.abs(power) > MAX_POWER) return undefined;
	const scale = 10n ** BigInt(Math.abs(power));
	const size =
		power < 0 ? roundedInteger(BigInt(digits), scale, 64) : roundedInteger(BigInt(digits) * scale, 1n, 64);
	if (size === undefined) return undefined;
	const value = sign === "-" ? -size : size;
	return fits(value) ? value : undefined;
}
