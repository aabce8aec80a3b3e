import { isArray, isNumber, type Term } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";
import { goExponential, goFixed, goShortest } from "./go/float.ts";
import { goQuote } from "./go/quote.ts";
import { regoText } from "./rego-text.ts";

/** What OPA hands to Go's `fmt.Sprintf`: containers, booleans and null go as their text. */
type Argument =
	| { readonly type: "int64" | "*big.Int"; readonly value: bigint }
	| { readonly type: "float64"; readonly value: number }
	| { readonly type: "string"; readonly value: string };

interface Directive {
	readonly flags: ReadonlySet<string>;
	readonly width: number;
	readonly precision: number | undefined;
	readonly verb: string;
}

/** Widest field and longest precision; a caller may have chosen them, and each digit is worked out. */
const MAX_COUNT = 4096;
const DIRECTIVE = /^%([#0+\- ]*)(\d*)(?:\.(?=.)(\d*))?(.?)/su;
const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, s: 10, b: 2, o: 8, x: 16, X: 16 };

/** Go can format it and this host cannot: an error of its own, for a wrong text could grant what the right would not. */
const unsupported = (what: string): Error => new Error(`sprintf: ${what} is not supported`);

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

function pad(text: string, { flags, width }: Directive): string {
	const missing = width - [...text].length;
	if (missing <= 0) return text;
	if (flags.has("-")) return text + " ".repeat(missing);
	return (flags.has("0") ? "0" : " ").repeat(missing) + text;
}

const withoutZero = (directive: Directive): Directive => ({
	...directive,
	flags: new Set([...directive.flags].filter((flag) => flag !== "0")),
});

const signOf = (negative: boolean, flags: ReadonlySet<string>): string =>
	negative ? "-" : flags.has("+") ? "+" : flags.has(" ") ? " " : "";

function formatInteger(value: bigint, directive: Directive): string {
	const { flags, width, precision, verb } = directive;
	if (flags.has("#")) throw unsupported("the flag #");
	if (precision === 0 && value === 0n) return " ".repeat(width);
	const sign = signOf(value < 0n, flags);
	let digits = (value < 0n ? -value : value).toString(RADIX[verb] ?? 10);
	if (verb === "X") digits = digits.toUpperCase();
	let least = precision ?? 0;
	if (precision === undefined && flags.has("0") && !flags.has("-")) least = width - sign.length;
	return pad(sign + digits.padStart(least, "0"), withoutZero(directive));
}

function formatFloat(value: number, directive: Directive): string {
	const { flags, width, precision, verb } = directive;
	if (flags.has("#")) throw unsupported("the flag #");
	const magnitude = Math.abs(value);
	let text: string;
	if (verb === "f" || verb === "F") text = goFixed(magnitude, precision ?? 6);
	else if (verb === "e") text = goExponential(magnitude, precision ?? 6);
	else if (precision === undefined) text = goShortest(magnitude);
	else throw unsupported(`a precision with %${verb}`);
	const sign = signOf(value < 0 || Object.is(value, -0), flags);
	if (flags.has("0") && !flags.has("-")) return sign + text.padStart(width - sign.length, "0");
	return pad(sign + text, directive);
}

function formatString(value: string, directive: Directive): string {
	const { flags, precision, verb } = directive;
	if (flags.has("#") || (verb !== "s" && verb !== "v" && (flags.has(" ") || flags.has("+")))) {
		throw unsupported(`a flag with %${verb}`);
	}
	if (verb === "x" || verb === "X") {
		const bytes = Buffer.from(value, "utf8").subarray(0, precision);
		const hex = bytes.toString("hex");
		return pad(verb === "X" ? hex.toUpperCase() : hex, directive);
	}
	const cut = precision === undefined ? value : [...value].slice(0, precision).join("");
	return pad(verb === "q" ? goQuote(cut) : cut, directive);
}

const PLAIN: Directive = { flags: new Set(), width: 0, precision: undefined, verb: "v" };

function plain(arg: Argument): string {
	if (arg.type === "string") return arg.value;
	return arg.type === "float64" ? formatFloat(arg.value, PLAIN) : formatInteger(arg.value, PLAIN);
}

/** Verbs that Go has for a type; those here but not in `DONE` are refused rather than guessed. */
const KNOWN = {
	int64: "vdboxXOcqU",
	"*big.Int": "vdsboxXO",
	float64: "vbgGxXfFeE",
	string: "vsxXq",
} as const;
const DONE = { int64: "vdboxXc", "*big.Int": "vdsboxX", float64: "vgfFe", string: "vsxXq" } as const;

function format(arg: Argument, directive: Directive): string {
	const { verb } = directive;
	if (verb === "T") return pad(arg.type, directive);
	if (verb === "p" || verb === "w") throw unsupported(`%${verb}`);
	if (!KNOWN[arg.type].includes(verb)) {
		// The value is shown by %v, under the directive's own flags.
		return `%!${verb}(${arg.type.replace("*", "")}=${format(arg, { ...directive, verb: "v" })})`;
	}
	if (!DONE[arg.type].includes(verb)) throw unsupported(`%${verb} of ${arg.type}`);
	if (arg.type === "string") return formatString(arg.value, directive);
	if (arg.type === "float64") return formatFloat(arg.value, directive);
	if (verb !== "c") return formatInteger(arg.value, directive);
	const valid = arg.value >= 0n && arg.value <= 0x10ffffn && !(arg.value >= 0xd800n && arg.value <= 0xdfffn);
	return pad(valid ? String.fromCodePoint(Number(arg.value)) : "\ufffd", directive);
}

/** `%+v` asks for field names, which no value here has; big integers alone take it for a sign. */
function forValue(arg: Argument, directive: Directive): Directive {
	if (directive.verb !== "v" || arg.type === "*big.Int") return directive;
	return { ...directive, flags: new Set([...directive.flags].filter((flag) => flag !== "+")) };
}

function readDirective(match: RegExpExecArray): Directive {
	const [, flags = "", width = "", precision, verb = ""] = match;
	const directive = {
		flags: new Set(flags),
		width: Number(width),
		precision: precision === undefined ? undefined : Number(precision),
		verb,
	};
	if (verb === "*" || verb === "[") throw unsupported(`%${verb}`);
	if (directive.width > MAX_COUNT || (directive.precision ?? 0) > MAX_COUNT)
		throw unsupported("such a width");
	return directive;
}

/** Go's `fmt.Sprintf` as far as policies use it; what is left out throws. */
function sprintf(text: string, args: readonly Argument[]): string {
	let out = "";
	let next = 0;
	let at = 0;
	for (let percent = text.indexOf("%"); percent >= 0; percent = text.indexOf("%", at)) {
		out += text.slice(at, percent);
		const match = DIRECTIVE.exec(text.slice(percent)) as RegExpExecArray;
		at = percent + match[0].length;
		const directive = readDirective(match);
		if (directive.verb === "") out += "%!(NOVERB)";
		else if (directive.verb === "%") out += "%";
		else {
			const arg = args[next++];
			out += arg === undefined ? `%!${directive.verb}(MISSING)` : format(arg, forValue(arg, directive));
		}
	}
	out += text.slice(at);
	const extra = args.slice(next);
	if (extra.length === 0) return out;
	return `${out}%!(EXTRA ${extra.map((arg) => `${arg.type}=${plain(arg)}`).join(", ")})`;
}

export const sprintfBuiltins: Readonly<Record<string, Builtin>> = {
	sprintf: ([text, values]) => {
		if (typeof text !== "string" || !isArray(values)) return undefined;
		return sprintf(text, values.items.map(argument));
	},
};
