const WORDS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
	...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
	...["true", "True", "TRUE"].map((word) => [word, true] as const),
	...["false", "False", "FALSE"].map((word) => [word, false] as const),
	...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
	...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map(
		(word) => [word, Number.POSITIVE_INFINITY] as const,
	),
	...["-.inf", "-.Inf", "-.INF"].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

const INTEGERS: readonly (readonly [form: RegExp, prefix: string])[] = [
	[/^([-+]?)0[xX]([0-9a-fA-F]+)$/, "0x"],
	[/^([-+]?)0[bB]([01]+)$/, "0b"],
	[/^([-+]?)0[oO]?([0-7]+)$/, "0o"],
	[/^([-+]?)(0|[1-9][0-9]*)$/, ""],
];

const MIN_INT64 = -(1n << 63n);
const MAX_UINT64 = (1n << 64n) - 1n;

/** A plain scalar as go-yaml resolves it; floats as doubles, integers of 64 bits exactly. */
export type Scalar = null | boolean | bigint | number | string;

function integerOf(text: string): bigint | undefined {
	for (const [form, prefix] of INTEGERS) {
		const match = form.exec(text);
		if (match === null) continue;
		const magnitude = BigInt(prefix + (match[2] ?? ""));
		const value = match[1] === "-" ? -magnitude : magnitude;
		// Only what has no sign may use the 64th bit.
		const most = match[1] === "" ? MAX_UINT64 : MAX_UINT64 >> 1n;
		return value >= MIN_INT64 && value <= most ? value : undefined;
	}
	return undefined;
}

/** The value of a plain scalar: YAML 1.2 with the octal of 1.1; what YAML 1.1 took for booleans is text. */
export function resolvePlain(text: string): Scalar {
	const word = WORDS.get(text);
	if (word !== undefined) return word;
	if (!/^[-+.0-9]/.test(text)) return text;
	const plain = text.startsWith(".") ? text : text.replaceAll("_", "");
	const integer = integerOf(plain);
	if (integer !== undefined) return integer;
	if (!FLOAT.test(plain)) return text;
	const value = Number(plain);
	return Number.isFinite(value) ? value : text;
}
