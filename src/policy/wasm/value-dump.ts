import type { JsonValue } from "../../lib/json-value.ts";
import { readTerm } from "../term/parse.ts";
import { type TermReader, TermSyntaxError, termReader } from "../term/reader.ts";
import { requireText, toDouble, toJsonValue } from "../term/to-json.ts";

/** The plain way, for what is JSON but for its spacing. `undefined`: a set or an odd key, to be read as terms. */
function readObject(reader: TermReader, depth: number): JsonValue | undefined {
	const object: Record<string, JsonValue> = Object.create(null);
	if (reader.take(0x7d)) return object;
	for (;;) {
		if (reader.peek() !== 0x22) return undefined;
		const name = requireText(reader.string());
		if (!reader.take(0x3a)) return undefined;
		if (object[name] !== undefined) throw new TermSyntaxError("two keys of one name");
		object[name] = readJson(reader, depth);
		if (reader.take(0x7d)) return object;
		reader.expect(0x2c);
	}
}

function readJson(reader: TermReader, depth: number): JsonValue {
	switch (reader.peek()) {
		case 0x22:
			return requireText(reader.string());
		case 0x7b: {
			const start = reader.position();
			reader.skip();
			const object = readObject(reader, reader.deeper(depth));
			if (object !== undefined) return object;
			reader.rewind(start);
			return toJsonValue(readTerm(reader, depth));
		}
		case 0x5b: {
			reader.skip();
			const inner = reader.deeper(depth);
			const items: JsonValue[] = [];
			if (reader.take(0x5d)) return items;
			for (;;) {
				items.push(readJson(reader, inner));
				if (reader.take(0x5d)) return items;
				reader.expect(0x2c);
			}
		}
		case 0x6e:
			reader.word("null");
			return null;
		case 0x74:
			reader.word("true");
			return true;
		case 0x66:
			reader.word("false");
			return false;
		case 0x73:
			reader.word("set()");
			return [];
		default:
			return toDouble(reader.number());
	}
}

export type ResultSet =
	| { readonly kind: "undefined" }
	| { readonly kind: "value"; readonly value: JsonValue };

const RESULT_PREFIX = '{{"result": ';

/**
 * Reads the result set of one evaluation as `opa_eval` prints it in OPA's own notation: `set()` or
 * `{{"result": VALUE}}`. Sets come as arrays in OPA's order.
 * @throws {TermSyntaxError} for any text OPA cannot have printed, more than one result, more than `maxDepth` nested
 * containers, two keys of one name, a number that fits no double, or a string that is no UTF-8.
 */
export function parseResultSet(text: string, maxDepth: number): ResultSet {
	if (text === "set()") return { kind: "undefined" };
	if (!text.startsWith(RESULT_PREFIX)) throw new TermSyntaxError("no result set");
	const reader = termReader(text, maxDepth);
	reader.rewind(RESULT_PREFIX.length);
	const value = readJson(reader, 0);
	reader.expect(0x7d);
	reader.expect(0x7d);
	if (!reader.ended()) throw new TermSyntaxError("more than one result");
	return { kind: "value", value };
}
