/** A module as OPA's parser leaves it: what its JSON shows, and what later steps of the parser ask for. */

export type AstTerm =
	| { readonly type: "null" }
	| { readonly type: "boolean"; readonly value: boolean }
	| { readonly type: "number"; readonly text: string }
	| { readonly type: "string"; readonly value: string }
	| { readonly type: "var"; readonly name: string }
	| AstRef
	| { readonly type: "array"; readonly items: readonly AstTerm[] }
	/** Keys in any order; one that is written twice is there twice. */
	| { readonly type: "object"; readonly pairs: readonly (readonly [AstTerm, AstTerm])[] }
	/** In any order, without repeats. */
	| { readonly type: "set"; readonly items: readonly AstTerm[] }
	| { readonly type: "arraycomprehension" | "setcomprehension"; readonly term: AstTerm; readonly body: Body }
	| {
			readonly type: "objectcomprehension";
			readonly key: AstTerm;
			readonly value: AstTerm;
			readonly body: Body;
	  }
	| AstCall
	| {
			readonly type: "templatestring";
			readonly parts: readonly (AstTerm | Expr)[];
			readonly multiLine: boolean;
	  };

export interface AstRef {
	readonly type: "ref";
	readonly terms: readonly AstTerm[];
	/** It is the name of an operator's function, and this the operator. */
	readonly operator?: string;
}

export interface AstCall {
	readonly type: "call";
	/** The function first. */
	readonly terms: readonly AstTerm[];
}

/** The place of an expression in its body is its index. */
export type Body = readonly Expr[];

export type ExprTerms =
	| AstTerm
	/** A call. */
	| { readonly type: "terms"; readonly terms: readonly AstTerm[] }
	| { readonly type: "some"; readonly symbols: readonly AstTerm[] }
	| {
			readonly type: "every";
			readonly key?: AstTerm;
			readonly value: AstTerm;
			readonly domain: AstTerm;
			readonly body: Body;
	  }
	| { readonly type: "not"; readonly body: Body; readonly explicit: boolean }
	| Logical;

export interface Logical {
	readonly type: "and" | "or";
	readonly left: Body;
	readonly right: Body;
	readonly explicitLeft: boolean;
	readonly explicitRight: boolean;
}

export interface With {
	readonly target: AstTerm;
	readonly value: AstTerm;
}

export interface Expr {
	readonly kind: "expr";
	readonly terms: ExprTerms;
	readonly with?: readonly With[];
	readonly negated?: boolean;
	readonly generated?: boolean;
	/** Where it starts in the text; absent for one that is not written. */
	readonly start?: number;
}

export interface Head {
	/** Empty where a path stands for the name. */
	readonly name: string;
	readonly ref: readonly AstTerm[];
	readonly args: readonly AstTerm[];
	readonly key?: AstTerm;
	readonly value?: AstTerm;
	readonly assign: boolean;
	/** The value is not written. */
	readonly generatedValue: boolean;
	/** Keywords that it is written with. */
	readonly withIf: boolean;
	readonly withContains: boolean;
}

export interface Rule {
	readonly kind: "rule";
	readonly head: Head;
	readonly body: Body;
	readonly isDefault: boolean;
	readonly otherwise?: Rule;
	/** The body is not written. */
	readonly generatedBody: boolean;
}

export interface Import {
	readonly kind: "import";
	readonly path: AstRef;
	readonly alias?: string;
}

export interface Package {
	readonly kind: "package";
	readonly path: readonly AstTerm[];
}

export interface Comment {
	/** Absent where OPA has none. */
	readonly text?: Buffer;
	readonly row: number;
	readonly column: number;
}

export type Statement = Package | Import | Rule | { readonly kind: "body"; readonly body: Body };

export interface Module {
	readonly package: Package;
	readonly imports: readonly Import[];
	readonly rules: readonly Rule[];
	readonly comments: readonly Comment[];
}

export const variable = (name: string): AstTerm => ({ type: "var", name });
export const stringTerm = (value: string): AstTerm => ({ type: "string", value });
export const TRUE: AstTerm = { type: "boolean", value: true };

export const exprOf = (terms: ExprTerms): Expr => ({ kind: "expr", terms });

/** The body of a rule that has none. */
export const IMPLICIT_BODY: Body = [{ kind: "expr", terms: TRUE, generated: true }];

/** A dotted name, of a function above all; empty for a path that is none. */
export function dottedName(term: AstTerm | undefined): string {
	if (term?.type === "var") return term.name;
	if (term?.type !== "ref") return "";
	const names = term.terms.map((one, i) => {
		if (one.type === "var" && i === 0) return one.name;
		return one.type === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(one.value) ? one.value : undefined;
	});
	return names.includes(undefined) ? "" : names.join(".");
}

/** Nothing in it depends on a variable. */
export function isGround(term: AstTerm): boolean {
	switch (term.type) {
		case "var":
		case "templatestring":
			return false;
		case "ref":
			return term.terms.slice(1).every(isGround);
		case "array":
		case "set":
			return term.items.every(isGround);
		case "object":
			return term.pairs.every((pair) => pair.every(isGround));
		case "arraycomprehension":
		case "setcomprehension":
			return isGround(term.term) && isGroundBody(term.body);
		case "objectcomprehension":
			return isGround(term.key) && isGround(term.value) && isGroundBody(term.body);
		case "call":
			return term.terms.every(isGround);
		default:
			return true;
	}
}

const isGroundBody = (body: Body): boolean => body.every(({ terms }) => isGroundTerms(terms));

function isGroundTerms(terms: ExprTerms): boolean {
	switch (terms.type) {
		case "terms":
			return terms.terms.slice(1).every(isGround);
		case "some":
		case "every":
			return false;
		case "not":
			return isGroundBody(terms.body);
		case "and":
		case "or":
			return isGroundBody(terms.left) && isGroundBody(terms.right);
		default:
			return isGround(terms);
	}
}
