type Flag = "" | "+" | "*";

type Range = readonly [from: number, to: number];

/** One element of a glob of `regex.globs_match`. */
export type GlobToken = { readonly flag: Flag } & (
	| { readonly kind: "character"; readonly point: number }
	| { readonly kind: "dot" }
	/** Code points, in order and apart. */
	| { readonly kind: "set"; readonly ranges: readonly Range[] }
);

interface Rune {
	readonly char: string;
	readonly point: number;
	readonly escaped: boolean;
}

/** Code points, a backslash joined to what follows; `undefined` when it is the last. */
function runesOf(text: string): readonly Rune[] | undefined {
	const runes: Rune[] = [];
	let escaped = false;
	for (const char of text) {
		if (char === "\\" && !escaped) escaped = true;
		else {
			runes.push({ char, point: char.codePointAt(0) ?? 0, escaped });
			escaped = false;
		}
	}
	return escaped ? undefined : runes;
}

const isPlain = (rune: Rune | undefined, chars: string): boolean =>
	rune !== undefined && !rune.escaped && chars.includes(rune.char);

function merged(ranges: readonly Range[]): readonly Range[] {
	const apart: [number, number][] = [];
	for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
		const last = apart.at(-1);
		if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
		else apart.push([from, to]);
	}
	return apart;
}

/** The set that opens before `start`, and where it ends; `undefined` for a bad one. */
function readSet(
	runes: readonly Rune[],
	start: number,
): { readonly ranges: readonly Range[]; readonly next: number } | undefined {
	const ranges: Range[] = [];
	let previous: number | undefined;
	for (let i = start; i < runes.length; i++) {
		const rune = runes[i] as Rune;
		if (isPlain(rune, "]")) return { ranges: merged(ranges), next: i + 1 };
		if (isPlain(rune, "-")) {
			const end = runes[++i];
			// A range needs a start of its own and an end: `[a-c-e]` and `[-a]` are errors.
			if (previous === undefined || end === undefined || isPlain(end, "]-") || end.point < previous)
				return undefined;
			ranges.push([previous, end.point]);
			previous = undefined;
		} else {
			ranges.push([rune.point, rune.point]);
			previous = rune.point;
		}
	}
	return undefined;
}

function same(a: GlobToken, b: GlobToken): boolean {
	if (a.kind === "character") return b.kind === "character" && a.point === b.point;
	if (a.kind === "dot") return b.kind === "dot";
	return b.kind === "set" && String(a.ranges) === String(b.ranges);
}

/** The tokens of a glob, `t*t+` joined to `t+`; `undefined` for a bad one. */
export function globTokens(text: string): readonly GlobToken[] | undefined {
	const runes = runesOf(text);
	if (runes === undefined) return undefined;
	const tokens: GlobToken[] = [];
	for (let i = 0; i < runes.length; ) {
		const rune = runes[i++] as Rune;
		if (isPlain(rune, "]+*")) return undefined;
		let ranges: readonly Range[] | undefined;
		if (isPlain(rune, "[")) {
			const set = readSet(runes, i);
			if (set === undefined) return undefined;
			ranges = set.ranges;
			i = set.next;
		}
		const flag: Flag = isPlain(runes[i], "+*") ? ((runes[i++] as Rune).char as Flag) : "";
		const token: GlobToken =
			ranges !== undefined
				? { kind: "set", ranges, flag }
				: isPlain(rune, ".")
					? { kind: "dot", flag }
					: { kind: "character", point: rune.point, flag };
		const last = tokens.at(-1);
		if (last !== undefined && last.flag !== "" && flag !== "" && same(last, token)) {
			tokens[tokens.length - 1] = { ...last, flag: flag === "+" || last.flag === "+" ? "+" : "*" };
		} else tokens.push(token);
	}
	return tokens;
}

/** Whether one character can be both. Any character is taken to be in every set, the empty one too, as OPA does. */
export function tokensMeet(a: GlobToken, b: GlobToken): boolean {
	if (a.kind === "dot" || b.kind === "dot") return true;
	if (a.kind === "character" && b.kind === "character") return a.point === b.point;
	const left: readonly Range[] = a.kind === "set" ? a.ranges : [[a.point, a.point]];
	const right: readonly Range[] = b.kind === "set" ? b.ranges : [[b.point, b.point]];
	return left.some(([from, to]) => right.some(([start, end]) => from <= end && start <= to));
}
