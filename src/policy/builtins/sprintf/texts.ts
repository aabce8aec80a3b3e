import { bytesOf } from "../../term/byte-string.ts";
import { canBackquote, goQuote } from "../go/quote.ts";
import { type Directive, pad, padding } from "./directive.ts";

/** Verbs of Go's `string`; undefined for any other. */
export function formatText(text: string, directive: Directive): string | undefined {
	switch (directive.verb) {
		case "v":
		case "s":
			return pad(cut(text, directive), directive);
		case "q":
			return quote(text, directive);
		case "x":
			return formatHex(text, directive);
		case "X":
			return formatHex(text, directive).toUpperCase();
		default:
			return undefined;
	}
}

const cut = (text: string, { precision }: Directive): string =>
	precision === undefined ? text : [...text].slice(0, precision).join("");

/** `%q`, and `%#v`. */
export function quote(text: string, directive: Directive): string {
	const short = cut(text, directive);
	const quoted = directive.sharp && canBackquote(short) ? `\`${short}\`` : goQuote(short, directive.plus);
	return pad(quoted, directive);
}

function formatHex(text: string, directive: Directive): string {
	const { sharp, space, width = 0, minus, precision } = directive;
	const bytes = bytesOf(text).subarray(0, precision);
	// Nothing but the padding of an empty text may be on its right and still be zeros.
	if (bytes.length === 0) return padding(width, directive);
	const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
	const prefix = sharp ? "0x" : "";
	const hex = space ? pairs.map((pair) => prefix + pair).join(" ") : prefix + pairs.join("");
	const fill = padding(width - hex.length, directive);
	return minus ? hex + fill : fill + hex;
}
