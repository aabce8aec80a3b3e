import fc from "fast-check";

/** Part of a document: its tokens, and what OPA's tree has of it. */
interface Part<T> {
	readonly tokens: readonly string[];
	readonly tree: T;
}

type Tree = Readonly<Record<string, unknown>>;

type Parts = fc.Arbitrary<Part<Tree>>;

const NAMES = ["a", "b", "_c1", "query", "type", "fragment", "true", "null", "__proto__", "constructor", "X"];

const name = fc.constantFrom(...NAMES);

/** Names that `...` may stand before: `on` begins something else. */
const typeName = fc.constantFrom("T", "on", ...NAMES);

const seq = (...parts: readonly (string | readonly string[])[]): readonly string[] => parts.flat();

/** Members whose lists are not empty: OPA leaves the others out. */
const pruned = (tree: Tree): Tree =>
	Object.fromEntries(Object.entries(tree).filter(([, value]) => !Array.isArray(value) || value.length > 0));

const all = (parts: readonly Part<Tree>[]) => ({
	tokens: parts.flatMap(({ tokens }) => tokens),
	trees: parts.map(({ tree }) => tree),
});

const between = (open: string, parts: readonly Part<Tree>[], close: string): readonly string[] =>
	parts.length === 0 ? [] : seq(open, all(parts).tokens, close);

const literal = (token: string, Kind: number, Raw = token): Part<Tree> => ({
	tokens: [token],
	tree: { Raw, Kind, ExpectedTypeHasDefault: false },
});

const scalar: Parts = fc.oneof(
	fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((value) => literal(String(value), 1)),
	fc.constantFrom("0.5", "-1.50", "1e9", "2E-3", "1.0e+1").map((token) => literal(token, 2)),
	fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => literal(JSON.stringify(text), 3, text)),
	fc.constantFrom("a b", 'x"y', "é\u{1f600}").map((text) => literal(`"""${text}"""`, 4, text)),
	fc.constantFrom("true", "false").map((token) => literal(token, 5)),
	fc.constant(literal("null", 6)),
	fc.constantFrom("RED", "on", "query", "__proto__").map((token) => literal(token, 7)),
);

const variable: Parts = name.map((Raw) => ({
	tokens: ["$", Raw],
	tree: { Raw, Kind: 0, ExpectedTypeHasDefault: false },
}));

function valueWith(leaf: Parts): Parts {
	return fc.letrec<{ value: Part<Tree> }>((tie) => ({
		value: fc.oneof(
			{ maxDepth: 3, withCrossShrink: true },
			leaf,
			fc.array(tie("value"), { maxLength: 3 }).map((items) => ({
				tokens: seq("[", all(items).tokens, "]"),
				tree: pruned({
					Raw: "",
					Kind: 8,
					ExpectedTypeHasDefault: false,
					Children: items.map(({ tree }) => ({ Name: "", Value: tree })),
				}),
			})),
			fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((members) => ({
				tokens: seq(
					"{",
					members.flatMap(([key, { tokens }]) => seq(key, ":", tokens)),
					"}",
				),
				tree: pruned({
					Raw: "",
					Kind: 9,
					ExpectedTypeHasDefault: false,
					Children: members.map(([Name, { tree }]) => ({ Name, Value: tree })),
				}),
			})),
		),
	})).value;
}

const argument: Parts = fc
	.tuple(name, valueWith(fc.oneof(scalar, variable)))
	.map(([Name, { tokens, tree }]) => ({
		tokens: seq(Name, ":", tokens),
		tree: { Name, Value: tree },
	}));

const someArguments = fc.array(argument, { maxLength: 2 });

const directive: Parts = fc.tuple(name, someArguments).map(([Name, given]) => ({
	tokens: seq("@", Name, between("(", given, ")")),
	tree: pruned({ Name, Location: "", Arguments: all(given).trees }),
}));

const directives = fc.array(directive, { maxLength: 1 });

const type: Parts = fc.letrec<{ type: Part<Tree> }>((tie) => ({
	type: fc.oneof(
		{ maxDepth: 2 },
		fc.tuple(typeName, fc.boolean()).map(([NamedType, NonNull]) => ({
			tokens: NonNull ? [NamedType, "!"] : [NamedType],
			tree: { NamedType, NonNull },
		})),
		fc.tuple(tie("type"), fc.boolean()).map(([{ tokens, tree }, NonNull]) => ({
			tokens: seq("[", tokens, "]", NonNull ? "!" : []),
			tree: { NamedType: "", Elem: tree, NonNull },
		})),
	),
})).type;

