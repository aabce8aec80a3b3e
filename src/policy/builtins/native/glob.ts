import { isArray, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { globRegexp } from "../glob/regexp.ts";
import { goRegexp } from "../go/regexp.ts";

/** Single characters; the dot where the list is empty, none for null. */
function separatorsOf(term: Term | undefined): readonly string[] | undefined {
	if (term === null) return [];
	if (!isArray(term)) return undefined;
	const separators: string[] = [];
	for (const item of term.items) {
		if (typeof item !== "string" || [...item].length !== 1) return undefined;
		separators.push(item);
	}
	return separators.length === 0 ? ["."] : separators;
}

const match: Builtin = ([glob, delimiters, text]) => {
	const separators = separatorsOf(delimiters);
	if (typeof glob !== "string" || typeof text !== "string" || separators === undefined) return undefined;
	const pattern = globRegexp(glob, separators);
	return pattern === undefined ? undefined : goRegexp(pattern)?.matcher(text).matches();
};

export const nativeGlob: Readonly<Record<string, Builtin>> = { "glob.match": match };
