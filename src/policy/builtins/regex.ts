import { arrayTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString, ofStrings } from "./builtin.ts";
import { globsMeet } from "./glob/meet.ts";
import { replaceAll } from "./go/expand.ts";
import { findAll, goRegexp, splitBy } from "./go/regexp.ts";
import { intOperand } from "./numbers.ts";
import { templateRegexp } from "./regex-template.ts";

const replace: Builtin = ([base, pattern, value]) => {
	if (typeof base !== "string" || typeof pattern !== "string" || typeof value !== "string") return undefined;
	const regexp = goRegexp(pattern);
	return regexp === undefined ? undefined : replaceAll(regexp, base, value);
};

const find: Builtin = ([pattern, text, limit]) => {
	const most = intOperand(limit);
	if (typeof pattern !== "string" || typeof text !== "string" || most === undefined) return undefined;
	const regexp = goRegexp(pattern);
	if (regexp === undefined) return undefined;
	const found: Term[] = [];
	for (const [[start, end] = [0, 0]] of findAll(regexp, text, Number(most), false))
		found.push(text.slice(start, end));
	return arrayTerm(found);
};

function split(pattern: string, text: string): Term | undefined {
	const regexp = goRegexp(pattern);
	return regexp === undefined ? undefined : arrayTerm(splitBy(regexp, text));
}

const templateMatch: Builtin = ([template, text, open, close]) => {
	if (typeof template !== "string" || typeof text !== "string") return undefined;
	if (typeof open !== "string" || typeof close !== "string") return undefined;
	return templateRegexp(template, open, close)?.test(text);
};

export const regexBuiltins: Readonly<Record<string, Builtin>> = {
	"glob.quote_meta": ofString((text) => text.replace(/[*?\\[\]{}]/g, "\\$&")),
	"regex.find_n": find,
	"regex.globs_match": ofStrings(globsMeet),
	"regex.replace": replace,
	"regex.split": ofStrings(split),
	"regex.template_match": templateMatch,
};
