import { arrayTerm, type Term } from "../../term/term.ts";
import { type Builtin, ofStrings } from "../builtin.ts";
import { findAll, goRegexp } from "../go/regexp.ts";
import { intOperand } from "../numbers.ts";

const match = ofStrings((pattern, text) => goRegexp(pattern)?.matcher(text).find());

const findSubmatches: Builtin = ([pattern, text, limit]) => {
	const most = intOperand(limit);
	if (typeof pattern !== "string" || typeof text !== "string" || most === undefined) return undefined;
	const regexp = goRegexp(pattern);
	if (regexp === undefined) return undefined;
	const found: Term[] = [];
	for (const spans of findAll(regexp, text, Number(most), true)) {
		found.push(arrayTerm(spans.map(([start, end]) => (start < 0 ? "" : text.slice(start, end)))));
	}
	return arrayTerm(found);
};

export const nativeRegex: Readonly<Record<string, Builtin>> = {
	"regex.is_valid": ([pattern]) => typeof pattern === "string" && goRegexp(pattern) !== undefined,
	"regex.match": match,
	"regex.find_all_string_submatch_n": findSubmatches,
};
