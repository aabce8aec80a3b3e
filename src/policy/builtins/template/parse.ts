import { type Piece, piecesOf, TemplateError, type Token, unsupported } from "./lex.ts";

/** A value inside a pipeline. */
export type Operand =
	| { readonly type: "dot" | "nil" }
	| { readonly type: "literal"; readonly value: string | bigint | boolean }
	| { readonly type: "function"; readonly name: string }
	| { readonly type: "variable"; readonly name: string }
	| { readonly type: "pipeline"; readonly pipeline: Pipeline }
	| { readonly type: "fields"; readonly of: Operand; readonly names: readonly string[] };

export type Command = readonly [Operand, ...Operand[]];

/** Commands one into the other, and the variables that take the result. */
export interface Pipeline {
	readonly variables: readonly string[];
	/** `:=` makes variables, `=` sets those there are. */
	readonly declares: boolean;
	readonly commands: readonly Command[];
}

export type TemplateNode =
	| { readonly type: "text"; readonly text: string }
	| { readonly type: "action"; readonly pipeline: Pipeline }
	| { readonly type: "break" | "continue" }
	| ControlNode;

export interface ControlNode {
	readonly type: "if" | "with" | "range";
	readonly pipeline: Pipeline;
	readonly body: readonly TemplateNode[];
	readonly otherwise: readonly TemplateNode[];
}

const FUNCTIONS = new Set("and or not len index print println eq ne lt le gt ge".split(" "));
const OTHER_FUNCTIONS = new Set("call html js printf slice urlquery".split(" "));
const OTHER_ACTIONS = new Set(["define", "template", "block"]);

/** Reads the tokens of one action from left to right. */
function pipelineReader(tokens: readonly Token[], scope: string[]) {
	let at = 0;
	const peek = (): Token | undefined => tokens[at];
	const skipSpace = (): void => {
		while (peek()?.kind === "space") at++;
	};
	const isPunctuation = (text: string): boolean => peek()?.kind === "punctuation" && peek()?.text === text;

	const term = (): Operand | undefined => {
		const token = peek();
		if (token === undefined) return undefined;
		if (token.kind === "field") return { type: "dot" };
		if (token.kind === "punctuation") {
			if (token.text !== "(") return undefined;
			at++;
			const inner = pipeline(")");
			return { type: "pipeline", pipeline: inner };
		}
		at++;
		switch (token.kind) {
			case "dot":
				return { type: "dot" };
			case "string":
				return { type: "literal", value: token.text };
			case "int":
				return { type: "literal", value: BigInt(token.text) };
			case "variable":
				if (!scope.includes(token.text)) throw new TemplateError(`undefined variable ${token.text}`);
				return { type: "variable", name: token.text };
			case "word":
				if (token.text === "true" || token.text === "false")
					return { type: "literal", value: token.text === "true" };
				if (token.text === "nil") return { type: "nil" };
				if (FUNCTIONS.has(token.text)) return { type: "function", name: token.text };
				if (OTHER_FUNCTIONS.has(token.text)) throw unsupported(`the function ${token.text}`);
				throw new TemplateError(`function ${token.text} not defined`);
			default:
				throw unsupported("an action of this form");
		}
	};

	const operand = (): Operand | undefined => {
		const of = term();
		if (of === undefined) return undefined;
		const names: string[] = [];
		for (let token = peek(); token?.kind === "field"; token = peek()) {
			names.push(token.text.slice(1));
			at++;
		}
		if (
			names.length > 0 &&
			(of.type === "literal" ||
				of.type === "nil" ||
				(of.type === "dot" && tokens[at - names.length - 1]?.kind === "dot"))
		) {
			throw of.type === "dot" ? unsupported("a field after a dot") : new TemplateError("unexpected field");
		}
		return names.length === 0 ? of : { type: "fields", of, names };
	};

	const command = (): Command => {
		const operands: Operand[] = [];
		for (;;) {
			skipSpace();
			const next = operand();
			if (next === undefined) break;
			operands.push(next);
			if (peek() !== undefined && peek()?.kind !== "space" && !isPunctuation(")") && !isPunctuation("|")) {
				throw unsupported("operands without a space between them");
			}
		}
		const [first, ...rest] = operands;
		if (first === undefined) throw new TemplateError("empty command");
		return [first, ...rest];
	};

	const declaration = (): { readonly variables: readonly string[]; readonly declares: boolean } => {
		const none = { variables: [], declares: false };
		const start = at;
		const variables: string[] = [];
		for (;;) {
			skipSpace();
			const token = peek();
			if (token?.kind !== "variable") break;
			variables.push(token.text);
			at++;
			skipSpace();
			if (isPunctuation(",")) {
				at++;
				continue;
			}
			if (isPunctuation(":=") || isPunctuation("=")) {
				const declares = peek()?.text === ":=";
				at++;
				return { variables, declares };
			}
			break;
		}
		if (variables.length > 1) throw unsupported("an action of this form");
		at = start;
		return none;
	};

	function pipeline(close?: ")"): Pipeline {
		const { variables, declares } = declaration();
		if (!declares && variables.some((name) => !scope.includes(name)))
			throw new TemplateError("undefined variable");
		const commands: Command[] = [command()];
		for (;;) {
			if (isPunctuation("|")) {
				at++;
				skipSpace();
				// Go lets a pipe lead nowhere.
				if (peek() !== undefined && !isPunctuation(")")) commands.push(command());
				continue;
			}
			if (close === undefined ? peek() !== undefined : !isPunctuation(close))
				throw new TemplateError("unexpected token");
			if (close !== undefined) at++;
			break;
		}
		for (const [first] of commands.slice(1)) {
			if (first.type === "literal" || first.type === "dot" || first.type === "nil") {
				throw new TemplateError("non executable command in pipeline");
			}
		}
		if (declares) scope.push(...variables);
		return { variables, declares, commands };
	}
	return pipeline;
}

