import { type Json, readArgument } from "./document.ts";
import { type Draft, draftAt, HYBRID } from "./draft.ts";

type Parts = Readonly<Record<string, unknown>>;

const SELF = { $ref: "#" };
const STRING = { type: "string" };
const NUMBER = { type: "number" };
const FLAG = { type: "boolean", default: false };

const defined = (name: string): Parts => ({ $ref: `#/definitions/${name}` });

const eachMember = (schema: Parts): Parts => ({
	type: "object",
	additionalProperties: schema,
	default: {},
});

/** What drafts 4, 6 and 7 have in common, `anything` being how the draft writes a schema that all values match. */
function shared(draft: Draft, anything: unknown): Parts {
	const counter = draft === 4 ? "positiveInteger" : "nonNegativeInteger";
	const [most, least] = [defined(counter), defined(`${counter}Default0`)];
	const list = defined("schemaArray");
	const flagOrSchema = draft === 4 ? { anyOf: [{ type: "boolean" }, SELF], default: {} } : SELF;
	const limit = draft === 4 ? FLAG : NUMBER;
	const values = { type: "array", minItems: 1, uniqueItems: true };
	return {
		$schema: STRING,
		title: STRING,
		description: STRING,
		default: anything,
		multipleOf:
			draft === 4 ? { ...NUMBER, minimum: 0, exclusiveMinimum: true } : { ...NUMBER, exclusiveMinimum: 0 },
		maximum: NUMBER,
		exclusiveMaximum: limit,
		minimum: NUMBER,
		exclusiveMinimum: limit,
		maxLength: most,
		minLength: least,
		pattern: { ...STRING, format: "regex" },
		additionalItems: flagOrSchema,
		items: { anyOf: [SELF, list], default: anything },
		maxItems: most,
		minItems: least,
		uniqueItems: FLAG,
		maxProperties: most,
		minProperties: least,
		required: defined("stringArray"),
		additionalProperties: flagOrSchema,
		definitions: eachMember(SELF),
		properties: eachMember(SELF),
		patternProperties: eachMember(SELF),
		dependencies: { type: "object", additionalProperties: { anyOf: [SELF, defined("stringArray")] } },
		enum: values,
		type: { anyOf: [defined("simpleTypes"), { ...values, items: defined("simpleTypes") }] },
		format: STRING,
		allOf: list,
		anyOf: list,
		oneOf: list,
		not: SELF,
	};
}

function definitions(draft: Draft): Parts {
	const counter = draft === 4 ? "positiveInteger" : "nonNegativeInteger";
	const strings = { type: "array", items: STRING, uniqueItems: true };
	return {
		schemaArray: { type: "array", minItems: 1, items: SELF },
		[counter]: { type: "integer", minimum: 0 },
		[`${counter}Default0`]: { allOf: [defined(counter), { default: 0 }] },
		simpleTypes: { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] },
		stringArray: draft === 4 ? { ...strings, minItems: 1 } : { ...strings, default: [] },
	};
}

function draft4(url: string): Parts {
	return {
		id: url,
		$schema: url,
		description: "Core schema meta-schema",
		definitions: definitions(4),
		type: "object",
		properties: { id: STRING, ...shared(4, {}) },
		dependencies: { exclusiveMaximum: ["maximum"], exclusiveMinimum: ["minimum"] },
		default: {},
	};
}

function draft6(url: string, draft: Draft, anything: unknown, more: Parts): Parts {
	const reference = { ...STRING, format: "uri-reference" };
	return {
		$schema: url,
		$id: url,
		title: "Core schema meta-schema",
		definitions: definitions(draft),
		type: ["object", "boolean"],
		properties: {
			...shared(draft, anything),
			$id: reference,
			$schema: { ...STRING, format: "uri" },
			$ref: reference,
			examples: { type: "array", items: anything },
			contains: SELF,
			propertyNames: SELF,
			const: anything,
			...more,
		},
		default: anything,
	};
}

/** What draft 7 has beyond draft 6. */
const SEVENTH: Parts = {
	$comment: STRING,
	readOnly: FLAG,
	contentMediaType: STRING,
	contentEncoding: STRING,
	patternProperties: { ...eachMember(SELF), propertyNames: { format: "regex" } },
	enum: { type: "array", items: true, minItems: 1, uniqueItems: true },
	...Object.fromEntries(["if", "then", "else"].map((key) => [key, SELF])),
};

/**
 * The schema of the schemas of a draft, by its URL without a fragment: references to these are the only ones to other
 * documents that lead somewhere. `undefined` for any other URL.
 */
export function metaSchemaAt(url: string): Json | undefined {
	const draft = draftAt(url);
	if (draft === undefined || draft === HYBRID) return undefined;
	const id = `${url}#`;
	const parts = draft === 4 ? draft4(id) : draft === 6 ? draft6(id, 6, {}, {}) : draft6(id, 7, true, SEVENTH);
	return readArgument(JSON.stringify(parts));
}
