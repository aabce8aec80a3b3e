import { termFromJson } from "../../term/from-json.ts";
import { isNumber, type Term } from "../../term/term.ts";
import { fromText } from "./big-float.ts";

/** Numbers of an exponent that could be out of OPA's range. */
const EXPONENT = /[eE][+-]?\d{4,}$/;

function inRange(term: Term): boolean {
	if (typeof term !== "object" || term === null) return true;
	if (isNumber(term)) return !EXPONENT.test(term.text) || fromText(term.text) !== undefined;
	if (term.kind === "object") return term.entries.every(([, value]) => inRange(value));
	return term.items.every(inRange);
}

/** A JSON text as OPA takes it in: `undefined` for one that is none, and for numbers beyond OPA's range. */
export function parseGoJson(text: string): Term | undefined {
	const term = termFromJson(text);
	return term !== undefined && inRange(term) ? term : undefined;
}
