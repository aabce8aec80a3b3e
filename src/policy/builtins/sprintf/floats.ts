import { goBinary, goExponential, goFixed, goGeneral, goHexadecimal, goShortest } from "../go/float.ts";
import { type Directive, pad } from "./directive.ts";

/** Digits of a magnitude without sign; undefined for a verb that floats do not have. */
function magnitudeText(value: number, verb: string, precision: number | undefined): string | undefined {
	switch (verb) {
		case "v":
		case "g":
			return precision === undefined ? goShortest(value) : goGeneral(value, precision);
		case "G":
			return magnitudeText(value, "g", precision)?.toUpperCase();
		case "f":
		case "F":
			return goFixed(value, precision ?? 6);
		case "e":
			return goExponential(value, precision ?? 6);
		case "E":
			return goExponential(value, precision ?? 6).toUpperCase();
		case "b":
			return goBinary(value);
		case "x":
			return goHexadecimal(value, precision);
		case "X":
			return goHexadecimal(value, precision).toUpperCase();
		default:
			return undefined;
	}
}

/**
 * What `#` adds: the point, and for `%g` the zeros at the end up to the precision (6 when there is none). Go counts
 * the characters of the number for it, the `0x` of hexadecimal ones included.
 */
function withPoint(text: string, verb: string, precision: number | undefined): string {
	const tailAt = text.search(verb === "x" || verb === "X" ? /[pP]/ : /[eE]/);
	const number = tailAt < 0 ? text : text.slice(0, tailAt);
	const tail = tailAt < 0 ? "" : text.slice(tailAt);
	let missing = 0;
	if ("vgGx".includes(verb)) {
		const significant = number.replace(".", "").replace(/^0+/, "");
		missing = (precision ?? 6) - significant.length;
		if (number === "0") missing--;
	}
	const point = number.includes(".") ? "" : ".";
	return number + point + "0".repeat(Math.max(missing, 0)) + tail;
}

/** Verbs of Go's `float64`, for finite numbers; undefined for any other verb. */
export function formatFloat(value: number, directive: Directive): string | undefined {
	const { width = 0, precision, verb } = directive;
	const plain = magnitudeText(Math.abs(value), verb, precision);
	if (plain === undefined) return undefined;
	const text = directive.sharp && verb !== "b" ? withPoint(plain, verb, precision) : plain;
	const negative = value < 0 || Object.is(value, -0);
	const sign = negative ? "-" : directive.plus ? "+" : directive.space ? " " : "";
	if (sign !== "" && directive.zero && !directive.minus) {
		return sign + text.padStart(width - sign.length, "0");
	}
	return pad(sign + text, directive);
}
