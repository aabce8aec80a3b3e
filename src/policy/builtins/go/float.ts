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

/** No double has more decimal digits behind its point, or in all: those that follow are zeros. */
const MOST_DIGITS = 1100;

/** `%.{precision}f` of a finite magnitude. */
export function goFixed(value: number, precision: number): string {
	const worked = Math.min(precision, MOST_DIGITS);
	const digits = scaled(value, worked)
		.toString()
		.padStart(worked + 1, "0");
	return withPoint(digits + "0".repeat(precision - worked), digits.length - worked);
}

/** `%.{precision}e` of a finite magnitude. */
export function goExponential(value: number, precision: number): string {
	if (value === 0) return `${withPoint("0".repeat(precision + 1), 1)}${exponentText(0)}`;
	if (precision > MOST_DIGITS) {
		const [mantissa = "", power = ""] = goExponential(value, MOST_DIGITS).split("e");
		return `${mantissa}${"0".repeat(precision - MOST_DIGITS)}e${power}`;
	}
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

/** `%.{precision}g` of a finite magnitude: at most so many digits, zeros at their end left away. */
export function goGeneral(value: number, precision: number): string {
	if (value === 0) return "0";
	const [mantissa = "", power = "0"] = goExponential(value, Math.max(precision, 1) - 1).split("e");
	const digits = mantissa.replace(".", "").replace(/0+$/, "");
	const exponent = Number(power);
	const point = exponent + 1;
	let most = Math.max(precision, 1);
	if (most > digits.length && digits.length >= point) most = digits.length;
	if (exponent < -4 || exponent >= most) return `${withPoint(digits, 1)}${exponentText(exponent)}`;
	if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
	return withPoint(digits.padEnd(point, "0"), point);
}

/** `%b` of a finite magnitude: its mantissa in decimal digits, and the power of two. */
export function goBinary(value: number): string {
	const { mantissa, exponent } = exact(value);
	return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

/** Bits of a hexadecimal mantissa behind its first digit. */
const FRACTION_BITS = 60n;

/** `%x` of a finite magnitude: hexadecimal digits behind a one, all that there are unless a precision is given. */
export function goHexadecimal(value: number, precision: number | undefined): string {
	const parts = exact(value);
	let { mantissa } = parts;
	let exponent = mantissa === 0n ? 0 : parts.exponent + 52;
	mantissa <<= FRACTION_BITS - 52n;
	while (mantissa !== 0n && mantissa >> FRACTION_BITS === 0n) {
		mantissa <<= 1n;
		exponent--;
	}
	if (precision !== undefined && precision < 15) {
		const dropped = FRACTION_BITS - BigInt(precision) * 4n;
		const rest = mantissa & ((1n << dropped) - 1n);
		mantissa >>= dropped;
		const half = 1n << (dropped - 1n);
		if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++;
		mantissa <<= dropped;
		if (mantissa >> (FRACTION_BITS + 1n) !== 0n) {
			mantissa >>= 1n;
			exponent++;
		}
	}
	const all = (mantissa & ((1n << FRACTION_BITS) - 1n)).toString(16).padStart(15, "0");
	const fraction =
		precision === undefined ? all.replace(/0+$/, "") : all.slice(0, precision).padEnd(precision, "0");
	const power = `p${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
	return `0x${mantissa >> FRACTION_BITS}${fraction === "" ? "" : `.${fraction}`}${power}`;
}
