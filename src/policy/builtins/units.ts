import { numberTerm, type Term } from "../term/term.ts";
import { tooLarge } from "./bounds.ts";
import { type Builtin, ofString } from "./builtin.ts";

/** Digits that a result may have: an exponent writes out as many as it says. */
const MAX_DIGITS = 10_000;

const SI = "kmgtpe";

/** 1000 or 1024 to the place of the letter. */
const power = (letter: string, base: bigint): bigint => base ** BigInt(SI.indexOf(letter) + 1);

interface Rational {
	readonly numerator: bigint;
	/** Positive. */
	readonly denominator: bigint;
}

/** The amount before the unit; an `e` counts as exponent where a digit or sign follows. `undefined` for one too large. */
function split(text: string): readonly [amount: string, unit: string] | undefined {
	const amount = /^(?:[0-9.+-]|[eE](?=[0-9+-]))*/.exec(text)?.[0] ?? "";
	return /[eE][+-]?[0-9]{7}/.test(amount) ? undefined : [amount, text.slice(amount.length)];
}

/**
 * The decimal exactly; `undefined` for none.
 * @throws {RangeError} when it has too many digits.
 */
function decimal(text: string): Rational | undefined {
	const match = /^([+-]?)(?=\.?[0-9])([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/.exec(text);
	if (match === null) return undefined;
	const fraction = match[3] ?? "";
	const digits = BigInt((match[2] ?? "") + fraction);
	const exponent = Number(match[4] ?? 0) - fraction.length;
	if (digits === 0n) return { numerator: 0n, denominator: 1n };
	if (Math.abs(exponent) > MAX_DIGITS || text.length > MAX_DIGITS) throw tooLarge("units.parse");
	const signed = match[1] === "-" ? -digits : digits;
	const scale = 10n ** BigInt(Math.abs(exponent));
	return exponent < 0
		? { numerator: signed, denominator: scale }
		: { numerator: signed * scale, denominator: 1n };
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** Ten decimals, halves away from zero. */
function tenDecimals({ numerator, denominator }: Rational): string {
	const scaled = absolute(numerator) * 10n ** 10n;
	const rounded = (scaled * 2n + denominator) / (denominator * 2n);
	const digits = rounded.toString().padStart(11, "0");
	return `${numerator < 0n ? "-" : ""}${digits.slice(0, -10)}.${digits.slice(-10)}`;
}

/** The double nearest to 0.001, exactly: OPA takes it for one thousandth. */
const MILLI: Rational = { numerator: 1152921504606847n, denominator: 1n << 60n };

function unitOf(unit: string): Rational | undefined {
	if (unit === "") return { numerator: 1n, denominator: 1n };
	if (unit === "m") return MILLI;
	const lower = unit[0] + lowerCase(unit.slice(1));
	const match = /^(?:([kKMgGtTpPeE])|([kKmMgGtTpPeE])i)$/.exec(lower);
	if (match === null) return undefined;
	const decimalLetter = match[1]?.toLowerCase();
	const numerator =
		decimalLetter === undefined ? power((match[2] ?? "").toLowerCase(), 1024n) : power(decimalLetter, 1000n);
	return { numerator, denominator: 1n };
}

/** Go's `ToLower`: code point by code point, so that U+0130 becomes `i` alone. */
function lowerCase(text: string): string {
	return text.replaceAll("\u0130", "i").toLowerCase();
}

function parse(raw: string): Term | undefined {
	const text = raw.replaceAll('"', "");
	if (text.includes(" ")) return undefined;
	const parts = split(text);
	if (parts === undefined || parts[0] === "") return undefined;
	const unit = unitOf(parts[1]);
	const amount = decimal(parts[0]);
	if (unit === undefined || amount === undefined) return undefined;
	const numerator = amount.numerator * unit.numerator;
	const denominator = amount.denominator * unit.denominator;
	if (numerator % denominator === 0n) return numberTerm(numerator / denominator);
	return numberTerm(tenDecimals({ numerator, denominator }));
}

/** To 64 bits of mantissa, ties to even, as Go's `big.Float` keeps an amount. */
function rounded({ numerator, denominator }: Rational): Rational {
	const magnitude = absolute(numerator);
	if (magnitude === 0n) return { numerator, denominator };
	const length = (value: bigint): number => value.toString(2).length;
	let shift = 64 - (length(magnitude) - length(denominator));
	const quotient = (by: number): readonly [bigint, bigint, bigint] => {
		const up = by > 0 ? magnitude << BigInt(by) : magnitude;
		const down = by < 0 ? denominator << BigInt(-by) : denominator;
		return [up / down, up % down, down];
	};
	let [whole, rest, down] = quotient(shift);
	if (whole >> 64n > 0n) [whole, rest, down] = quotient(--shift);
	if (rest * 2n > down || (rest * 2n === down && whole % 2n === 1n)) whole++;
	const signed = numerator < 0n ? -whole : whole;
	return shift > 0
		? { numerator: signed, denominator: 1n << BigInt(shift) }
		: { numerator: signed << BigInt(-shift), denominator: 1n };
}

function parseBytes(raw: string): Term | undefined {
	const text = lowerCase(raw).replaceAll('"', "");
	if (text.includes(" ")) return undefined;
	const parts = split(text);
	if (parts === undefined || parts[0] === "") return undefined;
	const match = /^(?:|([kmgtpe])b?|([kmgtpe])ib?)$/.exec(parts[1]);
	const amount = decimal(parts[0]);
	if (match === null || amount === undefined) return undefined;
	const unit =
		match[1] !== undefined ? power(match[1], 1000n) : match[2] !== undefined ? power(match[2], 1024n) : 1n;
	const value = rounded(amount);
	const total = rounded({ numerator: value.numerator * unit, denominator: value.denominator });
	return numberTerm(total.numerator / total.denominator);
}

export const unitBuiltins: Readonly<Record<string, Builtin>> = {
	"units.parse": ofString(parse),
	"units.parse_bytes": ofString(parseBytes),
};
