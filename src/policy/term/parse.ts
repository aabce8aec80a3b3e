import { type TermReader, TermSyntaxError, termReader } from "./reader.ts";
import { arrayTerm, numberTerm, objectTerm, setTerm, type Term } from "./term.ts";

function parseList(reader: TermReader, close: number, depth: number): Term[] {
	const items: Term[] = [];
	if (reader.take(close)) return items;
	for (;;) {
		items.push(parseValue(reader, depth));
		if (reader.take(close)) return items;
		reader.expect(0x2c);
	}
}

/** After `{`: an object when the first value is followed by a colon, else a set. `{}` is an object. */
function parseBraces(reader: TermReader, depth: number): Term {
	if (reader.take(0x7d)) return objectTerm([]);
	const first = parseValue(reader, depth);
	if (!reader.take(0x3a)) {
		const items = [first];
		while (!reader.take(0x7d)) {
			reader.expect(0x2c);
			items.push(parseValue(reader, depth));
		}
		return setTerm(items);
	}
	const entries: (readonly [Term, Term])[] = [[first, parseValue(reader, depth)]];
	while (!reader.take(0x7d)) {
		reader.expect(0x2c);
		const key = parseValue(reader, depth);
		reader.expect(0x3a);
		entries.push([key, parseValue(reader, depth)]);
	}
	return objectTerm(entries);
}

function parseValue(reader: TermReader, depth: number): Term {
	switch (reader.peek()) {
		case 0x22:
			return reader.string();
		case 0x5b:
			reader.skip();
			return arrayTerm(parseList(reader, 0x5d, reader.deeper(depth)));
		case 0x7b:
			reader.skip();
			return parseBraces(reader, reader.deeper(depth));
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
			return setTerm([]);
		default:
			return numberTerm(reader.number());
	}
}

/** Reads one value at the reader's position, its containers counted from `depth`. */
export function readTerm(reader: TermReader, depth: number): Term {
	return parseValue(reader, depth);
}

/**
 * Reads the text of `opa_value_dump`. Strict: what OPA's printer cannot have written is refused.
 * @throws {TermSyntaxError} for any other text, or more than `maxDepth` nested containers.
 */
export function parseTerm(text: string, maxDepth: number): Term {
	const reader = termReader(text, maxDepth);
	const term = parseValue(reader, 0);
	if (!reader.ended()) throw new TermSyntaxError("text after the value");
	return term;
}
