/** The kinds of tokens; a sign is its own kind, and what is read with a value has a word. */
export type TokenKind =
	| "illegal"
	| "end"
	| "space"
	| "comment"
	| "name"
	| "number"
	| "string"
	| TemplateKind
	| Keyword
	| Sign;

export type TemplateKind = "template part" | "template end" | "raw template part" | "raw template end";

/** Words with a meaning of their own, at least after an import. */
export type Keyword =
	| "package"
	| "import"
	| "as"
	| "default"
	| "else"
	| "not"
	| "some"
	| "with"
	| "null"
	| "true"
	| "false"
	| "in"
	| "every"
	| "contains"
	| "if"
	| "and"
	| "or";

export type Sign =
	| "["
	| "]"
	| "{"
	| "}"
	| "("
	| ")"
	| ","
	| ":"
	| "+"
	| "-"
	| "*"
	| "/"
	| "%"
	| "&"
	| "|"
	| "="
	| "=="
	| ":="
	| "!="
	| ">"
	| "<"
	| ">="
	| "<="
	| "."
	| ";";

/** Words of every Rego. */
const ALWAYS: readonly Keyword[] = [
	"package",
	"import",
	"as",
	"default",
	"else",
	"not",
	"some",
	"with",
	"null",
	"true",
	"false",
];

/** Words that Rego v1 has besides, and that older Rego had to import. */
export const SINCE_V1: readonly Keyword[] = ["in", "every", "contains", "if"];

/** Words that are imported still: of these `not` gets a second meaning by it. */
export const LATER: readonly Keyword[] = ["not", "and", "or"];

/** What may be imported by `future.keywords`. */
export const FUTURE: ReadonlySet<string> = new Set([...SINCE_V1, ...LATER]);

/** Words that nothing in Rego v1 may be named by, but what follows a point. */
export const KEYWORDS_V1: ReadonlySet<string> = new Set([...ALWAYS, ...SINCE_V1]);

/** The words that a module starts with. */
export const firstKeywords = (): Set<string> => new Set(KEYWORDS_V1);

/** The functions that operators stand for. */
const FUNCTIONS: ReadonlyMap<TokenKind, string> = new Map<TokenKind, string>([
	["+", "plus"],
	["-", "minus"],
	["*", "mul"],
	["/", "div"],
	["%", "rem"],
	["&", "and"],
	["|", "or"],
	["=", "eq"],
	["==", "equal"],
	[":=", "assign"],
	["!=", "neq"],
	[">", "gt"],
	["<", "lt"],
	[">=", "gte"],
	["<=", "lte"],
]);

/** An operator by the name of its function, any other token by its kind; OPA takes `&` and `and` for one word by it. */
export const wordOf = (kind: TokenKind): string => FUNCTIONS.get(kind) ?? kind;
