import { goQuoteRune, isPrint } from "../go/quote.ts";
import { type Directive, pad, padding, padWithSpaces } from "./directive.ts";

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, s: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

const signOf = (negative: boolean, { plus, space }: Directive): string =>
	negative ? "-" : plus ? "+" : space ? " " : "";

function digitsOf(value: bigint, verb: string): string {
	const digits = (value < 0n ? -value : value).toString(RADIX[verb] ?? 10);
	return verb === "X" ? digits.toUpperCase() : digits;
}

/** Verbs of Go's `int64`; undefined for any other. */
export function formatInt64(value: bigint, directive: Directive): string | undefined {
	switch (directive.verb) {
		case "c":
			return pad(runeOf(value), directive);
		case "q":
			return pad(goQuoteRune(runeOf(value), directive.plus), directive);
		case "U":
			return formatUnicode(BigInt.asUintN(64, value), directive);
		default:
			return "vdboOxX".includes(directive.verb) ? formatNumber(value, directive) : undefined;
	}
}

/** The code point, or U+FFFD where there is none of this number. */
function runeOf(value: bigint): string {
	const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
	return valid ? String.fromCodePoint(Number(value)) : "\ufffd";
}

function formatUnicode(value: bigint, directive: Directive): string {
	const digits = value.toString(16).toUpperCase();
	let text = `U+${digits.padStart(Math.max(directive.precision ?? 0, 4), "0")}`;
	if (directive.sharp && value <= 0x10ffffn) {
		const rune = String.fromCodePoint(Number(value));
		if (isPrint(rune)) text += ` '${rune}'`;
	}
	return padWithSpaces(text, directive);
}

function formatNumber(value: bigint, directive: Directive): string {
	const { width = 0, precision, verb } = directive;
	if (precision === 0 && value === 0n) return padding(width, { ...directive, zero: false });
	const sign = signOf(value < 0n, directive);
	let least = precision ?? 0;
	// Zeros up to a width leave room for the sign, and none for a prefix.
	if (precision === undefined && directive.zero && !directive.minus) least = width - sign.length;
	let digits = digitsOf(value, verb).padStart(least, "0");
	if (directive.sharp) {
		if (verb === "b") digits = `0b${digits}`;
		else if (verb === "x" || verb === "X") digits = `0${verb}${digits}`;
		else if (RADIX[verb] === 8 && !digits.startsWith("0")) digits = `0${digits}`;
	}
	if (verb === "O") digits = `0o${digits}`;
	return padWithSpaces(sign + digits, directive);
}

const BIG_PREFIX: Readonly<Record<string, string>> = { b: "0b", o: "0", x: "0x", X: "0X" };

/** Verbs of Go's `big.Int`, which formats itself, by rules of its own; undefined for any other. */
export function formatBig(value: bigint, directive: Directive): string | undefined {
	const { width = 0, precision, verb } = directive;
	if (!"dsvboOxX".includes(verb)) return undefined;
	const sign = signOf(value < 0n, directive);
	const prefix = verb === "O" ? "0o" : directive.sharp ? (BIG_PREFIX[verb] ?? "") : "";
	const digits = digitsOf(value, verb).padStart(precision ?? 0, "0");
	const missing = width - sign.length - prefix.length - digits.length;
	if (missing <= 0) return sign + prefix + digits;
	if (directive.minus) return sign + prefix + digits + " ".repeat(missing);
	if (directive.zero && precision === undefined) return sign + prefix + "0".repeat(missing) + digits;
	return " ".repeat(missing) + sign + prefix + digits;
}
