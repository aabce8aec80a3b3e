import type { MaskerOptions, Strategy } from "./types.ts";

/** How strategies treat what the field semantics leave to the place where a directive comes from. */
export interface StrategyRules {
	/** The `domain` of a `hash` that names none: nothing, or the value's normalised path. */
	readonly hashDomain: "none" | "path";
	/** `hash` of booleans gives away which of the two it was; `redact` treats them as that strategy does. */
	readonly hashBooleans: "hash" | "redact";
	/** `hash` for nobody: with an empty consumer, or as `redact`. */
	readonly hashNobody: "hash" | "redact";
	/** `partial` hides at least half of the text unless it says `min_hidden`. */
	readonly halfHidden: boolean;
}

export type ScalarKind = "string" | "number" | "boolean";

/** A strategy made ready to run. */
export interface MaskAction {
	readonly as: Strategy["as"];
	/** The JSON text that replaces a value of this kind whatever it holds; `undefined` where `apply` must see it. */
	readonly fixed: Readonly<Record<ScalarKind | "null" | "container", Uint8Array | undefined>>;
	/** The masked value for a text, or `undefined` when the raw token stays. `path` is the value's normalised path. */
	apply(kind: ScalarKind, text: string, path: string, options: MaskerOptions): string | number | undefined;
}

const REDACTED = "[redacted]";

const NULL = Buffer.from("null");
const REDACT_FIXED = {
	string: Buffer.from(`"${REDACTED}"`),
	number: Buffer.from("0"),
	boolean: Buffer.from("false"),
	null: NULL,
	container: NULL,
};

const redactScalar = (kind: ScalarKind): string | number => (kind === "number" ? 0 : REDACTED);

/** Makes a strategy ready once, so that a value costs only its own text. */
export function compileStrategy(strategy: Strategy, rules: StrategyRules): MaskAction {
	const { as } = strategy;
	const never = (): undefined => undefined;
	switch (strategy.as) {
		case "null":
			return { as, fixed: sameForAll(NULL), apply: never };
		case "constant":
			return { as, fixed: sameForAll(Buffer.from(JSON.stringify(strategy.value))), apply: never };
		case "redact":
			return { as, fixed: REDACT_FIXED, apply: never };
		case "hash": {
			const boolean = rules.hashBooleans === "redact" ? REDACT_FIXED.boolean : undefined;
			return {
				as,
				fixed: { ...REDACT_FIXED, string: undefined, number: undefined, boolean },
				apply: (kind, text, path, options) => hash(strategy, rules, kind, text, path, options),
			};
		}
		default: {
			const show = shower(strategy, rules);
			return {
				as,
				fixed: {
					...REDACT_FIXED,
					string: undefined,
					number: strategy.as === "email" || strategy.as === "year" ? REDACT_FIXED.number : undefined,
				},
				apply: (kind, text) => show(text) ?? (strategy.as === "truncate" ? undefined : redactScalar(kind)),
			};
		}
	}
}

function sameForAll(bytes: Uint8Array): MaskAction["fixed"] {
	return { string: bytes, number: bytes, boolean: bytes, null: bytes, container: bytes };
}

type Showing = Extract<Strategy, { as: "partial" | "email" | "year" | "truncate" }>;

function shower(strategy: Showing, rules: StrategyRules): (text: string) => string | undefined {
	switch (strategy.as) {
		case "partial":
			return (text) => partial(strategy, rules, text);
		case "email":
			return email;
		case "year":
			return year;
		case "truncate":
			return (text) => truncate(strategy.length, text);
	}
}

function partial(strategy: Extract<Strategy, { as: "partial" }>, rules: StrategyRules, text: string): string {
	const points = [...text];
	const { keepStart, keepEnd, char } = strategy;
	const kept = keepStart + keepEnd;
	const hidden = strategy.minHidden ?? (rules.halfHidden ? Math.ceil(points.length / 2) : 0);
	if (points.length <= kept || points.length - kept < hidden) return char.repeat(points.length);
	const end = points.length - keepEnd;
	return points.slice(0, keepStart).join("") + char.repeat(end - keepStart) + points.slice(end).join("");
}

function email(text: string): string | undefined {
	const at = text.lastIndexOf("@");
	if (at <= 0) return undefined;
	const first = String.fromCodePoint(text.codePointAt(0)!);
	return `${first}***@${text.slice(at + 1)}`;
}

function year(text: string): string | undefined {
	return /^[0-9]{4}-(?:0[1-9]|1[0-2])(?![0-9])/.test(text) ? text.slice(0, 4) : undefined;
}

function truncate(length: number, text: string): string | undefined {
	// A text has at most as many code points as UTF-16 units, so short ones need no counting.
	if (text.length <= length) return undefined;
	let units = 0;
	for (let points = 0; points < length && units < text.length; points++) {
		units += text.codePointAt(units)! > 0xffff ? 2 : 1;
	}
	return units >= text.length ? undefined : `${text.slice(0, units)}…`;
}

/** A pseudonym: equal texts of one consumer (and one domain) give equal marks, and nothing leads back. */
function hash(
	strategy: Extract<Strategy, { as: "hash" }>,
	rules: StrategyRules,
	kind: ScalarKind,
	text: string,
	path: string,
	options: MaskerOptions,
): string | number {
	const nobody = options.consumer === undefined || options.consumer === "";
	if (options.hmac === undefined || (nobody && rules.hashNobody === "redact")) return redactScalar(kind);
	const domain = strategy.domain ?? (rules.hashDomain === "path" ? path : undefined);
	const message = `${options.consumer ?? ""}\0${domain === undefined ? "" : `${domain}\0`}${text}`;
	// Buffer.from writes lone surrogates as U+FFFD.
	const mac = options.hmac(Buffer.from(message, "utf8"));
	return `hmac:${Buffer.from(mac).toString("base64url").slice(0, 22)}`;
}
