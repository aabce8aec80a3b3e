import type { Scalar as ScalarNode } from "yaml";
import { byteString, wellFormed } from "../../term/byte-string.ts";
import { numberTerm, type Term } from "../../term/term.ts";
import { goShortest } from "../go/float.ts";
import { resolvePlain, type Scalar } from "./resolve.ts";

/** Go-yaml or OPA would report an error. */
export class YamlError extends Error {}

const PREFIX = "tag:yaml.org,2002:";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Kinds of scalar that a tag can ask for; what asks for any other is text. */
const TYPES: Readonly<Record<string, (value: Scalar) => boolean>> = {
	bool: (value) => typeof value === "boolean",
	float: (value) =>
		typeof value === "number" || (typeof value === "bigint" && BigInt.asIntN(64, value) === value),
	int: (value) => typeof value === "bigint",
	null: (value) => value === null,
};

function binary(text: string): string {
	const base64 = text.replace(/[\r\n]/g, "");
	if (!BASE64.test(base64)) throw new YamlError("bad base64");
	// What is no UTF-8 is lost on the way through JSON, in OPA too.
	return wellFormed(byteString(Buffer.from(base64, "base64")));
}

/** A block that ends where the text ends has no last line break unless the text has it. */
function textOfNode(node: ScalarNode, source: string): string {
	const text = String(node.value ?? "");
	const cut = node.type?.startsWith("BLOCK") && node.range?.[1] === source.length && !/[\r\n]$/.test(source);
	return cut && text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** What a scalar node stands for, by its tag or, where it has none and no quotes, by its looks. */
export function scalarValue(node: ScalarNode, source: string): Scalar {
	const text = textOfNode(node, source);
	const tag = node.tag === "!" ? undefined : node.tag;
	if (tag === undefined) return node.type === "PLAIN" || node.type === undefined ? resolvePlain(text) : text;
	const name = tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : "";
	if (name === "binary") return binary(text);
	if (name === "timestamp") throw new RangeError("yaml.unmarshal: the tag !!timestamp is not supported");
	const fits = TYPES[name];
	if (fits === undefined) return text;
	const value = resolvePlain(text);
	if (!fits(value)) throw new YamlError(`no ${name}`);
	return name === "float" ? Number(value) : value;
}

/** The value as Go's JSON has it, which has neither infinities nor what is no number. */
export function scalarTerm(value: Scalar): Term {
	if (typeof value === "bigint") return numberTerm(value);
	if (typeof value !== "number") return value;
	if (!Number.isFinite(value)) throw new YamlError("a number that JSON cannot have");
	return numberTerm(Object.is(value, -0) ? "-0" : value);
}

/** A float as go-yaml prints one that is a key: the shortest digits of a float of 32 bits. */
function shortFloat(value: number): string {
	const short = Math.fround(value);
	if (Number.isNaN(value)) return ".nan";
	if (!Number.isFinite(short)) return short < 0 ? "-.inf" : ".inf";
	let nearest = short;
	for (let digits = 1; digits <= 9; digits++) {
		nearest = Number(short.toPrecision(digits));
		if (Math.fround(nearest) === short) break;
	}
	return (short < 0 || Object.is(short, -0) ? "-" : "") + goShortest(Math.abs(nearest));
}

/** The name of a member whose key is a scalar. */
export function keyText(value: Exclude<Scalar, null>): string {
	return typeof value === "number" ? shortFloat(value) : String(value);
}
