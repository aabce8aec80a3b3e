import { compareNumbers } from "../../term/compare-numbers.ts";
import { divide, fromInteger } from "../go/big-float.ts";
import { generalText } from "../go/big-float-text.ts";
import { beyond, MAX_DIGITS } from "./bounds.ts";

const LITERAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Greatest power of five in a fraction that Go reads. */
const MAX_POWER = 1_000_000;

interface Rational {
	readonly negative: boolean;
	/** Significant digits without zeros at either end; empty for zero. */
	readonly digits: string;
	/** The value is DIGITS times ten to this. */
	readonly power: number;
}

/** An exponent of 64 bits; `undefined` for any other. */
function readExponent(text: string): number | undefined {
	const [, sign, digits = ""] = /^([+-]?)0*(\d*)$/.exec(text) ?? [];
	if (digits.length > 19) return undefined;
	const value = BigInt(`${sign === "-" ? "-" : ""}${digits || "0"}`);
	return BigInt.asIntN(64, value) === value ? Number(value) : undefined;
}

/** A JSON number as Go's `big.Rat` reads it; `undefined` for an exponent that it refuses. */
function rational(literal: string): Rational | undefined {
	const [, sign, whole = "", fraction = "", exponentText = "0"] = LITERAL.exec(literal) ?? [];
	const exponent = readExponent(exponentText);
	if (exponent === undefined) return undefined;
	const all = (whole + fraction).replace(/^0+/, "");
	if (all === "") return { negative: false, digits: "", power: 0 };
	const power = exponent - fraction.length;
	if (Math.abs(power) > MAX_POWER) return undefined;
	let end = all.length;
	while (all[end - 1] === "0") end--;
	return { negative: sign === "-", digits: all.slice(0, end), power: power + all.length - end };
}

/** Whether Go takes a JSON number for a whole one. */
export function isWhole(literal: string): boolean {
	const value = rational(literal);
	return value !== undefined && value.power >= 0;
}

/** Whether Go can calculate with a JSON number: it crashes over the others. */
export const isRational = (literal: string): boolean => rational(literal) !== undefined;

function mantissa({ digits }: Rational): bigint {
	if (digits.length > MAX_DIGITS) throw beyond("a number of too many digits");
	return BigInt(digits || "0");
}

function powerOfTen(power: number): bigint {
	if (power > MAX_DIGITS) throw beyond("a number of too many digits");
	return 10n ** BigInt(power);
}

function powerModulo(power: number, modulus: bigint): bigint {
	let result = 1n % modulus;
	let square = 10n % modulus;
	for (let left = power; left > 0; left = Math.floor(left / 2)) {
		if (left % 2 === 1) result = (result * square) % modulus;
		square = (square * square) % modulus;
	}
	return result;
}

/** Whether `literal` divided by `divisor` is whole, both numbers that Go can calculate with; the divisor is not zero. */
export function isMultiple(literal: string, divisor: string): boolean {
	const value = rational(literal) as Rational;
	const by = rational(divisor) as Rational;
	if (value.digits === "") return true;
	const power = value.power - by.power;
	const modulus = mantissa(by);
	if (power >= 0) return (mantissa(value) * powerModulo(power, modulus)) % modulus === 0n;
	// The value has no factor ten, so that more zeros than it has digits never divide it.
	if (-power > value.digits.length) return false;
	return mantissa(value) % (modulus * powerOfTen(-power)) === 0n;
}

/** A fraction in its lowest terms: of ten, the divisors are two and five. */
function lowest(numerator: bigint, denominator: bigint): readonly [bigint, bigint] {
	let [above, below] = [numerator, denominator];
	for (const prime of [2n, 5n]) {
		while (above % prime === 0n && below % prime === 0n) {
			above /= prime;
			below /= prime;
		}
	}
	return [above, below];
}

/** A number as Go writes it once its `big.Rat` became a `big.Float`. */
function floatText(literal: string): string {
	const value = rational(literal) as Rational;
	const digits = mantissa(value);
	const scale = powerOfTen(Math.abs(value.power));
	if (value.power >= 0) return generalText({ ...fromInteger(digits * scale), negative: value.negative });
	const [above, below] = lowest(digits, scale);
	return generalText({ ...divide(fromInteger(above), fromInteger(below)), negative: value.negative });
}

/** A number in a schema that others are measured by. */
export interface Bound {
	readonly literal: string;
	/** As it stands in messages. */
	text(): string;
}

/** `undefined` for a number that Go cannot calculate with. */
export function bound(literal: string): Bound | undefined {
	if (!isRational(literal)) return undefined;
	let known: string | undefined;
	return {
		literal,
		text() {
			known ??= floatText(literal);
			return known;
		},
	};
}

/** Negative, 0 or positive, by the exact values. */
export const compareTo = (literal: string, { literal: other }: Bound): number =>
	compareNumbers(literal, other);
