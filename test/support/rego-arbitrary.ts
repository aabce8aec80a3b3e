import fc from "fast-check";

/** Texts that are modules of Rego, or nearly: each rule of the grammar with each other, as deep as is asked for. */

type Text = fc.Arbitrary<string>;

const any = (...texts: readonly string[]): Text => fc.constantFrom(...texts);

/** Parts one after another; a text stands for itself. */
const joined = (...parts: readonly (string | Text)[]): Text =>
	fc
		.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
		.map((all) => all.join(""));

const list = (item: Text, between: string, minLength: number, maxLength: number): Text =>
	fc.array(item, { minLength, maxLength }).map((items) => items.join(between));

/** Made once for each depth: they hold each other. */
function byDepth(make: (depth: number) => Text): (depth: number) => Text {
	const made = new Map<number, Text>();
	return (depth) => {
		const known = made.get(depth) ?? make(depth);
		made.set(depth, known);
		return known;
	};
}

const NAME = any("x", "y", "_", "foo", "contains", "input", "data", "set", "and", "or", "not_");
const SCALAR = any(
	...["1", "-1", "0", "1.50", "1e3", "-0", "10", '"a"', '"b\\n"', "`raw\n`", "true", "false", "null", '"é"'],
	...['""', '"\\ud83d\\ude00"', '"\\ud800"'],
);
const SPACE = any("", "", "", "", " ", "\n", " #c\n");
const OPERATOR = any(" + ", "-", " * ", " / ", " % ", " & ", " | ", " == ", " != ", " < ", ">=", " in ");

const termOf = byDepth((depth): Text => {
	if (depth <= 0) return fc.oneof(SCALAR, NAME);
	const [term, item, body] = [termOf(depth - 1), itemOf(depth - 1), bodyOf(depth - 1)];
	const spaced = joined(SPACE, item);
	const part = fc.oneof(
		any("a", "\\{", "b "),
		joined("{", itemOf(depth - 1), "}"),
		joined("{ ", SCALAR, " }"),
	);
	return fc.oneof(
		SCALAR,
		NAME,
		joined(NAME, any(".a", "[0]", '["k"]', ".if", ".b.c", "(1)", "._", ".not")),
		joined(NAME, "[", term, "]"),
		joined(NAME, "(", list(item, ",", 0, 3), ")", any("", ".z")),
		joined("[", list(spaced, ",", 0, 3), any("", ","), "]"),
		joined("{", list(spaced, ",", 1, 4), "}"),
		joined("{", list(joined(spaced, ":", spaced), ",", 0, 3), "}"),
		joined("[", term, " | ", body, "]"),
		joined("{", term, " | ", body, "}"),
		joined("{", term, ": ", term, " | ", body, "}"),
		joined('$"a', list(part, "", 0, 3), '"'),
		joined("$`a", list(part, "", 0, 3), "`"),
		joined("-", NAME),
		joined("(", operationOf(depth - 1), ")"),
	);
});

const itemOf = byDepth((depth): Text => {
	const term = termOf(depth);
	return fc.oneof(term, term, joined(term, OPERATOR, term));
});

const operationOf = byDepth((depth): Text => {
	const item = itemOf(depth);
	return fc.oneof(item, joined(item, ", ", item, " in ", item), joined(item, OPERATOR, item));
});

const operandOf = byDepth((depth): Text => {
	const operation = operationOf(depth);
	if (depth <= 0) return operation;
	const operand = operandOf(depth - 1);
	return fc.oneof(
		operation,
		joined("{", bodyOf(depth - 1), "}"),
		joined("(", operand, any(" and ", " or "), operand, ")"),
		joined("not ", operation),
		joined("(", operation, any(")", " with input as 2)")),
	);
});

const literalOf = byDepth((depth): Text => {
	const operation = operationOf(depth);
	const target = any("input", "input.x", "data.y", "f");
	const plain = [
		operation,
		joined(operation, any(" = ", " := "), operation),
		joined("not ", operation),
		any("some x", "some x, y", "print(x)"),
		joined("some ", any("", "k, "), NAME, " in ", termOf(depth)),
		joined(operation, " with ", target, " as ", operation),
	];
	if (depth <= 0) return fc.oneof(...plain);
	const operand = operandOf(depth - 1);
	return fc.oneof(
		...plain,
		joined("every ", any("x", "k, v"), " in ", termOf(depth), " {", bodyOf(depth - 1), "}"),
		joined(any("", "not "), operand, any(" and ", " or "), operand, any("", " with input as 1", " or x")),
		joined("not {", bodyOf(depth - 1), "}"),
	);
});

