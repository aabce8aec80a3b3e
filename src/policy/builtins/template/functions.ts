import { TemplateError, unsupported } from "./lex.ts";
import { equal, isList, isMap, isNumberText, isTrue, order, printed, type Value } from "./values.ts";

type Run = (args: readonly Value[]) => Value;

const counted =
	(least: number, most: number, run: Run): Run =>
	(args) => {
		if (args.length < least || args.length > most) throw new TemplateError("wrong number of arguments");
		return run(args);
	};

const compared = (test: (order: number) => boolean): Run => counted(2, 2, ([a, b]) => test(order(a, b)));

function index([item, ...keys]: readonly Value[]): Value {
	let found = item;
	if (found === undefined || found === null) throw new TemplateError("index of untyped nil");
	for (const key of keys) {
		if (isList(found)) {
			if (typeof key !== "bigint" || key < 0n || key > BigInt(found.length))
				throw new TemplateError("bad index");
			if (key === BigInt(found.length)) throw unsupported("an index of a list's length");
			found = found[Number(key)];
		} else if (isMap(found)) {
			if (typeof key !== "string") throw new TemplateError("bad key");
			found = found.get(key) ?? null;
		} else if (typeof found === "string" || isNumberText(found)) throw unsupported("an index into a text");
		else throw new TemplateError("can't index");
	}
	return found;
}

function length([item]: readonly Value[]): Value {
	if (typeof item === "string") return BigInt(Buffer.byteLength(item));
	if (isNumberText(item ?? null)) return BigInt(printed(item).length);
	if (isList(item)) return BigInt(item.length);
	if (isMap(item)) return BigInt(item.size);
	throw new TemplateError("len of a value without one");
}

const isText = (value: Value): boolean => typeof value === "string" || isNumberText(value);

/** Go's `Sprint`: a space between two that are no texts. */
function print(args: readonly Value[]): string {
	return args.reduce<string>((text, arg, i) => {
		const spaced = i > 0 && !isText(arg) && !isText(args[i - 1]);
		return text + (spaced ? " " : "") + printed(arg);
	}, "");
}

const MANY = Number.POSITIVE_INFINITY;

/** Functions of templates, but for `and` and `or`, which stop at the first argument that decides. */
export const TEMPLATE_FUNCTIONS: ReadonlyMap<string, Run> = new Map([
	["eq", counted(2, MANY, ([first, ...others]) => others.some((other) => equal(first, other)))],
	["ge", compared((way) => way >= 0)],
	["gt", compared((way) => way > 0)],
	["index", counted(1, MANY, index)],
	["le", compared((way) => way <= 0)],
	["len", counted(1, 1, length)],
	["lt", compared((way) => way < 0)],
	["ne", counted(2, 2, ([a, b]) => !equal(a, b))],
	["not", counted(1, 1, ([value]) => !isTrue(value))],
	["print", print],
	["println", (args) => `${args.map(printed).join(" ")}\n`],
]);
