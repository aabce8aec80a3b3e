import { sortEntries, sortTerms } from "../../term/compare.ts";
import { keyText } from "../../term/print.ts";
import type { Term } from "../../term/term.ts";
import { goShortest } from "../go/float.ts";
import { resolvePlain, type Scalar } from "./resolve.ts";
import { isSimpleKey, yamlString } from "./text.ts";

/** Longest key that go-yaml finds a colon after. */
const MAX_KEY = 1024;

/** OPA writes a value as JSON and reads it as YAML first: characters that no YAML may hold. */
const NOT_YAML = /[^\0-\x7e\u0085\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** What OPA itself could not write. */
class NotYamlError extends Error {}

/** NEL in a quoted text is a line break to that reading: folded, with the blanks around it. */
function reread(text: string): string {
	if (NOT_YAML.test(text)) throw new NotYamlError("a character that YAML cannot hold");
	return text.replace(/ *\u0085(?: *\u0085)* */g, (run) => {
		const breaks = run.replaceAll(" ", "").length;
		return breaks === 1 ? " " : "\n".repeat(breaks - 1);
	});
}

/** What YAML 1.1 took for booleans and for base 60, quoted for the sake of readers of that version. */
const OLD_WORDS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
	/^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})| +[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?)?$/;

/** A moment as go-yaml reads one from a plain text. */
function isTimestamp(text: string): boolean {
	if (!TIMESTAMP.test(text)) return false;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/[0-9]+/g) ?? []).map(
		Number,
	);
	const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
	return month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
}

function string(text: string, indent: string, key: boolean): string {
	const plain =
		typeof resolvePlain(text) === "string" &&
		!OLD_WORDS.test(text) &&
		!BASE_60.test(text) &&
		!isTimestamp(text);
	return yamlString(text, indent, plain, key);
}

function number(text: string, indent: string): string {
	const value: Scalar = resolvePlain(text);
	if (typeof value === "bigint") return String(value);
	if (typeof value !== "number") return string(text, indent, false);
	return (value < 0 || Object.is(value, -0) ? "-" : "") + goShortest(Math.abs(value));
}

const isLetter = (char: string): boolean => /^\p{L}$/u.test(char);
const isDigit = (char: string): boolean => /^\p{Nd}$/u.test(char);

/** The number that the digits from `start` on make, in 64 bits, and where they end. */
function digitsFrom(
	chars: readonly string[],
	start: number,
	lead: bigint,
): readonly [value: bigint, end: number] {
	let value = lead;
	let end = start;
	for (; end < chars.length && isDigit(chars[end] ?? ""); end++) {
		value = BigInt.asIntN(64, value * 10n + BigInt((chars[end]?.codePointAt(0) ?? 0) - 0x30));
	}
	return [value, end];
}

/** Go-yaml's order of keys: numbers inside them by value, letters after what is none. */
function compareKeys(first: string, second: string): number {
	const a = [...first];
	const b = [...second];
	let digits = false;
	for (let i = 0; i < a.length && i < b.length; i++) {
		const x = a[i] ?? "";
		const y = b[i] ?? "";
		if (x === y) {
			digits = isDigit(x);
			continue;
		}
		const byPoint = (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
		if (isLetter(x) && isLetter(y)) return byPoint;
		if (isLetter(x) || isLetter(y)) return isLetter(digits ? x : y) ? -1 : 1;
		let lead = 0n;
		if (x === "0" || y === "0") {
			for (let j = i - 1; j >= 0 && isDigit(a[j] ?? ""); j--) {
				if (a[j] !== "0") {
					lead = 1n;
					break;
				}
			}
		}
		const [left, leftEnd] = digitsFrom(a, i, lead);
		const [right, rightEnd] = digitsFrom(b, i, lead);
		if (left !== right) return left < right ? -1 : 1;
		return leftEnd - rightEnd || byPoint;
	}
	return a.length - b.length;
}

const isEmpty = (term: Term): boolean =>
	typeof term === "object" &&
	term !== null &&
	term.kind !== "number" &&
	(term.kind === "object" ? term.entries : term.items).length === 0;

const isBlock = (term: Term): boolean =>
	typeof term === "object" && term !== null && term.kind !== "number" && !isEmpty(term);

/** A value whose lines, all but the first, start with `indent`. */
function write(term: Term, indent: string): string {
	if (term === null || typeof term === "boolean") return String(term);
	if (typeof term === "string") return string(reread(term), indent, false);
	switch (term.kind) {
		case "number":
			return number(term.text, indent);
		case "array":
			return list(term.items, indent);
		case "set":
			return list(sortTerms(term.items), indent);
		case "object": {
			const members = new Map(sortEntries(term).map(([key, value]) => [keyName(key), value]));
			if (members.size === 0) return "{}";
			return [...members]
				.sort(([a], [b]) => compareKeys(a, b))
				.map(([key, value]) => member(key, value, indent))
				.reduce((lines, line) => joined(lines, line, indent));
		}
	}
}

function list(items: readonly Term[], indent: string): string {
	if (items.length === 0) return "[]";
	return items
		.map((item) => `- ${write(item, `${indent}  `)}`)
		.reduce((lines, line) => joined(lines, line, indent));
}

/** Two lines below each other; what ends in a break already, a literal block, gets no other. */
const joined = (above: string, line: string, indent: string): string =>
	`${above}${above.endsWith("\n") ? "" : "\n"}${indent}${line}`;

function keyName(key: Term): string {
	const text = keyText(key);
	const name = reread(text);
	if (text.includes("\u0085")) throw new NotYamlError("a key of two lines");
	if (Buffer.byteLength(name) > MAX_KEY) throw new NotYamlError("a key that YAML cannot hold");
	return name;
}

function member(key: string, value: Term, indent: string): string {
	const below = `${indent}  `;
	if (!isSimpleKey(key)) {
		return joined(`? ${string(key, below, false)}`, `: ${write(value, below)}`, indent);
	}
	const name = `${string(key, below, true)}:`;
	return isBlock(value) ? joined(name, write(value, below), below) : `${name} ${write(value, below)}`;
}

/** The YAML of a value as OPA's `yaml.marshal` gives it; `undefined` where OPA fails. */
export function marshalYaml(term: Term): string | undefined {
	try {
		// Alone, the lines of a text are indented; those of a list or an object are not.
		const text = write(term, typeof term === "string" ? "  " : "");
		return text.endsWith("\n") ? text : `${text}\n`;
	} catch (thrown) {
		if (thrown instanceof NotYamlError) return undefined;
		throw thrown;
	}
}