const bodyOf = byDepth((depth): Text => {
	return fc
		.tuple(any("; ", "\n"), fc.array(literalOf(Math.max(depth, 0)), { minLength: 1, maxLength: 2 }))
		.map(([between, literals]) => literals.join(between));
});

const headOf = byDepth((depth): Text => {
	const operation = operationOf(depth);
	const path = any("p.q", "p[x]", 'p["a b"]', "p.q[x].r", "p[x][y]", "p[data.x]", "f(1)[x]");
	const args = list(any("x", "_", "1", "[a, _]", '{"k": v}'), ", ", 0, 3);
	return fc.oneof(
		any("p"),
		joined("p", any(" := ", " = "), operation),
		joined("p contains ", operation),
		joined("f(", args, ")"),
		joined("f(", args, ")", any(" := ", " = "), operation),
		joined(path, any("", " := 1", " contains x")),
		joined("default ", any("p", "f(_, _)", "f(x, x)", "p.q"), " := ", termOf(depth)),
		operation,
	);
});

const ruleOf = byDepth((depth): Text => {
	const condition = fc.oneof(joined("{", SPACE, bodyOf(depth), SPACE, "}"), literalOf(depth));
	const otherwise = joined(" else ", any("", ":= 1 ", "= x "), fc.oneof(joined("if ", condition), any("")));
	return fc.oneof(
		headOf(depth),
		joined(headOf(depth), " if ", condition),
		joined(headOf(depth), " if ", condition, otherwise),
		joined(headOf(depth), " if {", bodyOf(depth), "}", any(" {", " else if {"), "x }"),
	);
});

const VERSIONS = any(
	...[
		"",
		"",
		"import rego.v1\n",
		"import rego.v2\n",
		"import future.keywords\n",
		"import future.keywords.not\n",
	],
	"import future.keywords.and\nimport future.keywords.or\n",
);
const IMPORTS = any(
	...[
		"",
		"",
		"import data.x\n",
		"import input.y as z\n",
		"import data\n",
		"import data.if\n",
		"import data.x as if\n",
	],
	'import data["a b"].c\n',
);

const moduleOf = byDepth((depth) =>
	joined(
		"package ",
		any("a", "a.b", 'a["b c"].d', "if.x", "data"),
		"\n",
		VERSIONS,
		IMPORTS,
		list(ruleOf(depth), "\n", 1, 2),
		any("\n", "", " # end", "\n# é"),
	),
);

export const moduleText: Text = fc.nat(2).chain(moduleOf);

/** Pieces that stand anywhere in a module, some of them nowhere. */
const PIECES = any(
	...[
		'"',
		"`",
		'$"',
		"{",
		"}",
		"[",
		"]",
		"(",
		")",
		",",
		":",
		":=",
		"=",
		"|",
		"&",
		".",
		";",
		"\n",
		"\t",
		"\r\n",
		"#c\n",
	],
	...[
		"if",
		"contains",
		"in",
		"every",
		"some",
		"not",
		"with",
		"as",
		"else",
		"default",
		"package",
		"import",
		"and",
	],
	...[
		"or",
		"null",
		"1",
		"01",
		"_",
		"x",
		"set()",
		"{1, 1.0}",
		"{}",
		"import rego.v2\n",
		"print(x)",
		"{a} and {b}",
	],
	...["é", "\0", "!", "$", "\\", "@", "foo\u0663", "\u00a0", "\ufeff", "else := 2", "not {a}", '"\\u00e9"'],
);

const TOKEN = /"(?:\\.|[^"\\\n])*"|`[^`]*`|\w+|:=|==|!=|<=|>=|\s+|#[^\n]*|./gsu;

/** One of some texts with a piece put in, taken out or replaced here and there. */
export function changedText(texts: readonly string[]): Text {
	const change = fc.tuple(fc.nat(), fc.constantFrom(0, 0, 1, 1, 2), PIECES);
	return fc
		.tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 2 }))
		.map(([text, changes]) => {
			const tokens = text.match(TOKEN) ?? [];
			for (const [at, how, piece] of changes) {
				const put = how === 2 ? [] : [piece];
				tokens.splice(at % (tokens.length + 1), how === 0 ? 0 : 1, ...put);
			}
			return tokens.join("");
		});
}
