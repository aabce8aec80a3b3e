import { MAX_TEXT, tooLarge } from "../bounds.ts";
import { TEMPLATE_FUNCTIONS } from "./functions.ts";
import { TemplateError } from "./lex.ts";
import type { Command, ControlNode, Operand, Pipeline, TemplateNode } from "./parse.ts";
import { isList, isMap, isNumberText, isTrue, printed, type Value } from "./values.ts";

/** No value came down the pipeline. */
const NONE = Symbol("none");

/** Rounds of all ranges together: texts without output would not end them. */
const MAX_ROUNDS = 1 << 20;

interface Variable {
	readonly name: string;
	value: Value;
}

type Flow = "break" | "continue" | undefined;

function field(receiver: Value, name: string): Value {
	if (receiver === undefined) return undefined;
	if (receiver === null) throw new TemplateError(`nil pointer evaluating ${name}`);
	if (!isMap(receiver)) throw new TemplateError(`can't evaluate field ${name}`);
	return receiver.get(name);
}

/** Renders nodes over the data of a template. */
function renderer(data: Value) {
	const variables: Variable[] = [{ name: "$", value: data }];
	let out = "";
	let rounds = 0;

	const variable = (name: string): Variable => {
		const found = variables.findLast((one) => one.name === name);
		if (found === undefined) throw new TemplateError(`undefined variable ${name}`);
		return found;
	};

	const fields = (dot: Value, { of, names }: Operand & { readonly type: "fields" }): Value => {
		const receiver = operand(dot, of);
		// A null between two names is an error, the first receiver's own null too; what is missing stays missing.
		return names.reduce<Value>((value, name) => field(value, name), receiver);
	};

	function operand(dot: Value, one: Operand): Value {
		switch (one.type) {
			case "dot":
				return dot;
			case "nil":
				return null;
			case "literal":
				return one.value;
			case "variable":
				return variable(one.name).value;
			case "pipeline":
				return pipeline(dot, one.pipeline);
			case "fields":
				return fields(dot, one);
			case "function":
				return call(dot, one.name, [], NONE);
		}
	}

	function call(dot: Value, name: string, args: readonly Operand[], final: Value | typeof NONE): Value {
		if (name === "and" || name === "or") {
			if (args.length === 0 && final === NONE)
				throw new TemplateError(`wrong number of arguments for ${name}`);
			let last: Value;
			for (const arg of args) {
				last = operand(dot, arg);
				if (isTrue(last) === (name === "or")) return last;
			}
			return final === NONE ? last : final;
		}
		const values = args.map((arg) => operand(dot, arg));
		const run = TEMPLATE_FUNCTIONS.get(name);
		if (run === undefined) throw new TemplateError(`function ${name} not defined`);
		return run(final === NONE ? values : [...values, final]);
	}

	const command = (dot: Value, [first, ...args]: Command, final: Value | typeof NONE): Value => {
		if (first.type === "function") return call(dot, first.name, args, final);
		if (first.type === "nil") throw new TemplateError("nil is not a command");
		if (args.length > 0 || final !== NONE) throw new TemplateError("arguments for what is no function");
		return operand(dot, first);
	};

	function pipeline(dot: Value, { variables: names, declares, commands }: Pipeline): Value {
		let value: Value | typeof NONE = NONE;
		for (const one of commands) value = command(dot, one, value);
		const result = value === NONE ? undefined : value === null ? undefined : value;
		for (const name of names) {
			if (declares) variables.push({ name, value: result });
			else variable(name).value = result;
		}
		return result;
	}

	const write = (text: string): void => {
		out += text;
		if (out.length > MAX_TEXT) throw tooLarge("strings.render_template");
	};

	/** The rounds of a range: nothing for what is empty or not there. */
	const roundsOf = (value: Value): readonly (readonly [index: Value, element: Value])[] => {
		if (value === undefined || value === null) return [];
		if (isList(value)) return value.map((element, i) => [BigInt(i), element]);
		if (isMap(value)) return [...value];
		if (typeof value === "bigint" && value <= MAX_ROUNDS) {
			return Array.from({ length: Math.max(0, Number(value)) }, (_, i) => [undefined, BigInt(i)] as const);
		}
		if (typeof value === "bigint") throw tooLarge("strings.render_template");
		throw new TemplateError(isNumberText(value) ? "range over a number" : "range can't iterate");
	};

	const range = (dot: Value, node: ControlNode): Flow => {
		const { variables: names, declares } = node.pipeline;
		const value = pipeline(dot, { ...node.pipeline, variables: declares ? names : [] });
		const mark = variables.length;
		const all = roundsOf(value);
		if (typeof value === "bigint" && names.length > 1)
			throw new TemplateError("range over an integer has one variable");
		for (const [index, element] of all) {
			if (++rounds > MAX_ROUNDS) throw tooLarge("strings.render_template");
			const [first, second] = names;
			if (first !== undefined) variable(first).value = second === undefined ? element : index;
			if (second !== undefined) variable(second).value = element;
			const flow = list(element ?? undefined, node.body);
			variables.length = mark;
			if (flow === "break") break;
		}
		return all.length === 0 ? list(dot, node.otherwise) : undefined;
	};

	const control = (dot: Value, node: ControlNode): Flow => {
		const mark = variables.length;
		let flow: Flow;
		if (node.type === "range") flow = range(dot, node);
		else {
			const value = pipeline(dot, node.pipeline);
			flow = isTrue(value) ? list(node.type === "with" ? value : dot, node.body) : list(dot, node.otherwise);
		}
		variables.length = mark;
		return flow;
	};

	function list(dot: Value, nodes: readonly TemplateNode[]): Flow {
		for (const node of nodes) {
			if (node.type === "text") write(node.text);
			else if (node.type === "action") {
				const value = pipeline(dot, node.pipeline);
				if (node.pipeline.variables.length === 0) write(value === undefined ? "<no value>" : printed(value));
			} else if (!("pipeline" in node)) return node.type;
			else {
				const flow = control(dot, node);
				if (flow !== undefined) return flow;
			}
		}
		return undefined;
	}

	return (nodes: readonly TemplateNode[]): string => {
		list(data, nodes);
		return out;
	};
}

/**
 * A template rendered over data; what is not there as `<undefined>`.
 * @throws {TemplateError} where OPA would report an error.
 */
export function renderTemplate(nodes: readonly TemplateNode[], data: Value): string {
	return renderer(data)(nodes).replaceAll("<no value>", "<undefined>");
}
