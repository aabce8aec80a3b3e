import fc from "fast-check";

/** Literals that JavaScript would not print: `@1.0` stands for the number 1.0. */
const NUMBERS = [
	"@0",
	"@-0",
	"@1",
	"@1.0",
	"@2",
	"@3",
	"@-1",
	"@1.5",
	"@1e2",
	"@0.1",
	"@9007199254740993",
	"@12345678.5",
];
const STRINGS = ["", "a", "b", "ab", "é\u{1f600}", "2020-01-01", "a@b", "::1", "x:y", "<&>", "<a.b>"];
const NAMES = ["a", "b", "ab", "", "é"];

/** JSON text, with what stands behind an @ as it is. */
export const jsonText = (value: unknown): string => JSON.stringify(value).replace(/"@([^"]+)"/g, "$1");

const scalar = fc.constantFrom<unknown>(null, true, false, ...NUMBERS, ...STRINGS);

const objectOf = <T>(value: fc.Arbitrary<T>, most: number): fc.Arbitrary<object> =>
	fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: most, noNullPrototype: true });

/** JSON values whose objects have at most so many members. */
export function documents(members: number): fc.Arbitrary<unknown> {
	const { value } = fc.letrec((tie) => ({
		value: fc.oneof(
			{ maxDepth: 3, depthSize: "medium" },
			scalar,
			fc.array(tie("value"), { maxLength: 3 }),
			objectOf(tie("value"), members),
		),
	}));
	return value;
}

const TYPES = ["array", "boolean", "integer", "number", "null", "object", "string"];
const FORMATS = ["date", "email", "ipv6", "uri", "hostname", "regex", "json-pointer", "unheard"];
const REFERENCES = [
	"#/definitions/a",
	"#/definitions/b",
	"#/definitions/a/not",
	"#named",
	"#",
	"other.json#/definitions/b",
	"http://json-schema.org/draft-07/schema#",
];
const DRAFTS = [
	"http://json-schema.org/draft-04/schema#",
	"http://json-schema.org/draft-06/schema#",
	"http://json-schema.org/draft-07/schema#",
];

const count = fc.constantFrom<unknown>("@0", "@1", "@2", "@3");
const number = fc.constantFrom<unknown>(...NUMBERS);
const flag = fc.boolean();
const strings = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 });
const limit = fc.oneof({ arbitrary: number, weight: 3 }, flag);

/** Keywords that do not hold other schemas. */
const plain = (value: fc.Arbitrary<unknown>): readonly fc.Arbitrary<object>[] => [
	fc.record({
		type: fc.oneof(fc.constantFrom(...TYPES), fc.uniqueArray(fc.constantFrom(...TYPES), { maxLength: 3 })),
	}),
	fc.record({ minimum: number, exclusiveMinimum: limit }, { requiredKeys: [] }),
	fc.record({ maximum: number, exclusiveMaximum: limit }, { requiredKeys: [] }),
	fc.record({ multipleOf: fc.constantFrom("@1", "@2", "@0.1", "@1.5", "@1e2") }),
	fc.record(
		{ minLength: count, maxLength: count, pattern: fc.constantFrom("^a", "b$", ".", "\\d") },
		{ requiredKeys: [] },
	),
	fc.record({ format: fc.constantFrom(...FORMATS) }),
	fc.record({ minItems: count, maxItems: count, uniqueItems: flag }, { requiredKeys: [] }),
	fc.record({ minProperties: count, maxProperties: count, required: strings }, { requiredKeys: [] }),
	fc.record({ enum: fc.array(value, { maxLength: 3 }) }),
	fc.record({ const: value }),
];

function holding(schema: fc.Arbitrary<unknown>, members: number): readonly fc.Arbitrary<object>[] {
	const list = fc.array(schema, { maxLength: 3 });
	const named = objectOf(schema, members);
	return [
		fc.record({ properties: named, additionalProperties: schema }, { requiredKeys: [] }),
		fc.record({ patternProperties: named, additionalProperties: fc.boolean() }, { requiredKeys: [] }),
		fc.record({ propertyNames: schema }),
		fc.record({ dependencies: objectOf(fc.oneof(schema, strings), members) }),
		fc.record({ items: schema }),
		fc.record({ items: list, additionalItems: schema }, { requiredKeys: ["items"] }),
		fc.record({ contains: schema }),
		fc.record({ oneOf: list }),
		fc.record({ anyOf: list }),
		fc.record({ allOf: list }),
		fc.record({ not: schema }),
		fc
			.tuple(schema, schema, schema)
			.map((three) => Object.fromEntries(["if", "then", "else"].map((key, i) => [key, three[i]]))),
	];
}

/** Schemas, right and wrong, whose objects have at most so many members where OPA has no order among them. */
export function schemas(members: number): fc.Arbitrary<unknown> {
	const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
		schema: fc.oneof(
			{ maxDepth: 3, depthSize: "medium" },
			{ arbitrary: flag, weight: 1 },
			{ arbitrary: fc.record({ $ref: fc.constantFrom(...REFERENCES) }), weight: 2 },
			...plain(documents(1)).map((arbitrary) => ({ arbitrary, weight: 1 })),
			{
				arbitrary: fc
					.array(fc.oneof(...plain(documents(1)), ...holding(tie("schema"), members)), {
						minLength: 1,
						maxLength: 3,
					})
					.map((parts) => Object.assign({}, ...parts) as object),
				weight: 14,
			},
		),
	}));
	const definitions =
		members === 1
			? fc.record({ a: schema })
			: fc.record({
					a: schema,
					b: schema,
					c: fc.constant({ $id: "#named", minProperties: "@1" }),
					d: schema.map((b) => ({ $id: "other.json", definitions: { b } })),
				});
	const root = schema.filter((one) => typeof one === "object");
	return fc
		.tuple(root, definitions, fc.option(fc.constantFrom(...DRAFTS), { nil: undefined, freq: 2 }))
		.map(([one, parts, $schema]) => ({
			...(one as object),
			...($schema === undefined ? {} : { $schema }),
			definitions: parts,
		}));
}
