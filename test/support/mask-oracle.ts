import { createHmac } from "node:crypto";
import { TEST_KEY } from "./mask-body.ts";

/**
 * What a directive makes of a JSON text, the slow and plain way: the text is cut into tokens, parsed to a tree,
 * each value is judged by trying every selector on its whole path, and the tokens that stay are listed with the
 * white space that has to stand before them (null where it is free).
 */
export interface Expected {
	readonly tokens: readonly string[];
	readonly gaps: readonly (string | null)[];
	/** Counts by list, path and strategy, as `list path as`. */
	readonly report: ReadonlyMap<string, number>;
}

export interface PlainDirective {
	readonly release?: readonly string[];
	readonly mask?: readonly ({ readonly select: string; readonly as: string } & Readonly<
		Record<string, unknown>
	>)[];
	readonly withhold?: readonly string[];
}

export type JsonKind = "string" | "number" | "boolean" | "null" | "object" | "array";

/** The kind of a JSON text. */
export function kindOf(text: string): JsonKind {
	return parse(lex(text).tokens).kind;
}

interface Node {
	readonly kind: JsonKind;
	/** First and last token. */
	readonly from: number;
	readonly to: number;
	/** Members in order; `key` is the token of the name. */
	readonly items: readonly { readonly key: number; readonly name: string | number; readonly value: Node }[];
}

export type Path = readonly (string | number)[];
const ANY: unique symbol = Symbol("any");
type Pattern = readonly { readonly descend: boolean; readonly want: string | number | typeof ANY }[];

/** The tokens of a JSON text that is known to be valid, and the white space before each and at the end. */
export function lex(text: string): { readonly tokens: string[]; readonly gaps: string[] } {
	const tokens: string[] = [];
	const gaps: string[] = [];
	const pattern = /([ \t\r\n]*)("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|$)/gsy;
	for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
		gaps.push(match[1]!);
		if (match[2] === "") break;
		tokens.push(match[2]!);
	}
	return { tokens, gaps };
}

function parse(tokens: readonly string[]): Node {
	let at = 0;
	function value(): Node {
		const from = at;
		const token = tokens[at++]!;
		if (token !== "{" && token !== "[") {
			const kind = token.startsWith('"')
				? "string"
				: token === "null"
					? "null"
					: token === "true" || token === "false"
						? "boolean"
						: "number";
			return { kind, from, to: from, items: [] };
		}
		const items: { key: number; name: string | number; value: Node }[] = [];
		const close = token === "{" ? "}" : "]";
		while (tokens[at] !== close) {
			if (tokens[at] === ",") at++;
			const key = at;
			let name: string | number = items.length;
			if (token === "{") {
				name = JSON.parse(tokens[at]!) as string;
				at += 2;
			}
			items.push({ key, name, value: value() });
		}
		return { kind: token === "{" ? "object" : "array", from, to: at++, items };
	}
	return value();
}

/** The same few selectors come again and again. */
const MOST_PATTERNS = 10_000;
const patterns = new Map<string, Pattern>();

function patternOf(selector: string): Pattern {
	const known = patterns.get(selector);
	if (known !== undefined) return known;
	if (patterns.size >= MOST_PATTERNS) patterns.clear();
	const pattern = readPattern(selector);
	patterns.set(selector, pattern);
	return pattern;
}

function readPattern(selector: string): Pattern {
	const steps: { descend: boolean; want: string | number | typeof ANY }[] = [];
	const grammar =
		/(\.\.|\.)?(?:(\*)|([\p{L}_][\p{L}\p{N}_]*)|\[(?:(\*)|(\d+)|'((?:[^'\\]|\\.)*)'|("(?:[^"\\]|\\.)*"))\])/uy;
	grammar.lastIndex = 1;
	while (grammar.lastIndex < selector.length) {
		const m = grammar.exec(selector);
		if (m === null) throw new Error(`the oracle cannot read ${selector}`);
		const want =
			m[2] !== undefined || m[4] !== undefined
				? ANY
				: m[5] !== undefined
					? Number(m[5])
					: m[7] !== undefined
						? (JSON.parse(m[7]) as string)
						: (m[3] ?? m[6]!.replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)));
		steps.push({ descend: m[1] === "..", want });
	}
	return steps;
}