const variableDefinition: Parts = fc
	.tuple(name, type, fc.option(valueWith(scalar), { nil: undefined }), directives)
	.map(([Variable, { tokens, tree }, byDefault, on]) => ({
		tokens: seq(
			"$",
			Variable,
			":",
			tokens,
			byDefault === undefined ? [] : ["=", ...byDefault.tokens],
			all(on).tokens,
		),
		tree: pruned({
			Variable,
			Type: tree,
			Used: false,
			Directives: all(on).trees,
			...(byDefault === undefined ? {} : { DefaultValue: byDefault.tree }),
		}),
	}));

const variables = fc.array(variableDefinition, { maxLength: 2 });

const { selection } = fc.letrec<{ selection: Part<Tree>; set: readonly Part<Tree>[] }>((tie) => ({
	set: fc.array(tie("selection"), { minLength: 1, maxLength: 3 }),
	selection: fc.oneof(
		{ maxDepth: 3, withCrossShrink: true },
		fc
			.tuple(name, fc.option(name, { nil: undefined }), someArguments, directives)
			.map(([Name, alias, given, on]) => ({
				tokens: seq(alias === undefined ? [] : [alias, ":"], Name, between("(", given, ")"), all(on).tokens),
				tree: pruned({ Name, Alias: alias ?? Name, Arguments: all(given).trees, Directives: all(on).trees }),
			})),
		fc.tuple(name, directives).map(([Name, on]) => ({
			tokens: seq("...", Name, all(on).tokens),
			tree: pruned({ Name, Directives: all(on).trees }),
		})),
		fc.tuple(name, directives, tie("set")).map(([Name, on, set]) => ({
			tokens: seq(Name, all(on).tokens, between("{", set, "}")),
			tree: pruned({ Name, Alias: Name, Directives: all(on).trees, SelectionSet: all(set).trees }),
		})),
		fc.tuple(fc.option(typeName, { nil: undefined }), directives, tie("set")).map(([on, marks, set]) => ({
			tokens: seq("...", on === undefined ? [] : ["on", on], all(marks).tokens, between("{", set, "}")),
			tree: pruned({ TypeCondition: on ?? "", Directives: all(marks).trees, SelectionSet: all(set).trees }),
		})),
	),
}));

const set = fc.array(selection, { minLength: 1, maxLength: 3 });

const operation: Parts = fc
	.tuple(
		fc.constantFrom("query", "mutation", "subscription"),
		fc.option(name, { nil: "" }),
		variables,
		directives,
		set,
	)
	.map(([kind, Name, defined, on, selections]) => ({
		tokens: seq(
			kind,
			Name === "" ? [] : Name,
			between("(", defined, ")"),
			all(on).tokens,
			between("{", selections, "}"),
		),
		tree: pruned({
			Operation: kind,
			Name,
			VariableDefinitions: all(defined).trees,
			Directives: all(on).trees,
			SelectionSet: all(selections).trees,
		}),
	}));

const shorthand: Parts = set.map((selections) => ({
	tokens: between("{", selections, "}"),
	tree: { Operation: "query", Name: "", SelectionSet: all(selections).trees },
}));

const fragment: Parts = fc
	.tuple(name, variables, typeName, directives, set)
	.map(([Name, defined, on, marks, selections]) => ({
		tokens: seq(
			"fragment",
			Name,
			between("(", defined, ")"),
			"on",
			on,
			all(marks).tokens,
			between("{", selections, "}"),
		),
		tree: pruned({
			Name,
			VariableDefinition: all(defined).trees,
			TypeCondition: on,
			Directives: all(marks).trees,
			SelectionSet: all(selections).trees,
		}),
	}));

/** What may stand between two tokens and says nothing. */
const gaps = fc.array(fc.constantFrom(" ", "\n", "\t", ",", " , ", "\r\n", "\ufeff"), {
	minLength: 1,
	maxLength: 4,
});

/** A query's text, and the tree that OPA makes of it. */
export const queryDocument: fc.Arbitrary<{ readonly text: string; readonly tree: Tree }> = fc
	.tuple(
		fc.array(fc.oneof(operation, shorthand), { maxLength: 2 }),
		fc.array(fragment, { maxLength: 2 }),
		fc.boolean(),
		gaps,
	)
	.map(([operations, fragments, fragmentsFirst, spaces]) => {
		const parts = fragmentsFirst ? [...fragments, ...operations] : [...operations, ...fragments];
		const { tokens } = all(parts);
		return {
			text: tokens.map((token, i) => token + spaces[i % spaces.length]).join(""),
			tree: pruned({ Operations: all(operations).trees, Fragments: all(fragments).trees }),
		};
	});

