/**
 * Binary floating point of a chosen precision, as Go's `math/big.Float` computes: OPA does its decimals in it, with 64
 * bits unless said otherwise. The value is (−1)^negative · mantissa · 2^exponent; zero has the mantissa 0 and a sign.
 */
export interface BigFloat {
	readonly negative: boolean;
	readonly mantissa: bigint;
	readonly exponent: number;
	/** Bits that results are rounded to. */
	readonly precision: number;
}

/** Precision of what is read from text, and of what comes of integers that need no more. */
const DEFAULT_PRECISION = 64;

export const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/** Rounds to the nearest, ties to even; `sticky`: a bit below the mantissa is set. */
function rounded(
	negative: boolean,
	mantissa: bigint,
	exponent: number,
	precision: number,
	sticky = false,
): BigFloat {
	const surplus = bitLength(mantissa) - precision;
	if (surplus <= 0) return { negative, mantissa, exponent, precision };
	const shift = BigInt(surplus);
	let kept = mantissa >> shift;
	const rest = mantissa - (kept << shift);
	const half = 1n << (shift - 1n);
	if (rest > half || (rest === half && (sticky || kept % 2n === 1n))) kept++;
	return { negative, mantissa: kept, exponent: exponent + surplus, precision };
}

export function fromInteger(value: bigint): BigFloat {
	const negative = value < 0n;
	const mantissa = negative ? -value : value;
	return {
		negative,
		mantissa,
		exponent: 0,
		precision: Math.max(bitLength(mantissa), DEFAULT_PRECISION),
	};
}

function product(a: BigFloat, b: BigFloat, precision: number): BigFloat {
	return rounded(a.negative !== b.negative, a.mantissa * b.mantissa, a.exponent + b.exponent, precision);
}

function quotient(a: BigFloat, b: BigFloat, precision: number): BigFloat {
	const negative = a.negative !== b.negative;
	if (a.mantissa === 0n) return { negative, mantissa: 0n, exponent: 0, precision };
	// Two bits more than wanted: one may be lost in the division, one is for rounding; what is left is sticky.
	const shift = Math.max(0, precision + 2 + bitLength(b.mantissa) - bitLength(a.mantissa));
	const dividend = a.mantissa << BigInt(shift);
	const whole = dividend / b.mantissa;
	const sticky = dividend % b.mantissa !== 0n;
	return rounded(negative, whole, a.exponent - b.exponent - shift, precision, sticky);
}

export const multiply = (
	a: BigFloat,
	b: BigFloat,
	precision = Math.max(a.precision, b.precision),
): BigFloat => product(a, b, precision);

/** @param b - not zero */
export const divide = (a: BigFloat, b: BigFloat): BigFloat =>
	quotient(a, b, Math.max(a.precision, b.precision));

export function add(a: BigFloat, b: BigFloat): BigFloat {
	const precision = Math.max(a.precision, b.precision);
	if (b.mantissa === 0n && a.mantissa === 0n) {
		return { negative: a.negative && b.negative, mantissa: 0n, exponent: 0, precision };
	}
	if (b.mantissa === 0n) return rounded(a.negative, a.mantissa, a.exponent, precision);
	if (a.mantissa === 0n) return rounded(b.negative, b.mantissa, b.exponent, precision);
	const exponent = Math.min(a.exponent, b.exponent);
	const sum = signed(a, exponent) + signed(b, exponent);
	// An exact zero is positive when rounding to nearest.
	if (sum === 0n) return { negative: false, mantissa: 0n, exponent: 0, precision };
	return rounded(sum < 0n, sum < 0n ? -sum : sum, exponent, precision);
}

function signed({ negative, mantissa, exponent }: BigFloat, to: number): bigint {
	const scaled = mantissa << BigInt(exponent - to);
	return negative ? -scaled : scaled;
}

export const negate = (a: BigFloat): BigFloat => ({ ...a, negative: !a.negative });

/** The integer part. */
export function truncate({ negative, mantissa, exponent }: BigFloat): bigint {
	const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa >> BigInt(-exponent);
	return negative ? -whole : whole;
}

export function isInteger({ mantissa, exponent }: BigFloat): boolean {
	return exponent >= 0 || (mantissa >> BigInt(-exponent)) << BigInt(-exponent) === mantissa;
}

/** Largest power of five that fits 64 bits; powers up to it are exact, larger ones are products of rounded squares. */
const EXACT_POWER = 27;

function powerOfFive(power: number, precision: number): BigFloat {
	const exact = Math.min(power, EXACT_POWER);
	let result: BigFloat = { negative: false, mantissa: 5n ** BigInt(exact), exponent: 0, precision };
	let square: BigFloat = { negative: false, mantissa: 5n, exponent: 0, precision: precision + 64 };
	for (let left = power - exact; left > 0; left = Math.floor(left / 2)) {
		if (left % 2 === 1) result = product(result, square, precision);
		square = product(square, square, precision + 64);
	}
	return result;
}

const LITERAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Binary exponents beyond this are no numbers to OPA. */
const MAX_BINARY_EXPONENT = 1e5;

/** Reads a decimal literal with 64 bits; `undefined` for one that is none, or out of OPA's range. */
export function fromText(text: string): BigFloat | undefined {
	const match = LITERAL.exec(text);
	const whole = match?.[2] ?? "";
	const fraction = match?.[3] ?? "";
	if (match === null || whole + fraction === "") return undefined;
	const negative = match[1] === "-";
	const precision = DEFAULT_PRECISION;
	const digits = (whole + fraction).replace(/^0+/, "");
	if (digits === "") return { negative, mantissa: 0n, exponent: 0, precision };
	const power = Number(match[4] ?? 0) - fraction.length;
	// Before anything is computed: a literal of a few digits can name a number of any size.
	if (Math.abs(digits.length + power) > MAX_BINARY_EXPONENT / 3) return undefined;
	const mantissa = BigInt(digits);
	const plain: BigFloat = { negative, mantissa, exponent: power, precision };
	if (power === 0) return rounded(negative, mantissa, 0, precision);
	const five = powerOfFive(Math.abs(power), precision + 64);
	const result = power < 0 ? quotient(plain, five, precision) : product(plain, five, precision);
	return Math.abs(bitLength(result.mantissa) + result.exponent) > MAX_BINARY_EXPONENT ? undefined : result;
}
