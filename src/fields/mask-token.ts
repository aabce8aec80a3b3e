import type { Directive, Strategy } from "./types.ts";

const PSEUDONYM = /^hmac:[A-Za-z0-9_-]{22}$/;
/** The whole first code point, as the strategy keeps it. */
const MAIL = /^.\*\*\*@/su;
/** What `partial` keeps of a text inside a decision. */
const MOST_KEPT = 12;
/** One sign alone is more often a text of its own (`*` for "all") than a masked one. */
const LEAST_HIDDEN = 2;

/** Tells texts that a mask has written. */
export type IsMaskToken = (text: string) => boolean;

/**
 * Recognises what masks write: the texts of `redact`, `hash` and `email`, `partial` with its usual sign, and what the
 * masks of `response` would write (the directive of the same decision: its own signs, `truncate`, `constant`). `null`,
 * `0` and `false` are values like any other, and cannot be told.
 */
export function maskTokens(response: Directive | undefined): IsMaskToken {
	const own = (response?.mask ?? []).flatMap(({ strategy }) => recogniser(strategy));
	return (text) =>
		text === "[redacted]" ||
		PSEUDONYM.test(text) ||
		MAIL.test(text) ||
		looksPartial(text) ||
		own.some((tells) => tells(text));
}

function recogniser(strategy: Strategy): IsMaskToken[] {
	switch (strategy.as) {
		case "constant": {
			const { value } = strategy;
			return typeof value === "string" ? [(text) => text === value] : [];
		}
		case "partial":
			return [(text) => isPartialOf(text, strategy)];
		case "truncate":
			return [(text) => text.endsWith("…") && [...text].length === strategy.length + 1];
		default:
			return [];
	}
}

/** One run of asterisks that is at least half of the text, beside few other characters. */
function looksPartial(text: string): boolean {
	if (!text.includes("**")) return false;
	const points = [...text];
	let run = 0;
	let hidden = 0;
	for (const point of points) {
		run = point === "*" ? run + 1 : 0;
		hidden = Math.max(hidden, run);
	}
	return hidden >= LEAST_HIDDEN && hidden * 2 >= points.length && points.length - hidden <= MOST_KEPT;
}

/** What this very strategy would write. */
function isPartialOf(
	text: string,
	{ char, keepStart, keepEnd }: Extract<Strategy, { as: "partial" }>,
): boolean {
	const points = [...text];
	const middle = points.slice(keepStart, points.length - keepEnd);
	const allHidden = points.length > 0 && points.every((point) => point === char);
	return allHidden || (middle.length > 0 && middle.every((point) => point === char));
}
