import { canonical, NoDouble } from "./canonical.ts";
import { isJsonArray, type Json } from "./document.ts";
import { type Keyword, listMember, type Reading } from "./reading.ts";
import { invalidType, mustBeUnique, SchemaError } from "./schema-error.ts";

/** In the order in which OPA lists them. */
const TYPES = ["array", "boolean", "integer", "number", "null", "object", "string"];

const types: Keyword = ({ members, schema }) => {
	const value = members.get("type");
	if (value === undefined) return;
	if (typeof value !== "string" && !isJsonArray(value)) throw invalidType("type", "string/Array Of Strings");
	const names = new Set<string>();
	for (const name of typeof value === "string" ? [value] : value.items) {
		if (typeof name !== "string") throw invalidType("type", "string/Array Of Strings");
		if (!TYPES.includes(name)) {
			throw new SchemaError(
				`has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[${TYPES.join(" ")}]`,
			);
		}
		if (names.has(name)) throw new SchemaError(`${name} type is duplicated`);
		names.add(name);
	}
	schema.types = [...names];
};

function textOf(value: Json, { effort }: Reading): string {
	try {
		return canonical(value, effort);
	} catch (thrown) {
		if (thrown instanceof NoDouble) throw new SchemaError(thrown.message);
		throw thrown;
	}
}

const constant: Keyword = (reading) => {
	const value = reading.members.get("const");
	if (value !== undefined && reading.draft >= 6) reading.schema.constant = textOf(value, reading);
};

const enumeration: Keyword = (reading) => {
	const values = listMember(reading, "enum");
	if (values === undefined) return;
	const texts = new Set<string>();
	for (const value of values) {
		const text = textOf(value, reading);
		if (texts.has(text)) throw mustBeUnique("enum");
		texts.add(text);
	}
	reading.schema.enumeration = { texts, shown: [...texts].join(", ") };
};

export const TYPE_KEYWORDS: readonly Keyword[] = [types];

export const VALUE_KEYWORDS: readonly Keyword[] = [constant, enumeration];
