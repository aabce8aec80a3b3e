import { compareStrings } from "../term/compare.ts";
import { numberTerm } from "../term/term.ts";
import { type Builtin, ofStrings } from "./builtin.ts";

interface Version {
	readonly core: readonly bigint[];
	readonly preRelease: string;
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const DECIMALS = /^[0-9]+$/;
const MAX_INT64 = (1n << 63n) - 1n;

const cut = (text: string, at: string): readonly [before: string, after: string | undefined] => {
	const index = text.indexOf(at);
	return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
};

/** As OPA reads a version: a `v` may lead, numbers fit 64 bits, neither they nor pre-release numbers start with 0. */
function parse(text: string): Version | undefined {
	const [rest, metadata] = cut(text.startsWith("v") ? text.slice(1) : text, "+");
	if (metadata !== undefined && !IDENTIFIERS.test(metadata)) return undefined;
	const [core, preRelease] = cut(rest, "-");
	if (preRelease !== undefined) {
		if (!IDENTIFIERS.test(preRelease)) return undefined;
		if (preRelease.split(".").some((part) => /^0[0-9]+$/.test(part))) return undefined;
	}
	const parts = core.split(".");
	if (parts.length !== 3 || !parts.every((part) => /^(?:0|[1-9][0-9]*)$/.test(part))) return undefined;
	const numbers = parts.map(BigInt);
	if (numbers.some((number) => number > MAX_INT64)) return undefined;
	return { core: numbers, preRelease: preRelease ?? "" };
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const clamped = (digits: string): bigint => {
	const value = BigInt(digits);
	return value > MAX_INT64 ? MAX_INT64 : value;
};

function compareIdentifiers(a: string, b: string): number {
	const numbers = [a, b].map((part) => DECIMALS.test(part));
	if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
	// Numbers that do not fit 64 bits are cut to the largest, and so equal.
	return numbers[0] ? order(clamped(a), clamped(b)) : compareStrings(a, b);
}

function comparePreReleases(a: string, b: string): number {
	if (a === b) return 0;
	if (a === "" || b === "") return a === "" ? 1 : -1;
	const left = a.split(".");
	const right = b.split(".");
	for (let i = 0; i < left.length && i < right.length; i++) {
		const byPart = compareIdentifiers(left[i] ?? "", right[i] ?? "");
		if (byPart !== 0) return byPart;
	}
	return Math.sign(left.length - right.length);
}

function compare(first: string, second: string): number | undefined {
	const a = parse(first);
	const b = parse(second);
	if (a === undefined || b === undefined) return undefined;
	for (let i = 0; i < 3; i++) {
		const byNumber = order(a.core[i] ?? 0n, b.core[i] ?? 0n);
		if (byNumber !== 0) return byNumber;
	}
	return comparePreReleases(a.preRelease, b.preRelease);
}

export const semverBuiltins: Readonly<Record<string, Builtin>> = {
	"semver.compare": ofStrings((a, b) => {
		const result = compare(a, b);
		return result === undefined ? undefined : numberTerm(result);
	}),
	"semver.is_valid": ([text]) => typeof text === "string" && parse(text) !== undefined,
};