/** Tokens in any order, most of them no document. */
export const tokenSoup: fc.Arbitrary<string> = fc
	.array(
		fc.constantFrom(
			..."! $ & ( ) ... : = @ [ ] { } | . # ' ; % \\".split(" "),
			...NAMES,
			..."query mutation fragment on type interface union enum input scalar schema directive extend".split(
				" ",
			),
			..."implements repeatable FIELD OBJECT 0 -1 1.5 1e9 01 1.".split(" "),
			'"s"',
			'""',
			'"on"',
			'"\\u00e9"',
			'"""b\n  c"""',
			'"',
			"# c\n",
			"\ufeff",
		),
		{ maxLength: 24 },
	)
	.map((tokens) => tokens.join(" "));

/** Types that the queries below ask, by name: the fields of each, and what type they are of. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	Query: { a: "T", b: "I", c: "U", n: "" },
	T: { a: "T", b: "I", n: "", m: "" },
	R: { a: "R", b: "I", n: "" },
	I: { b: "I", n: "" },
	U: {},
};

/** The schema of `judgedQuery`. */
export const JUDGED_SCHEMA = `
interface I { b: I n(x: Int, k: K): Int }
type Query { a: T b: I c: U n(x: Int, k: K): Int }
type T implements I { a: T b: I n(x: Int, k: K): Int m: Int! }
type R implements I { a: R b: I n(x: Int, k: K): Int }
union U = T | R
input K { p: Int q: [Int!] k: K }
directive @d(x: Int) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT`;

/** Types that a fragment in a set of fields of each type may be for. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
	Query: ["Query"],
	T: ["T", "I", "U"],
	R: ["R", "I", "U"],
	I: ["I", "T", "R", "U"],
	U: ["U", "T", "R", "I"],
};

/** Fragments, by what they are for. */
const FRAGMENTS: readonly (readonly [string, string])[] = [
	["F", "T"],
	["G", "I"],
	["H", "U"],
];

/** Nearly always the first. */
const rarely = (usual: readonly string[], ...odd: readonly string[]): fc.Arbitrary<string> =>
	fc.oneof(
		{ weight: 24, arbitrary: fc.constantFrom(...usual) },
		{ weight: 1, arbitrary: fc.constantFrom(...odd) },
	);

const given = rarely(
	["(x: 1, k: {p: 1, k: {q: [1]}})"],
	"(x: 2)",
	"(x: $v)",
	"(k: {q: [1], k: {}})",
	'(x: "1")',
	"",
);

const mark = rarely(["", "", " @d(x: 1)", " @skip(if: true)"], " @d @d", " @no", " @skip", ' @d(x: "1")');

/** A selection set of one type that may spread the fragments from number `from` on. */
function judgedSet(on: string, depth: number, from: number): fc.Arbitrary<string> {
	const fields = FIELDS[on] ?? {};
	const within = WITHIN[on] ?? [];
	const options: fc.Arbitrary<string>[] = [fc.constant("__typename")];
	if ("n" in fields) {
		const leaf = fc.tuple(given, mark).map(([args, marks]) => `n${args}${marks}`);
		options.push(leaf, leaf, rarely(["y: n"], "x: n", "x: __typename", "nope", "n {n}"));
	}
	if (on === "T") options.push(rarely(["m"], "n: m", "x: m"));
	for (const [spread, type] of FRAGMENTS.slice(from)) {
		if (within.includes(type)) options.push(mark.map((marks) => `...${spread}${marks}`));
	}
	if (depth > 0) {
		for (const [field, type] of Object.entries(fields)) {
			if (type !== "") options.push(judgedSet(type, depth - 1, from).map((inner) => `${field} ${inner}`));
		}
		for (const type of within) {
			options.push(judgedSet(type, depth - 1, from).map((inner) => `... on ${type} ${inner}`));
		}
	}
	return fc
		.array(fc.oneof(...options), { minLength: 1, maxLength: 4 })
		.map((items) => `{ ${items.join(" ")} }`);
}

/** Queries to `JUDGED_SCHEMA`, many of them valid. Fragments lead to later ones alone. */
export const judgedQuery: fc.Arbitrary<string> = fc
	.tuple(
		rarely([""], "query Q($v: Int)", "query($v: Int = 1)", "query"),
		judgedSet("Query", 2, 0),
		...FRAGMENTS.map(([, on], i) => judgedSet(on, 1, i + 1)),
	)
	.map(([head, body, ...sets]) => {
		let text = `${head} ${body}`;
		// A fragment that nothing spreads is a fault of its own, which would hide all others.
		for (const [i, [name, on]] of FRAGMENTS.entries()) {
			if (text.includes(`...${name}`)) text += ` fragment ${name} on ${on} ${sets[i]}`;
		}
		return text;
	});
