import { isJsonArray } from "./document.ts";
import { countMember, type Keyword, maySchema } from "./reading.ts";
import { invalidType, mustBeOfA } from "./schema-error.ts";

const badItems = () => invalidType("Valid Schema/Array Of Schemas", "items");

const items: Keyword = ({ members, schema, child }) => {
	const value = members.get("items");
	if (value === undefined) return;
	if (maySchema(value)) schema.items = child(value);
	else if (isJsonArray(value)) {
		schema.items = value.items.map((item) => {
			if (!maySchema(item)) throw badItems();
			return child(item);
		});
	} else throw badItems();
};

const additionalItems: Keyword = ({ members, schema, child }) => {
	const value = members.get("additionalItems");
	if (value === undefined) return;
	if (!maySchema(value)) throw invalidType("boolean/Valid Schema", "additionalItems");
	schema.additionalItems = typeof value === "boolean" ? value : child(value);
};

const size: Keyword = (reading) => {
	const { schema } = reading;
	const least = countMember(reading, "minItems");
	if (least !== undefined) schema.minItems = least;
	const most = countMember(reading, "maxItems");
	if (most !== undefined) schema.maxItems = most;
};

const uniqueItems: Keyword = ({ members, schema }) => {
	const value = members.get("uniqueItems");
	if (value === undefined) return;
	if (typeof value !== "boolean") throw mustBeOfA("uniqueItems", "boolean");
	schema.uniqueItems = value;
};

const contains: Keyword = ({ members, draft, schema, child }) => {
	const value = members.get("contains");
	if (value !== undefined && draft >= 6) schema.contains = child(value);
};

export const ARRAY_KEYWORDS: readonly Keyword[] = [items, additionalItems];

export const ARRAY_SIZE_KEYWORDS: readonly Keyword[] = [size, uniqueItems, contains];
