import { isJsonArray, isJsonObject, type Json, type JsonArray } from "./document.ts";
import { SchemaError } from "./schema-error.ts";

/** As Go's `Atoi`: a sign and leading zeros are let pass. */
function indexOf(token: string): bigint {
	const digits = /^[+-]?\d+$/.test(token) ? token.replace(/^([+-]?)0+(?=\d)/, "$1") : "";
	const value = digits === "" || digits.length > 20 ? undefined : BigInt(digits);
	if (value === undefined || BigInt.asIntN(64, value) !== value) {
		throw new SchemaError(`Invalid array index '${token}'`);
	}
	return value;
}

function itemAt({ items }: JsonArray, token: string): Json {
	const index = indexOf(token);
	const item = index < 0n ? undefined : items[Number(index)];
	if (item !== undefined) return item;
	throw new SchemaError(`Out of bound array[0,${items.length}] index '${index}'`);
}

/**
 * What a JSON pointer (RFC 6901), split at its slashes, points to.
 * @throws {SchemaError} where there is nothing.
 */
export function pointedTo(document: Json, tokens: readonly string[]): Json {
	let value = document;
	for (const token of tokens) {
		if (isJsonArray(value)) value = itemAt(value, token);
		else if (isJsonObject(value)) {
			const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
			const member = value.members.get(name);
			if (member === undefined) throw new SchemaError(`Object has no key '${name}'`);
			value = member;
		} else throw new SchemaError(`Invalid token reference '${token}'`);
	}
	return value;
}