/** Reads pieces from left to right into nodes. */
function nodeReader(pieces: readonly Piece[]) {
	let at = 0;
	const scope: string[] = ["$"];
	let ranges = 0;

	const words = (tokens: readonly Token[]): readonly Token[] => {
		const start = tokens[0]?.kind === "space" ? 1 : 0;
		return tokens.slice(start);
	};
	const only = (tokens: readonly Token[]): void => {
		if (tokens.slice(1).some(({ kind }) => kind !== "space")) throw new TemplateError("unexpected token");
	};

	const pipelineOf = (tokens: readonly Token[], range: boolean): Pipeline => {
		const pipeline = pipelineReader(tokens, scope)();
		if (pipeline.variables.length > (range ? 2 : 1)) throw new TemplateError("too many declarations");
		return pipeline;
	};

	const control = (type: "if" | "with" | "range", tokens: readonly Token[]): TemplateNode => {
		const mark = scope.length;
		const pipeline = pipelineOf(tokens.slice(1), type === "range");
		if (type === "range") ranges++;
		const body = list();
		if (type === "range") ranges--;
		const otherwise: TemplateNode[] = [];
		const end = words(stopped());
		if (end[0]?.text === "else") {
			const rest = words(end.slice(1));
			if (rest[0]?.kind === "word" && rest[0].text === type && type !== "range") {
				// One `end` closes both.
				otherwise.push(control(type, rest));
			} else {
				only(end);
				otherwise.push(...list());
				const closing = words(stopped());
				if (closing[0]?.text !== "end") throw new TemplateError("expected end");
				only(closing);
			}
		} else only(end);
		scope.length = mark;
		return { type, pipeline, body, otherwise };
	};

	let stop: readonly Token[] | undefined;
	const stopped = (): readonly Token[] => {
		if (stop === undefined) throw new TemplateError("unexpected end of the template");
		const tokens = stop;
		stop = undefined;
		return tokens;
	};

	const action = (tokens: readonly Token[]): TemplateNode => {
		const [first] = tokens;
		if (first?.kind === "word") {
			if (OTHER_ACTIONS.has(first.text)) throw unsupported(`{{${first.text}}}`);
			if (first.text === "if" || first.text === "with" || first.text === "range")
				return control(first.text, tokens);
			if (first.text === "break" || first.text === "continue") {
				only(tokens);
				if (ranges === 0) throw new TemplateError(`${first.text} outside of range`);
				return { type: first.text };
			}
		}
		return { type: "action", pipeline: pipelineOf(tokens, false) };
	};

	/** Nodes up to an `else` or `end`, which is kept in `stop`, or to the end of the template. */
	function list(): TemplateNode[] {
		const nodes: TemplateNode[] = [];
		for (let piece = pieces[at++]; piece !== undefined; piece = pieces[at++]) {
			if ("text" in piece) {
				nodes.push({ type: "text", text: piece.text });
				continue;
			}
			const tokens = words(piece.action);
			if (tokens[0]?.kind === "word" && (tokens[0].text === "else" || tokens[0].text === "end")) {
				stop = tokens;
				return nodes;
			}
			nodes.push(action(tokens));
		}
		return nodes;
	}

	return { list, leftOver: (): boolean => stop !== undefined };
}

/**
 * Reads a template of Go's `text/template`, without named templates and some functions.
 * @throws {TemplateError} for one that OPA refuses; any other error for one that this host does not read.
 */
export function parseTemplate(template: string): readonly TemplateNode[] {
	const reader = nodeReader(piecesOf(template));
	const nodes = reader.list();
	if (reader.leftOver()) throw new TemplateError("unexpected end");
	return nodes;
}
