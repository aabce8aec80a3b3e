import { bytesOf } from "../../term/byte-string.ts";
import { sortEntries } from "../../term/compare.ts";
import { arrayTerm, isObject, numberTerm, type Term } from "../../term/term.ts";
import { type Builtin, ofString, ofStrings } from "../builtin.ts";
import { intOperand } from "../numbers.ts";

/** Go maps code point by code point, and leaves those whose other case is several. */
const mapPoints = (text: string, map: (point: string) => string): string =>
	[...text].map((point) => ([...map(point)].length === 1 ? map(point) : point)).join("");

const split = (text: string, by: string): Term => arrayTerm(by === "" ? [...text] : text.split(by));

const substring: Builtin = ([text, from, count]) => {
	const start = intOperand(from);
	const length = intOperand(count);
	if (typeof text !== "string" || start === undefined || length === undefined || start < 0n) return undefined;
	const points = [...text];
	const end = length < 0n ? points.length : Number(start + length);
	return points.slice(Number(start), end).join("");
};

function trimmed(text: string, cut: (point: string) => boolean, left: boolean, right: boolean): string {
	const points = [...text];
	let start = 0;
	let end = points.length;
	if (left) while (start < end && cut(points[start] ?? "")) start++;
	if (right) while (end > start && cut(points[end - 1] ?? "")) end--;
	return points.slice(start, end).join("");
}

const trim = (left: boolean, right: boolean): Builtin =>
	ofStrings((text, set) => trimmed(text, (point) => [...set].includes(point), left, right));

/** Go's `unicode.IsSpace`. */
const SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u;

/**
 * At each place the first pattern, in the order of the patterns, that stands there; then on behind it. Behind a pattern
 * that is empty another one may stand at the same place.
 */
const replaceAll: Builtin = ([patterns, text]) => {
	if (!isObject(patterns) || typeof text !== "string") return undefined;
	const pairs = sortEntries(patterns);
	if (!pairs.every(([from, to]) => typeof from === "string" && typeof to === "string")) return undefined;
	const texts = pairs as readonly (readonly [string, string])[];
	let out = "";
	let wasEmpty = false;
	for (let at = 0; at <= text.length; ) {
		const hit = texts.find(([from]) => !(wasEmpty && from === "") && text.startsWith(from, at));
		wasEmpty = hit?.[0] === "";
		if (hit !== undefined) {
			out += hit[1];
			at += hit[0].length;
			continue;
		}
		const point = at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : "";
		out += point;
		at += Math.max(point.length, 1);
	}
	return out;
};

const encoded = (encoding: "base64" | "base64url"): Builtin =>
	ofString((text) => {
		const plain = bytesOf(text).toString(encoding);
		return encoding === "base64" ? plain : plain.padEnd(Math.ceil(plain.length / 4) * 4, "=");
	});

const bits =
	(run: (a: bigint, b: bigint) => bigint | undefined): Builtin =>
	([first, second]) => {
		const a = intOperand(first);
		const b = intOperand(second);
		const result = a === undefined || b === undefined ? undefined : run(a, b);
		return result === undefined ? undefined : numberTerm(result);
	};

export const textBuiltins: Readonly<Record<string, Builtin>> = {
	contains: ofStrings((text, part) => text.includes(part)),
	startswith: ofStrings((text, part) => text.startsWith(part)),
	endswith: ofStrings((text, part) => text.endsWith(part)),
	lower: ofString((text) => mapPoints(text, (point) => point.toLowerCase())),
	upper: ofString((text) => mapPoints(text, (point) => point.toUpperCase())),
	split: ofStrings(split),
	substring,
	trim: trim(true, true),
	trim_left: trim(true, false),
	trim_right: trim(false, true),
	trim_prefix: ofStrings((text, part) => (text.startsWith(part) ? text.slice(part.length) : text)),
	trim_suffix: ofStrings((text, part) =>
		text.endsWith(part) ? text.slice(0, text.length - part.length) : text,
	),
	trim_space: ofString((text) => trimmed(text, (point) => SPACE.test(point), true, true)),
	"strings.reverse": ofString((text) => [...text].reverse().join("")),
	"strings.replace_n": replaceAll,
	"base64.encode": encoded("base64"),
	"base64url.encode": encoded("base64url"),
	"bits.and": bits((a, b) => a & b),
	"bits.or": bits((a, b) => a | b),
	"bits.xor": bits((a, b) => a ^ b),
	"bits.lsh": bits((a, b) => (b < 0n || b > 4096n ? undefined : a << b)),
	"bits.rsh": bits((a, b) => (b < 0n ? undefined : a >> b)),
	"bits.negate": ([first]) => {
		const value = intOperand(first);
		return value === undefined ? undefined : numberTerm(~value);
	},
};
