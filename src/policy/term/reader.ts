/** The text is no printed Rego value, or is nested too deep. */
export class TermSyntaxError extends Error {
	override readonly name = "TermSyntaxError";
}

/** The tokens of a printed Rego value. Spaces between tokens are skipped after each token; other white space is refused. */
export interface TermReader {
	/** Code unit at the position; NaN at the end. */
	peek(): number;
	skip(): void;
	/** Steps over `code` if it comes next. */
	take(code: number): boolean;
	expect(code: number): void;
	word(word: string): void;
	string(): string;
	/** The literal of a number: of JSON, or of the like of `.5`, `+1` and `007`, which a policy may get from a text. */
	number(): string;
	/** The depth of a container that starts at `depth`. */
	deeper(depth: number): number;
	ended(): boolean;
	position(): number;
	rewind(position: number): void;
}

/** Under the `u` flag a pair is one code point, so this meets lone surrogates alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;

export function termReader(text: string, maxDepth: number): TermReader {
	let at = 0;

	const fail = (what: string): never => {
		throw new TermSyntaxError(`${what} at offset ${at}`);
	};
	const spaces = (): void => {
		while (text.charCodeAt(at) === 0x20) at++;
	};

	const escaped = (start: number): string => {
		// JSON.parse is strict about escapes; surrogates come in pairs because OPA's strings are UTF-8.
		let end = at;
		for (;;) {
			const code = text.charCodeAt(end);
			if (code === 0x22) break;
			if (!(code >= 0x20)) fail("unterminated string");
			end += code === 0x5c ? 2 : 1;
		}
		let value: string;
		try {
			value = JSON.parse(text.slice(start, end + 1)) as string;
		} catch {
			return fail("bad escape");
		}
		// One that stands for a byte is there as it is; OPA writes no escape of one.
		if (LONE_SURROGATE.test(value) && !LONE_SURROGATE.test(text.slice(start, end))) fail("lone surrogate");
		at = end + 1;
		spaces();
		return value;
	};

	return {
		peek: () => text.charCodeAt(at),
		skip() {
			at++;
			spaces();
		},
		take(code) {
			if (text.charCodeAt(at) !== code) return false;
			at++;
			spaces();
			return true;
		},
		expect(code) {
			if (text.charCodeAt(at) !== code) fail(`no ${JSON.stringify(String.fromCharCode(code))}`);
			at++;
			spaces();
		},
		word(word) {
			if (!text.startsWith(word, at)) fail("unknown word");
			at += word.length;
			spaces();
		},
		string() {
			if (text.charCodeAt(at) !== 0x22) fail("no string");
			const start = at;
			for (at = start + 1; ; at++) {
				const code = text.charCodeAt(at);
				if (code === 0x22) break;
				if (code === 0x5c) return escaped(start);
				if (!(code >= 0x20)) fail("unterminated string");
			}
			const value = text.slice(start + 1, at);
			at++;
			spaces();
			return value;
		},
		number() {
			NUMBER.lastIndex = at;
			const literal = NUMBER.exec(text)?.[0] ?? fail("no value");
			at += literal.length;
			spaces();
			return literal;
		},
		deeper(depth) {
			if (depth >= maxDepth) fail("nested too deep");
			return depth + 1;
		},
		ended: () => at === text.length,
		position: () => at,
		rewind(position) {
			at = position;
		},
	};
}
