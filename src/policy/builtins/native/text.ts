import { byteString, bytesOf } from "../../term/byte-string.ts";
import { compareStrings } from "../../term/compare.ts";
import { isArray, isNumber, isSet, numberTerm, type Term } from "../../term/term.ts";
import { MAX_TEXT, tooLarge } from "../bounds.ts";
import type { Builtin } from "../builtin.ts";
import { fromText, truncate } from "../go/big-float.ts";
import { regoText } from "../rego-text.ts";
import { stringsOf } from "../strings.ts";

const concat: Builtin = ([separator, collection]) => {
	if (typeof separator !== "string" || typeof collection === "string") return undefined;
	const texts = stringsOf(collection);
	if (texts === undefined) return undefined;
	const ordered = isSet(collection) ? [...texts].sort(compareStrings) : texts;
	const length = ordered.reduce((sum, text) => sum + text.length + separator.length, 0);
	if (length > MAX_TEXT) throw tooLarge("concat");
	return ordered.join(separator);
};

/** Every occurrence; nothing occurs before each byte and at the end, for OPA goes by bytes there. */
const replace: Builtin = ([text, old, by]) => {
	if (typeof text !== "string" || typeof old !== "string" || typeof by !== "string") return undefined;
	if (old !== "") {
		const parts = text.split(old);
		if (text.length + parts.length * by.length > MAX_TEXT) throw tooLarge("replace");
		return parts.join(by);
	}
	const bytes = bytesOf(text);
	const between = bytesOf(by);
	if (bytes.length * (between.length + 1) > MAX_TEXT) throw tooLarge("replace");
	const all = [...bytes].flatMap((byte) => [Buffer.of(byte), between]);
	return byteString(Buffer.concat([between, ...all]));
};

const RADIXES: ReadonlyMap<string, number> = new Map([
	["2", 2],
	["8", 8],
	["10", 10],
	["16", 16],
]);

const formatInt: Builtin = ([number, base]) => {
	const radix = isNumber(base) ? RADIXES.get(base.text) : undefined;
	if (!isNumber(number) || radix === undefined) return undefined;
	if (/^-?\d+$/.test(number.text)) return BigInt(number.text).toString(radix);
	const value = fromText(number.text);
	return value === undefined ? undefined : truncate(value).toString(radix);
};

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Go's hexadecimal floats, where underscores may part the digits. */
const HEXADECIMAL =
	/^([+-]?)0[xX]((?:_?[\da-fA-F])*)(?:\.([\da-fA-F](?:_?[\da-fA-F])*)?)?[pP]([+-]?\d{1,6})$/;

function hexadecimal(text: string): Term | undefined {
	const match = HEXADECIMAL.exec(text);
	if (match === null) return undefined;
	const [, sign = "", whole = "", fraction = "", power = "0"] = match.map((part) =>
		part?.replaceAll("_", ""),
	);
	if (whole + fraction === "") return undefined;
	const value = Number(`0x${whole}${fraction}`) * 2 ** (Number(power) - 4 * fraction.length);
	return Number.isFinite(value) ? numberTerm(`${sign === "-" ? "-" : ""}${value}`) : undefined;
}

/** Keeps the text, as OPA does: `.5` and `007` are numbers from then on, though no JSON can show them. */
const toNumber: Builtin = ([term]) => {
	if (isNumber(term)) return term;
	if (term === null || typeof term === "boolean") return numberTerm(term === true ? 1 : 0);
	if (typeof term !== "string") return undefined;
	if (!DECIMAL.test(term)) return hexadecimal(term);
	return Number.isFinite(Number(term)) && fromText(term) !== undefined ? numberTerm(term) : undefined;
};

/** The parts of a template, each a string, another scalar, or what an expression gave: a set of at most one value. */
const templateString: Builtin = ([parts]) => {
	if (!isArray(parts)) return undefined;
	const texts = parts.items.map((part) => {
		const value = isSet(part) ? part.items[0] : part;
		if (value === undefined) return "<undefined>";
		return typeof value === "string" ? value : regoText(value);
	});
	if (parts.items.some((part) => isSet(part) && part.items.length > 1)) {
		throw new Error("template-strings must not produce multiple outputs");
	}
	return texts.join("");
};

export const nativeText: Readonly<Record<string, Builtin>> = {
	concat,
	replace,
	format_int: formatInt,
	to_number: toNumber,
	"internal.template_string": templateString,
};
