import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";

/** Compiled patterns that are kept, and their instructions in all: patterns may come from requests. */
const MAX_PATTERNS = 256;
const MAX_INSTRUCTIONS = 1 << 20;

const patterns = new LRUCache<string, RE2JS>({
	max: MAX_PATTERNS,
	maxSize: MAX_INSTRUCTIONS,
	sizeCalculation: (pattern) => Math.max(1, pattern.programSize()),
});

/** Go takes a group name twice and RE2JS does not. */
const GOOD_IN_GO = /duplicate capture group name/;

/**
 * A pattern in RE2's syntax as Go's `regexp` reads it, matched in linear time; `undefined` for a bad one.
 * @throws for a pattern that is good in Go and that this host cannot read: "undefined" would be another answer.
 */
export function goRegexp(pattern: string): RE2JS | undefined {
	const known = patterns.get(pattern);
	if (known !== undefined) return known;
	try {
		const compiled = RE2JS.compile(pattern);
		patterns.set(pattern, compiled);
		return compiled;
	} catch (thrown) {
		if (thrown instanceof Error && GOOD_IN_GO.test(thrown.message)) throw thrown;
		return undefined;
	}
}

/** Where a match and its groups start and end, as Go gives them: −1 twice for a group that took no part. */
export type Match = readonly (readonly [start: number, end: number])[];

/**
 * Go's `FindAll`: matches from left to right that do not overlap; an empty one right after another match does not
 * count. All for a negative `limit`.
 * @param groups - whether the groups are wanted beside the whole match
 */
export function* findAll(regexp: RE2JS, text: string, limit: number, groups: boolean): Generator<Match> {
	const matcher = regexp.matcher(text);
	const last = groups ? regexp.groupCount() : 0;
	let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
	let previousEnd = -1;
	let at = 0;
	while (left > 0 && at <= text.length && matcher.find(at)) {
		const start = matcher.start();
		const end = matcher.end();
		const counts = end !== at || start !== previousEnd;
		if (end === at) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
		else at = end;
		previousEnd = end;
		if (!counts) continue;
		left--;
		const spans: [number, number][] = [[start, end]];
		for (let group = 1; group <= last; group++) spans.push([matcher.start(group), matcher.end(group)]);
		yield spans;
	}
}

/** Go's `Split` without a limit. */
export function splitBy(regexp: RE2JS, text: string): readonly string[] {
	if (regexp.pattern() !== "" && text === "") return [""];
	const parts: string[] = [];
	let begin = 0;
	let end = 0;
	for (const [[from, to] = [0, 0]] of findAll(regexp, text, -1, false)) {
		end = from;
		if (to !== 0) parts.push(text.slice(begin, end));
		begin = to;
	}
	if (end !== text.length) parts.push(text.slice(begin));
	return parts;
}
