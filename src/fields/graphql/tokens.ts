/** One token of a GraphQL document (GraphQL specification, section 2.1): punctuation and names as they are written. */
export interface Token {
	readonly kind: "punctuator" | "name" | "number" | "string" | "end";
	readonly text: string;
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Followed by neither a digit, a dot nor the start of a name (section 2.9.1). */
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.A-Za-z_])/y;
const PUNCTUATORS = "!$&()[]{}:=@|";
const SPREAD = "...";
const BLOCK = '"""';
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,8}\})/y;

/** Reads the tokens of a document one by one; undefined for what is none. */
export function createTokens(document: string): () => Token | undefined {
	let at = 0;

	/** White space, line ends, commas, byte order marks and comments mean nothing between tokens. */
	function skipIgnored(): void {
		for (; at < document.length; at++) {
			const c = document[at] as string;
			if (c === "#") {
				while (at < document.length && !isLineEnd(document[at])) at++;
			} else if (!"\ufeff\t \n\r,".includes(c)) return;
		}
	}

	function match(pattern: RegExp): string | undefined {
		pattern.lastIndex = at;
		return pattern.exec(document)?.[0];
	}

	/** Behind the end of the string that begins here; -1 where it does not end. */
	function stringEnd(): number {
		if (document.startsWith(BLOCK, at)) {
			for (let end = at + BLOCK.length; end < document.length; end++) {
				if (document.startsWith(`\\${BLOCK}`, end)) end += BLOCK.length;
				else if (document.startsWith(BLOCK, end)) return end + BLOCK.length;
			}
			return -1;
		}
		for (let end = at + 1; end < document.length; end++) {
			const c = document[end];
			if (c === '"') return end + 1;
			if (isLineEnd(c)) return -1;
			if (c !== "\\") continue;
			ESCAPE.lastIndex = end;
			const escaped = ESCAPE.exec(document)?.[0];
			if (escaped === undefined) return -1;
			end += escaped.length - 1;
		}
		return -1;
	}

	function token(kind: Token["kind"], text: string): Token {
		at += text.length;
		return { kind, text };
	}

	return () => {
		skipIgnored();
		const c = document[at];
		if (c === undefined) return { kind: "end", text: "" };
		if (PUNCTUATORS.includes(c)) return token("punctuator", c);
		if (document.startsWith(SPREAD, at)) return token("punctuator", SPREAD);
		if (c === '"') {
			const end = stringEnd();
			return end < 0 ? undefined : token("string", document.slice(at, end));
		}
		const name = match(NAME);
		if (name !== undefined) return token("name", name);
		const number = match(NUMBER);
		return number === undefined ? undefined : token("number", number);
	};
}

function isLineEnd(c: string | undefined): boolean {
	return c === "\n" || c === "\r";
}
