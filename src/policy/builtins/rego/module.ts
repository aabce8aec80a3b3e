import type { Import, Module, Rule, Statement } from "./ast.ts";
import { bareRule } from "./bare-rules.ts";
import { readBody } from "./bodies.ts";
import { readItem, readOperation } from "./infix.ts";
import { readLiteral } from "./literals.ts";
import { commentsOf, createParser, type Grammar } from "./parser.ts";
import { readStatements } from "./statements.ts";
import { readTerm } from "./terms.ts";
import { KEYWORDS_V1 } from "./tokens.ts";

const GRAMMAR: Grammar = {
	term: readTerm,
	operation: readOperation,
	item: readItem,
	literal: readLiteral,
	body: readBody,
};

/** What Rego v1 asks of a rule, and of what stands behind its `else`. */
function isVersionOne({ head, isDefault, generatedBody, otherwise }: Rule): boolean {
	if (head.ref.length < 2 && KEYWORDS_V1.has(head.name)) return false;
	if (generatedBody && head.generatedValue) return false;
	if (!generatedBody && !isDefault && !head.withIf) return false;
	if (head.value === undefined && !head.withContains) return false;
	return otherwise === undefined || isVersionOne(otherwise);
}

function partsOf(statements: readonly Statement[]): Pick<Module, "imports" | "rules"> | undefined {
	const imports: Import[] = [];
	const rules: Rule[] = [];
	for (const statement of statements) {
		if (statement.kind === "package") return undefined;
		if (statement.kind === "import") imports.push(statement);
		else {
			const rule = statement.kind === "rule" ? statement : bareRule(statement.body);
			if (rule === undefined || !isVersionOne(rule)) return undefined;
			rules.push(rule);
		}
	}
	return { imports, rules };
}

/**
 * Reads a module of Rego v1, as OPA's parser does; `undefined` for a text that it refuses.
 * @throws {RangeError} for a text that is nested deeper, or can be read in more ways, than is reasonable.
 */
export function parseModule(source: string): Module | undefined {
	const parser = createParser(source, GRAMMAR);
	const [first, ...rest] = readStatements(parser) ?? [];
	if (first?.kind !== "package") return undefined;
	const parts = partsOf(rest);
	return parts === undefined ? undefined : { package: first, ...parts, comments: commentsOf(parser) };
}
