import { goRegexp } from "../go/regexp.ts";
import { isJsonArray, isJsonObject, type Json } from "./document.ts";
import { countMember, type Keyword, listMember, maySchema, type Reading } from "./reading.ts";
import { invalidType, mustBeOfType, mustBeUnique, SchemaError } from "./schema-error.ts";
import type { SubSchema } from "./sub-schema.ts";

const properties: Keyword = ({ members, schema, child }) => {
	const value = members.get("properties");
	if (value === undefined) return;
	if (!isJsonObject(value)) throw mustBeOfType("Properties", "object");
	schema.properties = new Map([...value.members].map(([name, property]) => [name, child(property)]));
};

const additionalProperties: Keyword = ({ members, schema, child }) => {
	const value = members.get("additionalProperties");
	if (value === undefined) return;
	if (!maySchema(value)) throw invalidType("boolean/Valid Schema", "additionalProperties");
	schema.additionalProperties = typeof value === "boolean" ? value : child(value);
};

const patternProperties: Keyword = ({ members, schema, effort, child }) => {
	const value = members.get("patternProperties");
	if (value === undefined) return;
	if (!isJsonObject(value)) throw invalidType("Valid Schema", "patternProperties");
	schema.patternProperties = [...value.members].map(([text, property]) => {
		effort.pattern(text);
		const pattern = goRegexp(text);
		if (pattern === undefined) throw new SchemaError(`Invalid regex pattern '${text}'`);
		return { pattern, schema: child(property) };
	});
};

const propertyNames: Keyword = ({ members, draft, schema, child }) => {
	const value = members.get("propertyNames");
	if (value === undefined || draft < 6) return;
	// The other keyword's name stands in OPA's message.
	if (!maySchema(value)) throw invalidType("Valid Schema", "patternProperties");
	schema.propertyNames = child(value);
};

function dependency({ effort, child }: Reading, value: Json): readonly string[] | SubSchema {
	if (maySchema(value)) return child(value);
	const names = isJsonArray(value) ? value.items : [value];
	effort.step(names.length);
	for (const name of names) {
		if (typeof name !== "string" || !isJsonArray(value)) {
			throw mustBeOfType("Dependency", "Schema Or Array Of Strings");
		}
	}
	return names as readonly string[];
}

const dependencies: Keyword = (reading) => {
	const value = reading.members.get("dependencies");
	if (value === undefined) return;
	if (!isJsonObject(value)) throw mustBeOfType("dependencies", "object");
	reading.schema.dependencies = new Map(
		[...value.members].map(([name, needed]) => [name, dependency(reading, needed)]),
	);
};

const size: Keyword = (reading) => {
	const { schema } = reading;
	const least = countMember(reading, "minProperties");
	if (least !== undefined) schema.minProperties = least;
	const most = countMember(reading, "maxProperties");
	if (most !== undefined) schema.maxProperties = most;
	if (least !== undefined && most !== undefined && least > most) {
		throw new SchemaError("minProperties cannot be greater than maxProperties");
	}
};

const required: Keyword = (reading) => {
	const names = new Set<string>();
	for (const name of listMember(reading, "required") ?? []) {
		if (typeof name !== "string") throw invalidType("string", "required");
		if (names.has(name)) throw mustBeUnique("required");
		names.add(name);
	}
	reading.schema.required = [...names];
};

export const OBJECT_KEYWORDS: readonly Keyword[] = [
	properties,
	additionalProperties,
	patternProperties,
	propertyNames,
	dependencies,
];

export const OBJECT_SIZE_KEYWORDS: readonly Keyword[] = [size, required];
