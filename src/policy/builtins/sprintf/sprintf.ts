import { isArray, isNumber, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { regoText } from "../rego-text.ts";
import { type Directive, PLAIN } from "./directive.ts";
import { formatFloat } from "./floats.ts";
import { type FormatHost, formatText as format } from "./format.ts";
import { formatBig, formatInt64 } from "./integers.ts";
import { formatText, quote } from "./texts.ts";

/** What OPA hands to Go's `fmt.Sprintf`: containers, booleans and null go as their text. */
type Argument =
	| { readonly type: "int64" | "*big.Int"; readonly value: bigint }
	| { readonly type: "float64"; readonly value: number }
	| { readonly type: "string"; readonly value: string };

function argument(term: Term): Argument {
	if (typeof term === "string") return { type: "string", value: term };
	if (!isNumber(term)) return { type: "string", value: regoText(term) };
	if (!/^-?\d+$/.test(term.text)) {
		const value = Number(term.text);
		return Number.isFinite(value) ? { type: "float64", value } : { type: "string", value: term.text };
	}
	const value = BigInt(term.text);
	return { type: BigInt.asIntN(64, value) === value ? "int64" : "*big.Int", value };
}

/** `#` and `+` mean something else with `%v`: Go's syntax and field names, which change texts and big integers alone. */
function ofValue(arg: Argument, directive: Directive): string {
	const bare = { ...directive, sharp: false, plus: false };
	if (arg.type === "string")
		return directive.sharp ? quote(arg.value, bare) : String(formatText(arg.value, bare));
	if (arg.type === "float64") return String(formatFloat(arg.value, bare));
	if (arg.type === "int64") return String(formatInt64(arg.value, bare));
	return String(formatBig(arg.value, directive));
}

function ofVerb(arg: Argument, directive: Directive): string | undefined {
	if (arg.type === "string") return formatText(arg.value, directive);
	if (arg.type === "float64") return formatFloat(arg.value, directive);
	return arg.type === "int64" ? formatInt64(arg.value, directive) : formatBig(arg.value, directive);
}

function show(arg: Argument, directive: Directive): string {
	const { verb } = directive;
	if (verb === "T") return String(formatText(arg.type, { ...directive, verb: "s" }));
	if (verb === "v") return ofValue(arg, directive);
	if (arg.type === "*big.Int" && (verb === "p" || verb === "w")) {
		// Go shows an address of its memory, or the number's inside: no text that a policy could mean.
		throw new Error(`sprintf: %${verb} of a large integer is not supported`);
	}
	// A verb that the type has not: Go shows the value by %v, under the directive's own flags; a big integer without.
	const text = ofVerb(arg, directive);
	if (text !== undefined) return text;
	if (arg.type === "*big.Int") return `%!${verb}(big.Int=${arg.value})`;
	const value =
		arg.type === "string"
			? formatText(arg.value, { ...directive, verb: "v" })
			: ofVerb(arg, { ...directive, verb: "v" });
	return `%!${verb}(${arg.type}=${value})`;
}

const HOST: FormatHost<Argument> = {
	count: (arg) => (arg.type === "int64" ? Number(arg.value) : undefined),
	show,
	extra: (unused) => `%!(EXTRA ${unused.map((arg) => `${arg.type}=${ofValue(arg, PLAIN)}`).join(", ")})`,
};

export const sprintfBuiltins: Readonly<Record<string, Builtin>> = {
	/** Go's `fmt.Sprintf` over the array's elements. */
	sprintf: ([text, values]) => {
		if (typeof text !== "string" || !isArray(values)) return undefined;
		return format(text, values.items.map(argument), HOST);
	},
};
