import { isJsonNumber, type Json } from "./document.ts";
import { HYBRID } from "./draft.ts";
import { type Bound, bound } from "./rational.ts";
import type { Keyword, Reading } from "./reading.ts";
import { invalidType, mustBeOfA, SchemaError } from "./schema-error.ts";

function readBound({ effort }: Reading, value: Json): Bound | undefined {
	if (!isJsonNumber(value)) return undefined;
	effort.read(value.text.length);
	return bound(value.text);
}

const multipleOf: Keyword = (reading) => {
	const value = reading.members.get("multipleOf");
	if (value === undefined) return;
	const divisor = readBound(reading, value);
	if (divisor === undefined) throw invalidType("Number", "multipleOf");
	if (/^-|^[0.]+(?:[eE]|$)/.test(divisor.literal)) {
		throw new SchemaError("multipleOf must be strictly greater than 0");
	}
	reading.schema.multipleOf = divisor;
};

interface Limit {
	readonly key: "minimum" | "maximum";
	readonly exclusive: "exclusiveMinimum" | "exclusiveMaximum";
}

const MINIMUM: Limit = { key: "minimum", exclusive: "exclusiveMinimum" };
const MAXIMUM: Limit = { key: "maximum", exclusive: "exclusiveMaximum" };

/** Draft 4: a flag that makes the other limit an exclusive one. */
function exclude({ schema }: Reading, { key, exclusive }: Limit, flag: boolean): void {
	const limit = schema[key];
	if (limit === undefined) throw new SchemaError(`${exclusive} cannot be used without ${key}`);
	if (!flag) return;
	schema[exclusive] = limit;
	delete schema[key];
}

/** From draft 6 on: a limit of its own, which counts for nothing where Go cannot calculate with it. */
function setExclusive(reading: Reading, { exclusive }: Limit, value: Json): void {
	const limit = readBound(reading, value);
	if (limit !== undefined) reading.schema[exclusive] = limit;
}

const limit =
	(which: Limit): Keyword =>
	(reading) => {
		const { members, draft, schema } = reading;
		const value = members.get(which.key);
		if (value !== undefined) {
			const read = readBound(reading, value);
			if (read === undefined) throw mustBeOfA(which.key, "Number");
			schema[which.key] = read;
		}
		const exclusive = members.get(which.exclusive);
		if (exclusive === undefined) return;
		const flag = typeof exclusive === "boolean" && (draft === 4 || draft === HYBRID);
		if (flag) exclude(reading, which, exclusive);
		else if (isJsonNumber(exclusive) && draft !== 4) setExclusive(reading, which, exclusive);
		else {
			const wanted = draft === 4 ? "boolean" : draft === HYBRID ? "boolean/number" : "number";
			throw invalidType(wanted, which.exclusive);
		}
	};

export const NUMBER_KEYWORDS: readonly Keyword[] = [multipleOf, limit(MINIMUM), limit(MAXIMUM)];
