import { wellFormed } from "../../term/byte-string.ts";
import { type AstTerm, stringTerm } from "./ast.ts";
import { at, mistake, type Parser, scan } from "./parser.ts";

/** Powers of two beyond which OPA takes no number. */
const MAX_EXPONENT = 100_000;

/** The power of two of a number's size, near enough; 0 for zero. */
function binaryExponent(text: string): number {
	const match = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
	const digits = `${match?.[1] ?? ""}${match?.[2] ?? ""}`;
	const significant = digits.replace(/^0+/, "");
	if (significant === "") return 0;
	const tens = (match?.[1] ?? "").length - (digits.length - significant.length) + Number(match?.[3] ?? 0);
	const fraction = Number(`0.${significant.slice(0, 17)}`);
	return Math.floor(tens * Math.log2(10) + Math.log2(fraction)) + 1;
}

/** From `-`, a point or digits on; ends at the last digits. */
export function readNumber(p: Parser): AstTerm | undefined {
	let prefix = "";
	if (at(p, "-")) {
		prefix = "-";
		scan(p);
	}
	if (at(p, ".")) {
		prefix += ".";
		scan(p);
	}
	if (!at(p, "number")) return mistake(p);
	const digits = p.state.text;
	if (!prefix.endsWith(".") && /^0(?!$|\.|[eE].)/.test(digits)) return mistake(p);
	const text = prefix + digits;
	// Two points: a number that starts with one has none inside.
	if (/\..*\./.test(text) || Math.abs(binaryExponent(text)) > MAX_EXPONENT) return mistake(p);
	return { type: "number", text };
}

/** What a JSON text between quotes says; `undefined` for what is none. */
export function unescaped(text: string): string | undefined {
	try {
		return wellFormed(JSON.parse(text) as string);
	} catch {
		return undefined;
	}
}

/** A string between quotes, or between backquotes as it is. */
export function readString(p: Parser): AstTerm | undefined {
	const { text } = p.state;
	const inner = text.slice(1, -1);
	if (text.startsWith("`") || !inner.includes("\\")) return stringTerm(inner);
	const value = unescaped(text);
	return value === undefined ? mistake(p) : stringTerm(value);
}
