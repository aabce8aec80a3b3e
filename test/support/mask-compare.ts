import type { FieldReport } from "../../src/fields/types.ts";
import { type Expected, lex } from "./mask-oracle.ts";
import { flatReport } from "./report-counts.ts";

/**
 * Where a masked text is not what the oracle expects: its tokens, or the white space that is bound. Told as a text, for
 * an assertion per token would be most of the work of a hundred thousand documents.
 */
export function textDifference(text: string, expected: Expected): string | undefined {
	const { tokens, gaps } = lex(text);
	const wanted = expected.tokens;
	if (tokens.length !== wanted.length) return `${tokens.join(" ")} instead of ${wanted.join(" ")}`;
	for (let i = 0; i < wanted.length; i++)
		if (tokens[i] !== wanted[i]) return `token ${i}: ${tokens[i]} instead of ${wanted[i]}`;
	for (const [i, gap] of expected.gaps.entries())
		if (gap !== null && gaps[i] !== gap)
			return `space ${i}: ${JSON.stringify(gaps[i])} instead of ${JSON.stringify(gap)}`;
	return undefined;
}

/** Where a report is not what the oracle counted. */
export function reportDifference(report: FieldReport, expected: Expected): string | undefined {
	const counts = flatReport(report);
	for (const [key, count] of expected.report)
		if (counts.get(key) !== count) return `${key}: ${counts.get(key)} instead of ${count}`;
	return counts.size === expected.report.size ? undefined : "entries that nobody expected";
}
