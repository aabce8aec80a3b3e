/** The exact value of a double as an integer times a power of two. */
function exact(value: number): { readonly mantissa: bigint; readonly exponent: number } {
	const view = new DataView(new ArrayBuffer(8));
	view.setFloat64(0, value);
	const bits = view.getBigUint64(0);
	const biased = Number((bits >> 52n) & 0x7ffn);
	const fraction = bits & 0xfffffffffffffn;
	return biased === 0
		? { mantissa: fraction, exponent: -1074 }
		: { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** `value` times ten to the `scale`, to the nearest integer, ties to even: JavaScript's `toFixed` rounds ties up. */
function scaled(value: number, scale: number): bigint {
	const { mantissa, exponent } = exact(value);
	const up = (mantissa * 10n ** BigInt(Math.max(scale, 0))) << BigInt(Math.max(exponent, 0));
	const down = (10n ** BigInt(Math.max(-scale, 0))) << BigInt(Math.max(-exponent, 0));
	const whole = up / down;
	const twice = (up % down) * 2n;
	return twice > down || (twice === down && whole % 2n === 1n) ? whole + 1n : whole;
}

const exponentText = (exponent: number): string =>
	`e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;

const withPoint = (digits: string, at: number): string =>
	at >= digits.length ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;

/** `%.{precision}f` of a finite magnitude. */
export function goFixed(value: number, precision: number): string {
	const digits = scaled(value, precision)
		.toString()
		.padStart(precision + 1, "0");
	return withPoint(digits, digits.length - precision);
}

/** `%.{precision}e` of a finite magnitude. */
export function goExponential(value: number, precision: number): string {
	if (value === 0) return `${withPoint("0".repeat(precision + 1), 1)}${exponentText(0)}`;
	// The shortest digits of tiny doubles may round up to the next power of ten: 9.88e-324 is `1e-323`.
	let exponent = Number(value.toExponential().split("e")[1]);
	let digits = scaled(value, precision - exponent).toString();
	if (digits.length <= precision) {
		exponent--;
		digits = scaled(value, precision - exponent).toString();
	}
	if (digits.length > precision + 1) {
		exponent++;
		digits = digits.slice(0, -1);
	}
	return `${withPoint(digits, 1)}${exponentText(exponent)}`;
}

/** `%v` and `%g` of a finite magnitude: the shortest digits that give the double back. */
export function goShortest(value: number): string {
	const [mantissa = "", power = "0"] = value.toExponential().split("e");
	const exponent = Number(power);
	const digits = mantissa.replace(".", "");
	// Go writes an exponent below 1e-4 and from 1e6 on.
	if (exponent < -4 || exponent >= 6) return `${withPoint(digits, 1)}${exponentText(exponent)}`;
	if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
	return withPoint(digits.padEnd(exponent + 1, "0"), exponent + 1);
}
