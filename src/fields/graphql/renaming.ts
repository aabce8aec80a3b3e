import { createTokens, type Token } from "./tokens.ts";

/** Levels of selections and values inside each other. */
const MAX_DEPTH = 128;
/** Directives that leave an answer's names and shape as they are (GraphQL specification, section 3.13). */
const PLAIN_DIRECTIVES: ReadonlySet<string> = new Set(["include", "skip"]);
const OPERATIONS: ReadonlySet<string> = new Set(["query", "mutation", "subscription"]);

class Fault extends Error {}

/**
 * Why an answer to this document could hold a field under another name than its own, so that selectors would take it
 * for something else: an alias, or a directive that nobody here knows. Also what is no document of operations and
 * fragments. Undefined when every field answers under its own name.
 */
export function findRenaming(document: string): string | undefined {
	try {
		readDocument(document);
		return undefined;
	} catch (thrown) {
		if (thrown instanceof Fault) return thrown.message;
		throw thrown;
	}
}

function readDocument(document: string): void {
	const read = createTokens(document);
	let token = take();

	function take(): Token {
		const next = read();
		if (next === undefined) throw new Fault("no GraphQL document");
		return next;
	}
	function advance(): Token {
		const taken = token;
		token = take();
		return taken;
	}
	function is(text: string): boolean {
		return token.kind === "punctuator" && token.text === text;
	}
	function skip(text: string): boolean {
		if (!is(text)) return false;
		advance();
		return true;
	}
	function expect(text: string): void {
		if (!skip(text)) throw new Fault(`no GraphQL document: ${text} expected`);
	}
	function name(): string {
		if (token.kind !== "name") throw new Fault("no GraphQL document: a name expected");
		return advance().text;
	}
	function requireDepth(depth: number): void {
		if (depth > MAX_DEPTH) throw new Fault(`deeper than ${MAX_DEPTH} levels`);
	}

	function definition(): void {
		if (is("{")) {
			selections(1);
			return;
		}
		const word = name();
		if (word === "fragment") {
			if (name() === "on" || name() !== "on") throw new Fault("no GraphQL document: on expected");
			name();
		} else if (OPERATIONS.has(word)) {
			if (token.kind === "name") name();
			if (is("(")) variables();
		} else throw new Fault("a document of types, not of operations");
		directives();
		selections(1);
	}

	function selections(depth: number): void {
		requireDepth(depth);
		expect("{");
		do selection(depth);
		while (!skip("}"));
	}

	function selection(depth: number): void {
		if (skip("...")) {
			if (token.kind === "name" && token.text !== "on") {
				name();
				directives();
				return;
			}
			if (token.kind === "name") {
				name();
				name();
			}
			directives();
			selections(depth + 1);
			return;
		}
		const field = name();
		if (skip(":") && name() !== field) throw new Fault("an alias");
		if (is("(")) argumentList();
		directives();
		if (is("{")) selections(depth + 1);
	}

	function argumentList(): void {
		expect("(");
		do {
			name();
			expect(":");
			value(1);
		} while (!skip(")"));
	}

	function directives(): void {
		while (skip("@")) {
			const directive = name();
			if (!PLAIN_DIRECTIVES.has(directive)) throw new Fault("a directive other than @include and @skip");
			if (is("(")) argumentList();
		}
	}

	function variables(): void {
		expect("(");
		do {
			expect("$");
			name();
			expect(":");
			type(1);
			if (skip("=")) value(1);
			directives();
		} while (!skip(")"));
	}

	function type(depth: number): void {
		requireDepth(depth);
		if (skip("[")) {
			type(depth + 1);
			expect("]");
		} else name();
		skip("!");
	}

	function value(depth: number): void {
		requireDepth(depth);
		if (skip("$")) name();
		else if (skip("[")) while (!skip("]")) value(depth + 1);
		else if (skip("{")) {
			while (!skip("}")) {
				name();
				expect(":");
				value(depth + 1);
			}
		} else if (token.kind === "punctuator" || token.kind === "end")
			throw new Fault("no GraphQL document: a value expected");
		else advance();
	}

	do definition();
	while (token.kind !== "end");
}
