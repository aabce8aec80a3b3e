import { tooLarge } from "../bounds.ts";
import { type GlobToken, globTokens, tokensMeet } from "./tokens.ts";

/** Pairs of tokens that are compared at most: time and memory grow with them. */
const MAX_PAIRS = 1 << 20;

type Tokens = readonly GlobToken[];

/** Cuts off what both start and end with, one token left; `undefined` when a token there cannot meet its partner. */
function trimmed(a: Tokens, b: Tokens): readonly [Tokens, Tokens] | undefined {
	let left = 0;
	while (left < a.length && left < b.length && a[left]?.flag === "" && b[left]?.flag === "") {
		if (!tokensMeet(a[left] as GlobToken, b[left] as GlobToken)) return undefined;
		left++;
	}
	if (left > 0) left--;
	let endA = a.length - 1;
	let endB = b.length - 1;
	while (endA >= left && endB >= left && a[endA]?.flag === "" && b[endB]?.flag === "") {
		if (!tokensMeet(a[endA] as GlobToken, b[endB] as GlobToken)) return undefined;
		endA--;
		endB--;
	}
	if (endA < a.length - 1) {
		endA++;
		endB++;
	}
	return [a.slice(left, endA + 1), b.slice(left, endB + 1)];
}

/**
 * OPA's search for a text that both globs match, from each pair of positions once. Where a flagged token leads, it
 * takes tokens of the other side until the token after it could go on; that this is not always the best choice is
 * OPA's answer too.
 */
function search(first: Tokens, second: Tokens): boolean {
	const known = new Map<number, boolean>();
	const sides = [first, second] as const;

	/** `lead` and `other` are positions in the side that leads and in the other. */
	const star = (side: 0 | 1, lead: number, other: number): boolean => {
		const leading = sides[side];
		const others = sides[side === 0 ? 1 : 0];
		const token = leading[lead] as GlobToken;
		const next = leading[lead + 1];
		for (let i = other; i < others.length; i++) {
			const taken = others[i] as GlobToken;
			if (next !== undefined && tokensMeet(taken, next) && normal(side, lead + 1, i)) return true;
			if (!tokensMeet(taken, token)) return false;
		}
		return next === undefined;
	};

	const plus = (side: 0 | 1, lead: number, other: number): boolean => {
		const taken = sides[side === 0 ? 1 : 0][other] as GlobToken;
		if (!tokensMeet(sides[side][lead] as GlobToken, taken)) return false;
		if (star(side, lead, other + 1)) return true;
		return taken.flag !== "" && normal(side, lead + 1, other);
	};

	const fresh = (side: 0 | 1, lead: number, other: number): boolean => {
		const a = sides[side];
		const b = sides[side === 0 ? 1 : 0];
		let i = lead;
		let j = other;
		for (; i < a.length && j < b.length; i++, j++) {
			const left = a[i] as GlobToken;
			const right = b[j] as GlobToken;
			if (left.flag === "" && right.flag === "") {
				if (!tokensMeet(left, right)) return false;
			} else if (left.flag !== "") return left.flag === "+" ? plus(side, i, j) : star(side, i, j);
			else {
				const turned = side === 0 ? 1 : 0;
				return right.flag === "+" ? plus(turned, j, i) : star(turned, j, i);
			}
		}
		return i === a.length && j === b.length;
	};

	const normal = (side: 0 | 1, lead: number, other: number): boolean => {
		const width = sides[side === 0 ? 1 : 0].length + 1;
		const key = (lead * width + other) * 2 + side;
		const answer = known.get(key) ?? fresh(side, lead, other);
		known.set(key, answer);
		return answer;
	};

	return normal(0, 0, 0);
}

/**
 * Whether one text matches both globs; `undefined` for a bad glob.
 * @throws {RangeError} when the two are too long to be compared.
 */
export function globsMeet(first: string, second: string): boolean | undefined {
	const a = globTokens(first);
	const b = globTokens(second);
	if (a === undefined || b === undefined) return undefined;
	if (a.length * b.length > MAX_PAIRS) throw tooLarge("regex.globs_match");
	const rest = trimmed(a, b);
	return rest !== undefined && search(...rest);
}
