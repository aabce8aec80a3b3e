import { compareTerms, sortTerms } from "../../term/compare.ts";
import { isArray, isNumber, isSet, numberTerm, setTerm, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import {
	add,
	type BigFloat,
	divide,
	fromInteger,
	fromText,
	multiply,
	negate,
	truncate,
} from "../go/big-float.ts";
import { numberText } from "../go/big-float-text.ts";
import { bigIntOperand } from "../numbers.ts";

const ofFloat = (value: BigFloat): Term => numberTerm(numberText(value));

const floatOf = (term: Term): BigFloat | undefined => (isNumber(term) ? fromText(term.text) : undefined);

/** One operation on two numbers: exact on integers, in 64 bits of mantissa on anything else. */
interface Operation {
	readonly exact?: (x: bigint, y: bigint) => bigint | undefined;
	readonly float?: (x: BigFloat, y: BigFloat) => BigFloat | undefined;
}

function compute({ exact, float }: Operation, first: Term, second: Term): Term | undefined {
	if (exact !== undefined) {
		const x = bigIntOperand(first);
		const y = bigIntOperand(second);
		if (x !== undefined && y !== undefined) {
			const result = exact(x, y);
			return result === undefined ? undefined : numberTerm(result);
		}
	}
	const x = floatOf(first);
	const y = floatOf(second);
	if (float === undefined || x === undefined || y === undefined) return undefined;
	const result = float(x, y);
	return result === undefined ? undefined : ofFloat(result);
}

const binary =
	(operation: Operation): Builtin =>
	([first, second]) =>
		isNumber(first) && isNumber(second) ? compute(operation, first, second) : undefined;

const MINUS: Operation = { exact: (x, y) => x - y, float: (x, y) => add(x, negate(y)) };

/** Subtraction, of sets too. */
const minus: Builtin = ([first, second]) => {
	if (isNumber(first) && isNumber(second)) return compute(MINUS, first, second);
	if (!isSet(first) || !isSet(second)) return undefined;
	return setTerm(
		first.items.filter((item) => !second.items.some((other) => compareTerms(item, other) === 0)),
	);
};

const unary =
	(float: (x: BigFloat) => BigFloat): Builtin =>
	([number]) => {
		const x = number === undefined ? undefined : floatOf(number);
		return x === undefined ? undefined : ofFloat(float(x));
	};

const HALF: BigFloat = { negative: false, mantissa: 1n, exponent: -1, precision: 53 };
const ONE: BigFloat = { negative: false, mantissa: 1n, exponent: 0, precision: 53 };

/** Half away from zero. */
const round = (x: BigFloat): BigFloat => fromInteger(truncate(add(x, x.negative ? negate(HALF) : HALF)));

/** OPA takes the sign from the integer part, so that between −1 and 0 the result is 0 either way. */
function toward(direction: "up" | "down", x: BigFloat): BigFloat {
	const whole = fromInteger(truncate(x));
	const exact = add(x, negate(whole)).mantissa === 0n;
	if (exact || whole.negative === (direction === "up")) return whole;
	return add(whole, direction === "up" ? ONE : negate(ONE));
}

function members(term: Term | undefined): readonly Term[] | undefined {
	if (isArray(term)) return term.items;
	return isSet(term) ? sortTerms(term.items) : undefined;
}

/** Sum or product: exact over integers alone, else in floating point from `start` on, in OPA's order. */
const fold =
	(
		empty: bigint,
		exact: (x: bigint, y: bigint) => bigint,
		start: BigFloat,
		float: (x: BigFloat, y: BigFloat) => BigFloat,
	): Builtin =>
	([collection]) => {
		const items = members(collection);
		if (items === undefined) return undefined;
		const integers = items.map(bigIntOperand);
		if (integers.every((x) => x !== undefined)) return numberTerm(integers.reduce(exact, empty));
		let result = start;
		for (const item of items) {
			const x = floatOf(item);
			if (x === undefined) return undefined;
			result = float(result, x);
		}
		return ofFloat(result);
	};

const ZERO: BigFloat = { negative: false, mantissa: 0n, exponent: 0, precision: 0 };

export const nativeArithmetic: Readonly<Record<string, Builtin>> = {
	plus: binary({ exact: (x, y) => x + y, float: add }),
	minus,
	mul: binary({ exact: (x, y) => x * y, float: (x, y) => multiply(x, y) }),
	div: binary({ float: (x, y) => (y.mantissa === 0n ? undefined : divide(x, y)) }),
	rem: binary({ exact: (x, y) => (y === 0n ? undefined : x % y) }),
	abs: unary((x) => ({ ...x, negative: false })),
	round: unary(round),
	ceil: unary((x) => toward("up", x)),
	floor: unary((x) => toward("down", x)),
	sum: fold(0n, (x, y) => x + y, ZERO, add),
	// OPA starts its product from a float of 53 bits, and a product keeps the precision of where it goes.
	product: fold(
		1n,
		(x, y) => x * y,
		ONE,
		(x, y) => multiply(x, y, ONE.precision),
	),
};