const fits = (want: Pattern[number]["want"], name: string | number): boolean => want === ANY || want === name;

/** Whether `pattern` selects exactly `path`. */
function selects(pattern: Pattern, path: Path, p = 0, at = 0): boolean {
	const step = pattern[p];
	if (step === undefined) return at === path.length;
	if (at >= path.length) return false;
	if (fits(step.want, path[at]!) && selects(pattern, path, p + 1, at + 1)) return true;
	return step.descend && selects(pattern, path, p, at + 1);
}

const covers = (pattern: Pattern, path: Path): boolean =>
	path.some((_, i) => selects(pattern, path.slice(0, i))) || selects(pattern, path);

/** Whether `pattern` may still select something below a container at `path`, seen from the selector alone. */
function mayReach(pattern: Pattern, path: Path, kind: "object" | "array"): boolean {
	return pattern.some((step, p) => {
		// The first `p` steps end at the container, or at one above it when a descendant step follows.
		const here = selects(pattern.slice(0, p), path);
		const above = step.descend && path.some((_, i) => selects(pattern.slice(0, p), path.slice(0, i)));
		if (!here && !above) return false;
		if (step.want === ANY || step.descend) return true;
		return (typeof step.want === "number") === (kind === "array");
	});
}

const ORDER = ["null", "constant", "redact", "hash", "year", "truncate", "email", "partial"];
export type Rule = NonNullable<PlainDirective["mask"]>[number];
const keeps = (rule: Rule): number =>
	rule.as === "partial"
		? Number(rule["keep_start"] ?? 0) + Number(rule["keep_end"] ?? 0)
		: Number(rule["length"] ?? 0);
