import {
	type AstRef,
	type AstTerm,
	type Import,
	type Package,
	type Statement,
	stringTerm,
	variable,
} from "./ast.ts";
import { readQuery } from "./bodies.ts";
import { at, isRefKeyword, mistake, type Parser, restore, save, scan, scanSpace } from "./parser.ts";
import { ROOTS } from "./references.ts";
import { isKeywordRule, readRules } from "./rules.ts";
import { FUTURE, KEYWORDS_V1, type Keyword, LATER, SINCE_V1 } from "./tokens.ts";

/** After `package` or `import`: true where a path follows. A keyword may start it. */
function startsPath(p: Parser): boolean {
	scanSpace(p);
	// It is a path itself.
	if (at(p, ".", "[")) return false;
	if (at(p, "space")) scan(p);
	if (!at(p, "name") && !isRefKeyword(p)) {
		mistake(p);
		return false;
	}
	p.state.kind = "name";
	return true;
}

/** The steps of a path that are texts; `undefined` where one is not. */
function textsOf(terms: readonly AstTerm[]): readonly string[] | undefined {
	const texts = terms.map((term) => (term.type === "string" ? term.value : undefined));
	return texts.includes(undefined) ? undefined : (texts as readonly string[]);
}

const stepsOf = (term: AstTerm): readonly AstTerm[] =>
	term.type === "ref" ? term.terms : term.type === "var" ? [term] : [];

function readPackage(p: Parser): Package | undefined {
	if (!startsPath(p)) return undefined;
	const term = p.grammar.term(p);
	const [first, ...rest] = term === undefined ? [] : stepsOf(term);
	const texts = textsOf(rest);
	if (first?.type !== "var" || texts === undefined) return mistake(p);
	return { kind: "package", path: [variable("data"), ...[first.name, ...texts].map(stringTerm)] };
}

/** Reads a path in which no keyword is one that may be imported. */
function readImportPath(p: Parser): AstRef | undefined {
	const { keywords } = p.state;
	const { known } = p;
	p.known = undefined;
	p.state.keywords = new Set([...keywords].filter((word) => !FUTURE.has(word)));
	const term = p.grammar.term(p);
	p.state.keywords = new Set(keywords);
	p.known = known;
	const terms = term === undefined ? [] : stepsOf(term);
	if (terms.length === 0 || textsOf(terms.slice(1)) === undefined) return mistake(p);
	return { type: "ref", terms };
}

function readAlias(p: Parser, path: AstRef): Import | undefined {
	scan(p);
	const alias = at(p, "name") ? p.grammar.term(p) : undefined;
	return alias?.type === "var" ? { kind: "import", path, alias: alias.name } : mistake(p);
}

const IMPORT_ROOTS: ReadonlySet<string> = new Set([...ROOTS, "future", "rego"]);

const rootOf = ({ terms: [first] }: AstRef): string => (first?.type === "var" ? first.name : "");

function readImport(p: Parser): Import | undefined {
	if (!startsPath(p)) return undefined;
	const path = readImportPath(p);
	if (path === undefined) return undefined;
	if (!IMPORT_ROOTS.has(rootOf(path))) return mistake(p);
	if (at(p, "as")) return readAlias(p, path);
	const last = path.terms.at(-1);
	const name = last?.type === "string" ? last.value : "";
	if (rootOf(path) !== "future" && KEYWORDS_V1.has(name)) mistake(p);
	return { kind: "import", path };
}

function addKeywords(p: Parser, words: readonly string[]): void {
	for (const word of words) {
		p.state.keywords.add(word);
		if (word === "not") p.notBodies = true;
	}
	// The token at hand was read before it was known.
	const { kind, text, keywords } = p.state;
	if (kind === "name" && FUTURE.has(text) && keywords.has(text)) p.state.kind = text as Keyword;
}

/** `import future.keywords` and `import rego.v1` say which Rego is meant. */
function applyImport(p: Parser, { path, alias }: Import): void {
	const root = rootOf(path);
	if (root !== "future" && root !== "rego") return;
	const [first, second, ...others] = textsOf(path.terms.slice(1)) ?? [];
	const future = root === "future" && first === "keywords";
	const version = root === "rego" && second === undefined && (first === "v1" || first === "v2");
	if (alias !== undefined || (!future && !version)) {
		mistake(p);
		return;
	}
	if (version) addKeywords(p, first === "v1" ? [] : [...SINCE_V1, ...LATER]);
	else if (second === undefined || others.length > 0) addKeywords(p, [...FUTURE]);
	else if (FUTURE.has(second)) addKeywords(p, [second]);
	else mistake(p);
}

/** A statement that begins with a keyword; `undefined` where it is another one. */
function readDeclaration(p: Parser): Package | Import | undefined {
	const found = at(p, "package") ? readPackage(p) : at(p, "import") ? readImport(p) : undefined;
	// What looks like the next statement would be a difference.
	if (found !== undefined && at(p, "-")) return mistake(p);
	if (found?.kind === "import") applyImport(p, found);
	return found;
}

function readStatement(p: Parser): readonly Statement[] | undefined {
	if (isKeywordRule(p)) return undefined;
	const state = save(p);
	const declaration = readDeclaration(p);
	if (declaration !== undefined) return [declaration];
	if (p.state.mistakes > 0) return undefined;
	restore(p, state);
	const again = save(p);
	const rules = readRules(p);
	if (rules !== undefined) return rules;
	if (p.state.mistakes > 0) return undefined;
	restore(p, again);
	const body = readQuery(p);
	return body === undefined ? undefined : [{ kind: "body", body }];
}

/** The statements of a text; `undefined` for a text with a mistake. */
export function readStatements(p: Parser): readonly Statement[] | undefined {
	const statements: Statement[] = [];
	while (!at(p, "end") && p.state.mistakes === 0) {
		const found = readStatement(p);
		if (found === undefined) break;
		statements.push(...found);
	}
	return p.state.mistakes === 0 ? statements : undefined;
}
