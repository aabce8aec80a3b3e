import { type AstTerm, TRUE, variable } from "./ast.ts";
import { readArray, readBraces } from "./collections.ts";
import { at, deeper, keepTerm, knownTerm, mistake, type Parser, peek, restore, scan } from "./parser.ts";
import { finishTerm, readVariable } from "./references.ts";
import { readNumber, readString } from "./scalars.ts";
import { readTemplate } from "./templates.ts";

/** A term in brackets; ends at the closing one. */
function readGroup(p: Parser): AstTerm | undefined {
	scan(p);
	const term = p.grammar.operation(p);
	if (term === undefined) return undefined;
	return at(p, ")") ? term : mistake(p);
}

/** A term without its path; ends at its last token. */
function readStart(p: Parser): AstTerm | undefined {
	switch (p.state.kind) {
		case "null":
			return { type: "null" };
		case "true":
			return TRUE;
		case "false":
			return { type: "boolean", value: false };
		case "-":
		case ".":
		case "number":
			return readNumber(p);
		case "string":
			return readString(p);
		case "template part":
		case "template end":
		case "raw template part":
		case "raw template end":
			return readTemplate(p);
		case "name":
		// But in heads of rules it is a name like any other.
		case "contains":
			return readVariable(p);
		case "[":
			return readArray(p);
		case "{":
			return readBraces(p);
		case "(":
			return readGroup(p);
		default:
			return mistake(p);
	}
}

/** `-x` is `0 - x`. */
function readNegative(p: Parser): AstTerm | undefined {
	scan(p);
	const term = finishTerm(p, readVariable(p));
	if (term === undefined) return undefined;
	const minus: AstTerm = { type: "ref", terms: [variable("minus")] };
	return { type: "call", terms: [minus, { type: "number", text: "0" }, term] };
}

function readWhole(p: Parser): AstTerm | undefined {
	// The functions `and` and `or` may be called though they are keywords.
	if (at(p, "and", "or") && peek(p, "spaces") === "(") p.state.kind = "name";
	if (at(p, "-")) {
		const next = peek(p, "no spaces");
		if (next === "name" || next === "contains") return readNegative(p);
	}
	const start = readStart(p);
	return start === undefined ? undefined : finishTerm(p, start);
}

/** One term with its path; ends behind white space. */
export function readTerm(p: Parser): AstTerm | undefined {
	return deeper(p, () => {
		const known = knownTerm(p);
		if (known !== undefined) {
			restore(p, known.after);
			return known.term;
		}
		const { start } = p.state;
		const term = readWhole(p);
		keepTerm(p, term, start);
		return term;
	});
}
