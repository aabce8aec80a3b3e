import { MAX_INT64 } from "../go/int64.ts";

const UNITS: ReadonlyMap<string, bigint> = new Map([
	["ns", 1n],
	["us", 1_000n],
	// The micro sign and the Greek letter.
	["\u00b5s", 1_000n],
	["\u03bcs", 1_000n],
	["ms", 1_000_000n],
	["s", 1_000_000_000n],
	["m", 60_000_000_000n],
	["h", 3_600_000_000_000n],
]);

/** Units that OPA adds to Go's, in hours. */
const LONG_UNITS: ReadonlyMap<string, number> = new Map([
	["d", 24],
	["w", 7 * 24],
	["y", 365 * 24],
]);

const LIMIT = MAX_INT64 + 1n;

/** A fraction's digits as a whole number and the power of ten to divide it by; no more digits than fit 63 bits. */
function leadingFraction(digits: string): { readonly value: bigint; readonly scale: number } {
	let value = 0n;
	let scale = 1;
	for (const digit of digits) {
		if (value > MAX_INT64 / 10n) break;
		const longer = value * 10n + BigInt(digit);
		if (longer > LIMIT) break;
		value = longer;
		scale *= 10;
	}
	return { value, scale };
}

const SEGMENT = /(\d*)(?:(\.)(\d*))?([^.\d]+)/y;
/** More digits than any number of 64 bits has. */
const MAX_DIGITS = 64;

/** Nanoseconds of one segment, such as `1.5h`. */
function segment(whole: string, fraction: string, unit: bigint): bigint | undefined {
	const digits = whole.replace(/^0+/, "");
	if (digits.length > MAX_DIGITS) return undefined;
	const value = BigInt(digits === "" ? "0" : digits);
	if (value > LIMIT / unit) return undefined;
	const part = leadingFraction(fraction);
	// Go counts the fraction in doubles, too.
	return value * unit + BigInt(Math.trunc(Number(part.value) * (Number(unit) / part.scale)));
}

/** Go's `time.ParseDuration`. */
function goDuration(text: string): bigint | undefined {
	const negative = text.startsWith("-");
	const rest = negative || text.startsWith("+") ? text.slice(1) : text;
	if (rest === "0") return 0n;
	if (rest === "") return undefined;
	let sum = 0n;
	let at = 0;
	while (at < rest.length) {
		SEGMENT.lastIndex = at;
		const match = SEGMENT.exec(rest);
		if (match === null) return undefined;
		const [all, whole = "", , fraction = "", name = ""] = match;
		const unit = UNITS.get(name);
		if (unit === undefined || whole + fraction === "") return undefined;
		const value = segment(whole, fraction, unit);
		if (value === undefined || value > LIMIT) return undefined;
		sum += value;
		if (sum > LIMIT) return undefined;
		at += all.length;
	}
	if (negative) return -sum;
	return sum > MAX_INT64 ? undefined : sum;
}

const LONG_SEGMENT = /([\d.]+)(ms|us|\u00b5s|ns|[a-z])/y;
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)$/;

/** A double in plain digits, without an exponent. */
function plain(value: number): string {
	const [mantissa = "", exponent = "0"] = String(value).split("e");
	const power = Number(exponent);
	if (power === 0) return mantissa;
	// So large a number of hours is refused whatever its digits are.
	if (power > 0) return "9".repeat(MAX_DIGITS);
	return `0.${"0".repeat(-power - 1)}${mantissa.replace(".", "")}`;
}

/** Days, weeks and years as hours; `undefined` for what is no duration. */
function withoutLongUnits(text: string): string | undefined {
	const sign = /^[-+]/.exec(text)?.[0] ?? "";
	let rewritten = sign;
	let at = sign.length;
	if (at === text.length) return undefined;
	while (at < text.length) {
		LONG_SEGMENT.lastIndex = at;
		const match = LONG_SEGMENT.exec(text);
		if (match === null) return undefined;
		const [all, digits = "", unit = ""] = match;
		const hours = LONG_UNITS.get(unit);
		if (hours === undefined) rewritten += all;
		else {
			if (!DECIMAL.test(digits) || !Number.isFinite(Number(digits))) return undefined;
			rewritten += `${plain(Number(digits) * hours)}h`;
		}
		at += all.length;
	}
	return rewritten;
}

/**
 * Nanoseconds of a duration in Go's notation, with OPA's `d`, `w` and `y` beside Go's units. `undefined` for any
 * other text and for what 64 bits cannot hold.
 */
export function parseDuration(text: string): bigint | undefined {
	if (!/[dwy]/.test(text)) return goDuration(text);
	const rewritten = withoutLongUnits(text);
	return rewritten === undefined ? undefined : goDuration(rewritten);
}