function parameters(rule: Rule): string {
	const { select: _select, as: _as, ...rest } = rule;
	return JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function strongest(rules: readonly Rule[]): Rule {
	return [...rules].sort(
		(a, b) =>
			ORDER.indexOf(a.as) - ORDER.indexOf(b.as) ||
			keeps(a) - keeps(b) ||
			(parameters(a) < parameters(b) ? -1 : parameters(a) > parameters(b) ? 1 : 0),
	)[0]!;
}

/** What becomes of a value: a rule where it is masked. */
export type PlainVerdict = Rule | "released" | "withheld";

/** Tries every selector of a directive on the whole path of a value. */
export function judgeOf(directive: PlainDirective): (kind: JsonKind, path: Path) => PlainVerdict {
	const release = directive.release?.map(patternOf);
	const withhold = (directive.withhold ?? []).map(patternOf);
	const masks = (directive.mask ?? []).map((rule) => ({ rule, pattern: patternOf(rule.select) }));
	return (kind, path) => {
		if (withhold.some((p) => covers(p, path))) return "withheld";
		const rules = masks.filter(({ pattern }) => covers(pattern, path)).map(({ rule }) => rule);
		if (rules.length > 0) return strongest(rules);
		if (release === undefined || release.some((p) => covers(p, path))) return "released";
		if (kind !== "object" && kind !== "array") return "withheld";
		return [...release, ...masks.map(({ pattern }) => pattern)].some((p) => mayReach(p, path, kind))
			? "released"
			: "withheld";
	};
}

/** Whether something at `path` or below may be withheld or masked, as far as the selectors alone tell. */
export function mayHide(directive: PlainDirective, path: Path): boolean {
	const hiding = [...(directive.withhold ?? []), ...(directive.mask ?? []).map(({ select }) => select)];
	return hiding.map(patternOf).some((pattern) => {
		let places = new Set([0]);
		for (const name of path) {
			const next = new Set<number>();
			for (const place of places) {
				const step = pattern[place];
				// A pattern that has arrived covers all that is below.
				if (step === undefined) return true;
				if (step.descend) next.add(place);
				if (fits(step.want, name)) next.add(place + 1);
			}
			places = next;
		}
		return places.size > 0;
	});
}

/** The token that replaces a value. */
export function maskedToken(rule: Rule, kind: Node["kind"], token: string, consumer: string): string {
	if (rule.as === "null") return "null";
	if (rule.as === "constant") return JSON.stringify(rule["value"]);
	if (kind === "object" || kind === "array" || kind === "null") return "null";
	const redacted = kind === "string" ? '"[redacted]"' : kind === "number" ? "0" : "false";
	const text = kind === "string" ? (JSON.parse(token) as string) : token;
	if (rule.as === "hash") {
		const domain = rule["domain"] === undefined ? "" : `${String(rule["domain"])}\0`;
		const mac = createHmac("sha256", TEST_KEY)
			.update(`${consumer}\0${domain}${text}`, "utf8")
			.digest("base64url");
		return `"hmac:${mac.slice(0, 22)}"`;
	}
	if (rule.as === "redact" || kind === "boolean") return redacted;
	const points = Array.from(text);
	switch (rule.as) {
		case "partial": {
			const start = Number(rule["keep_start"] ?? 0);
			const end = points.length - Number(rule["keep_end"] ?? 0);
			const all = points.length <= keeps(rule);
			return JSON.stringify(
				points.map((c, i) => (!all && (i < start || i >= end) ? c : (rule["char"] ?? "*"))).join(""),
			);
		}
		case "email": {
			const split = /^(.)(?:.*)@([^@]*)$/su.exec(text);
			return kind === "number" || split === null ? redacted : JSON.stringify(`${split[1]}***@${split[2]}`);
		}
		case "year": {
			const found = /^(\d{4})-(0[1-9]|1[0-2])(\D|$)/.exec(text);
			return kind === "number" || found === null ? redacted : JSON.stringify(found[1]);
		}
		default:
			return points.length <= Number(rule["length"])
				? token
				: JSON.stringify(`${points.slice(0, Number(rule["length"])).join("")}…`);
	}
}

const dotted = /^(?:[A-Za-z_]|[^\0-\x7f\p{Cs}])(?:[A-Za-z0-9_]|[^\0-\x7f\p{Cs}])*$/u;
export function writePath(path: Path): string {
	const steps = path.map((name) => {
		if (typeof name === "number") return "[*]";
		if (dotted.test(name)) return `.${name}`;
		return `['${name.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\u0000", "\\u0000")}']`;
	});
	return `$${steps.join("")}`;
}

/** Applies a directive to a valid JSON text, which is the value at the path `base`. */
export function applyDirective(
	directive: PlainDirective,
	text: string,
	consumer: string,
	base: Path = [],
): Expected {
	const { tokens, gaps } = lex(text);
	const judge = judgeOf(directive);
	const report = new Map<string, number>();
	/** Output tokens with the input tokens that they stand for. */
	const out: { text: string; from: number; to: number }[] = [];
	const count = (list: string, path: Path, as = ""): void => {
		const key = `${list} ${writePath(path)} ${as}`;
		report.set(key, (report.get(key) ?? 0) + 1);
	};
	const copy = (at: number): void => void out.push({ text: tokens[at]!, from: at, to: at });
	const replace = (node: Node, by: string): void => {
		for (const [i, part] of lex(by).tokens.entries()) {
			out.push({ text: part, from: i === 0 ? node.from : Number.NaN, to: node.to });
		}
	};

	function write(node: Node, path: Path): void {
		const verdict = judge(node.kind, path);
		if (verdict === "withheld") {
			count("withheld", path);
			replace(node, "null");
			return;
		}
		if (verdict !== "released") {
			count("masked", path, verdict.as);
			replace(node, maskedToken(verdict, node.kind, tokens[node.from]!, consumer));
			return;
		}
		if (node.kind !== "object" && node.kind !== "array") {
			count("released", path);
			copy(node.from);
			return;
		}
		copy(node.from);
		let kept = false;
		for (const { key, name, value } of node.items) {
			const below = [...path, name];
			if (judge(value.kind, below) === "withheld") {
				count("withheld", below);
				continue;
			}
			if (kept) copy(key - 1);
			kept = true;
			if (node.kind === "object") {
				copy(key);
				copy(key + 1);
			}
			write(value, below);
		}
		copy(node.to);
	}

	write(parse(tokens), base);
	const gapBefore = (i: number): string | null => {
		const from = out[i]?.from ?? tokens.length;
		const before = i === 0 ? 0 : out[i - 1]!.to + 1;
		return from === before ? gaps[from]! : null;
	};
	return {
		tokens: out.map((piece) => piece.text),
		gaps: [...out.map((_, i) => gapBefore(i)), gapBefore(out.length)],
		report,
	};
}
