import { type BigFloat, bitLength, isInteger } from "./big-float.ts";

/** A magnitude in decimal: 0.DIGITS times ten to `point`, without zeros at the end. */
interface Digits {
	readonly digits: string;
	readonly point: number;
}

function exactDigits(mantissa: bigint, exponent: number): Digits {
	const digits =
		exponent >= 0
			? (mantissa << BigInt(exponent)).toString()
			: (mantissa * 5n ** BigInt(-exponent)).toString();
	const point = digits.length - (exponent < 0 ? -exponent : 0);
	return { digits: digits.replace(/0+$/, ""), point };
}

const incremented = ({ digits, point }: Digits, length: number): Digits => {
	const up = (BigInt(digits.slice(0, length) || "0") + 1n).toString();
	const carry = up.length > length ? 1 : 0;
	return { digits: up.replace(/0+$/, ""), point: point + carry };
};

const cut = ({ digits, point }: Digits, length: number): Digits => ({
	digits: digits.slice(0, length).replace(/0+$/, ""),
	point,
});

/** To the nearest, ties to even. */
function nearest(decimal: Digits, length: number): Digits {
	const { digits } = decimal;
	if (length >= digits.length) return decimal;
	const tie = digits[length] === "5" && length + 1 === digits.length;
	const odd = length > 0 && Number(digits[length - 1]) % 2 === 1;
	const up = tie ? odd : (digits[length] as string) >= "5";
	return up ? incremented(decimal, length) : cut(decimal, length);
}

/** The fewest digits that lie nearer to the value than to any neighbour of its precision; Go's `roundShortest`. */
function shortest({ mantissa, exponent, precision }: BigFloat): Digits {
	const exact = exactDigits(mantissa, exponent);
	// One bit more than the precision, so that the last stands for half a unit.
	const shift = bitLength(mantissa) - (precision + 1);
	const wide = shift <= 0 ? mantissa << BigInt(-shift) : mantissa >> BigInt(shift);
	const lower = exactDigits(wide - 1n, exponent + shift);
	const upper = exactDigits(wide + 1n, exponent + shift);
	const inclusive = (wide & 2n) === 0n;
	const digit = (decimal: Digits, at: number): number => Number(decimal.digits[at] ?? 0);
	for (let i = 0; i < exact.digits.length; i++) {
		const here = digit(exact, i);
		const low = digit(lower, i);
		const high = digit(upper, i);
		const down = low !== here || (inclusive && i + 1 === lower.digits.length);
		const up = here !== high && (inclusive || here + 1 < high || i + 1 < upper.digits.length);
		if (down && up) return nearest(exact, i + 1);
		if (down) return cut(exact, i + 1);
		if (up) return incremented(exact, i + 1);
	}
	return exact;
}

/** From here on, and below -4, Go writes a fraction with an exponent. */
const EXPONENT_FORM = 6;

function generalForm({ digits, point }: Digits): string {
	const exponent = point - 1;
	if (exponent < -4 || exponent >= EXPONENT_FORM) {
		const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
		const power = String(Math.abs(exponent)).padStart(2, "0");
		return `${digits[0]}${rest}e${exponent < 0 ? "-" : "+"}${power}`;
	}
	if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
	if (digits.length <= point) return digits.padEnd(point, "0");
	return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Go's `%g` in the fewest digits that give the value back. */
export function generalText(value: BigFloat): string {
	const sign = value.negative ? "-" : "";
	return sign + (value.mantissa === 0n ? "0" : generalForm(shortest(value)));
}

/**
 * The number as OPA writes what it computed: Go's `%f` for integers, else `%g`, in the fewest digits that give the
 * value back.
 */
export function numberText(value: BigFloat): string {
	if (value.mantissa === 0n || !isInteger(value)) return generalText(value);
	const { digits, point } = shortest(value);
	return (value.negative ? "-" : "") + digits.padEnd(point, "0");
}
