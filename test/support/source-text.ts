/** A source file with what is no code taken out: comments are blanked, and so is the inside of every string. */
export interface SourceText {
	/** Same length as the source; offsets match. */
	readonly code: string;
	/** Offset of an opening quote → the raw text between the quotes. Template literals with places are left out. */
	readonly strings: ReadonlyMap<number, string>;
	/** Raw text of every comment, without its markers. */
	readonly comments: readonly { readonly text: string; readonly offset: number; readonly line: boolean }[];
}

/** After one of these a `/` begins a regular expression rather than a division. */
const BEFORE_REGEX =
	/(?:^|[([{,;=:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|do|else|await|yield))\s*$/;

/** Reads TypeScript well enough to tell code from strings, comments and regular expressions. */
export function readSource(source: string): SourceText {
	const code = [...Array(source.length).keys()].map((index) => source[index] ?? "");
	const strings = new Map<number, string>();
	const comments: { text: string; offset: number; line: boolean }[] = [];
	const blank = (from: number, to: number) => {
		for (let index = from; index < to; index++) if (code[index] !== "\n") code[index] = " ";
	};
	/** Depth of braces at which a template's place ends. */
	const templates: number[] = [];
	let depth = 0;
	let at = 0;

	function quoted(quote: string): void {
		const open = at;
		at += 1;
		while (at < source.length && source[at] !== quote && source[at] !== "\n")
			at += source[at] === "\\" ? 2 : 1;
		strings.set(open, source.slice(open + 1, at));
		blank(open + 1, at);
		at += 1;
	}

	function template(): void {
		const open = at;
		at += 1;
		while (at < source.length && source[at] !== "`") {
			if (source[at] === "$" && source[at + 1] === "{") {
				blank(open + 1, at);
				templates.push(depth);
				at += 2;
				depth += 1;
				return;
			}
			at += source[at] === "\\" ? 2 : 1;
		}
		blank(open + 1, at);
		at += 1;
	}

	function regex(): void {
		const open = at;
		let inClass = false;
		at += 1;
		while (at < source.length && source[at] !== "\n" && (inClass || source[at] !== "/")) {
			if (source[at] === "\\") at += 1;
			else if (source[at] === "[") inClass = true;
			else if (source[at] === "]") inClass = false;
			at += 1;
		}
		blank(open + 1, at);
		at += 1;
	}

	while (at < source.length) {
		const char = source[at];
		const two = source.slice(at, at + 2);
		if (two === "//" || two === "/*") {
			const close = two === "//" ? source.indexOf("\n", at) : source.indexOf("*/", at + 2);
			const end = close < 0 ? source.length : two === "//" ? close : close + 2;
			const text = source.slice(at + 2, two === "//" ? end : end - 2);
			comments.push({ text, offset: at, line: two === "//" });
			blank(at, end);
			at = end;
		} else if (char === '"' || char === "'") quoted(char);
		else if (char === "`") template();
		else if (char === "/" && BEFORE_REGEX.test(code.slice(Math.max(0, at - 40), at).join(""))) regex();
		else if (char === "}" && templates.at(-1) === depth - 1) {
			templates.pop();
			depth -= 1;
			template();
		} else {
			if (char === "{") depth += 1;
			if (char === "}") depth -= 1;
			at += 1;
		}
	}
	return { code: code.join(""), strings, comments };
}
