const LITERAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

interface Decimal {
	readonly negative: boolean;
	/** Significant digits without zeros at either end; empty for zero. */
	readonly digits: string;
	/** The value is 0.DIGITS times ten to this power. */
	readonly point: number;
}

function decimal(text: string): Decimal {
	const match = LITERAL.exec(text);
	if (match === null) throw new RangeError("not a number literal");
	const whole = match[2] ?? "";
	const all = whole + (match[3] ?? "");
	const leading = /^0*/.exec(all)?.[0].length ?? 0;
	let end = all.length;
	while (end > leading && all.charCodeAt(end - 1) === 0x30) end--;
	const digits = all.slice(leading, end);
	if (digits === "") return { negative: false, digits, point: 0 };
	return { negative: match[1] === "-", digits, point: whole.length - leading + Number(match[4] ?? 0) };
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
	if (a.digits === "" || b.digits === "") return (a.digits === "" ? 0 : 1) - (b.digits === "" ? 0 : 1);
	if (a.point !== b.point) return a.point < b.point ? -1 : 1;
	// Both start at the same decimal place, so the digits compare as text.
	if (a.digits === b.digits) return 0;
	return a.digits < b.digits ? -1 : 1;
}

/** Compares two JSON number literals by their exact value: −1, 0 or 1. `1`, `1.0` and `1e0` are equal. */
export function compareNumbers(a: string, b: string): number {
	if (a === b) return 0;
	// Rounding to a double keeps order, so only equal doubles need the exact comparison.
	const x = Number(a);
	const y = Number(b);
	if (x < y) return -1;
	if (x > y) return 1;
	const left = decimal(a);
	const right = decimal(b);
	if (left.negative !== right.negative) return left.negative ? -1 : 1;
	return left.negative ? compareMagnitudes(right, left) : compareMagnitudes(left, right);
}
