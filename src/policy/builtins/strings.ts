import { arrayTerm, isArray, isSet, numberTerm, type Term } from "../term/term.ts";
import { MAX_ITEMS, tooLarge } from "./bounds.ts";
import { type Builtin, ofStrings } from "./builtin.ts";
import { intOperand } from "./numbers.ts";

/** A string, or an array or set of nothing but strings. */
export function stringsOf(term: Term | undefined): readonly string[] | undefined {
	if (typeof term === "string") return [term];
	if (!isArray(term) && !isSet(term)) return undefined;
	return term.items.every((item) => typeof item === "string") ? term.items : undefined;
}

function anyMatch(test: (text: string, part: string) => boolean): Builtin {
	return ([search, base]) => {
		const texts = stringsOf(search);
		const parts = stringsOf(base);
		if (texts === undefined || parts === undefined) return undefined;
		return texts.some((text) => parts.some((part) => test(text, part)));
	};
}

/** Occurrences that do not overlap; of the empty string one more than code points. */
function count(text: string, part: string): Term {
	if (part === "") return numberTerm([...text].length + 1);
	return numberTerm(text.split(part).length - 1);
}

/** Where `part` starts, overlaps included, counted in code points. */
function indexes(text: string, part: string): Term | undefined {
	if (part === "") return undefined;
	const found: Term[] = [];
	let units = 0;
	let points = 0;
	for (const point of text) {
		if (text.startsWith(part, units)) found.push(numberTerm(points));
		units += point.length;
		points++;
	}
	return arrayTerm(found);
}

/** The first parts of a text, or with a negative number the last ones. */
const splitN: Builtin = ([text, delimiter, limit]) => {
	const wanted = intOperand(limit);
	if (typeof text !== "string" || typeof delimiter !== "string" || wanted === undefined) return undefined;
	const all = delimiter === "" ? [...text] : text.split(delimiter);
	const count = Number(wanted);
	const parts = count < 0 ? all.slice(Math.max(all.length + count, 0)) : all.slice(0, count);
	if (parts.length > MAX_ITEMS) throw tooLarge("strings.split_n");
	return arrayTerm(parts);
};

export const stringBuiltins: Readonly<Record<string, Builtin>> = {
	"strings.any_prefix_match": anyMatch((text, part) => text.startsWith(part)),
	"strings.any_suffix_match": anyMatch((text, part) => text.endsWith(part)),
	"strings.count": ofStrings(count),
	"strings.split_n": splitN,
	indexof_n: ofStrings(indexes),
};
