import { MAX_INT64, MIN_INT64 } from "../../go/int64.ts";
import { KIND, type Value } from "../ast.ts";
import { type Budget, MAX_DEPTH, overLimit } from "../limits.ts";
import { unusable } from "../unusable.ts";

const INTEGER = /^[+-]?0*(\d{1,19})$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NO_NUMBER = /^[+-]?(?:inf|infinity|nan)$/i;
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/** What Go's `strconv.ParseInt` takes. */
function isInt64(raw: string): boolean {
	if (!INTEGER.test(raw)) return false;
	const value = BigInt(raw.replace(/^\+/, ""));
	return value >= MIN_INT64 && value <= MAX_INT64;
}

/** What Go's `strconv.ParseFloat` takes, hexadecimal digits left out. */
const isFloat64 = (raw: string): boolean =>
	NO_NUMBER.test(raw) || (FLOAT.test(raw) && Number.isFinite(Number(raw)));

/** Deeper than any value that was written; a variable's default may be a variable in a policy's own tree. */
const MAX_CHAIN = 4 * MAX_DEPTH;

/** Whether gqlparser can make a Go value of a literal, all that it holds included: whole numbers of 64 bits, doubles. */
export function isReadable(value: Value, work: Budget, depth = 0): boolean {
	work.spend(1);
	if (depth > MAX_CHAIN) throw overLimit("variables that are one another's defaults");
	switch (value.kind) {
		case KIND.int:
			return isInt64(value.raw);
		case KIND.float:
			return isFloat64(value.raw);
		case KIND.boolean:
			return BOOLEAN.test(value.raw);
		case KIND.list:
		case KIND.object:
			return value.children.every((child) => isReadable(child.value, work, depth + 1));
		case KIND.variable: {
			const byDefault = value.variableDefinition?.defaultValue;
			return byDefault === undefined || isReadable(byDefault, work, depth + 1);
		}
		case KIND.string:
		case KIND.block:
		case KIND.enum:
		case KIND.null:
			return true;
		default:
			throw unusable("a value of no kind");
	}
}
