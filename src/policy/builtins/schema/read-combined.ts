import { type Keyword, listMember, maySchema } from "./reading.ts";
import { mustBeOfAn } from "./schema-error.ts";

const list =
	(key: "oneOf" | "anyOf" | "allOf"): Keyword =>
	(reading) => {
		const schemas = listMember(reading, key);
		if (schemas !== undefined) reading.schema[key] = schemas.map((value) => reading.child(value));
	};

const single =
	(key: string, into: "not" | "condition" | "consequence" | "alternative", since: number): Keyword =>
	({ members, draft, schema, child }) => {
		const value = members.get(key);
		if (value === undefined || draft < since) return;
		if (!maySchema(value)) throw mustBeOfAn(key, "object");
		schema[into] = child(value);
	};

export const COMBINING_KEYWORDS: readonly Keyword[] = [
	list("oneOf"),
	list("anyOf"),
	list("allOf"),
	single("not", "not", 4),
	single("if", "condition", 7),
	single("then", "consequence", 7),
	single("else", "alternative", 7),
];
