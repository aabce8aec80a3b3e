/** A header value such as `form-data; name="a"`, its bytes one character each. */
export interface ParameterValue {
	/** What stands before the first semicolon, lower case. */
	readonly value: string;
	/** Names in lower case; undefined when they cannot be read, which leaves the value without any. */
	readonly parameters: ReadonlyMap<string, string> | undefined;
	/** Nothing was read in a form that other readers may read otherwise (RFC 2231, a stray backslash). */
	readonly plain: boolean;
}

const SPECIAL = '()<>@,;:\\"/[]?=';
const DISPOSITION = /^[!#-'*+\-.0-9A-Z^-~]+(?:\/[!#-'*+\-.0-9A-Z^-~]+)?$/i;
const TOKEN = /[!#-'*+\-.0-9A-Z^-~]+/iy;
const NAME = /[\t\n\v\f\r ]*;[\t\n\v\f\r ]*([!#-'*+\-.0-9A-Z^-~]+)[\t\n\v\f\r ]*=[\t\n\v\f\r ]*/iy;

/**
 * Reads a media type or a disposition with its parameters as Go's `mime.ParseMediaType` does: a parameter may come twice
 * if both are equal, RFC 2231's `name*` and `name*0` are put together, a backslash before an ordinary character is one.
 * Undefined when there is no value, or a parameter comes twice with two values.
 */
export function parseParameters(text: string): ParameterValue | undefined {
	const semicolon = text.indexOf(";");
	const value = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
	if (!DISPOSITION.test(value)) return undefined;
	const parameters = new Map<string, string>();
	const starred = new Map<string, Map<string, string>>();
	let plain = true;
	let at = semicolon < 0 ? text.length : semicolon;
	for (;;) {
		const rest = text.slice(at).trim();
		if (rest === "" || rest === ";") break;
		NAME.lastIndex = at;
		const found = NAME.exec(text);
		const name = found?.[1]?.toLowerCase();
		if (name === undefined) return { value, parameters: undefined, plain: false };
		const given = consumeValue(text, NAME.lastIndex);
		if (given === undefined) return { value, parameters: undefined, plain: false };
		at = given.end;
		plain &&= given.plain;
		const star = name.indexOf("*");
		let into = parameters;
		if (star >= 0) {
			const base = name.slice(0, star);
			into = starred.get(base) ?? new Map();
			starred.set(base, into);
		}
		const before = into.get(name);
		if (before !== undefined && before !== given.value) return undefined;
		plain &&= before === undefined;
		into.set(name, given.value);
	}
	for (const [base, pieces] of starred) {
		if (base !== "filename") plain = false;
		const text = stitched(base, pieces);
		if (text !== undefined) parameters.set(base, text);
	}
	return { value, parameters, plain };
}

function consumeValue(
	text: string,
	start: number,
): { readonly value: string; readonly end: number; readonly plain: boolean } | undefined {
	if (text[start] !== '"') {
		TOKEN.lastIndex = start;
		const value = TOKEN.exec(text)?.[0];
		return value === undefined ? undefined : { value, end: start + value.length, plain: true };
	}
	let value = "";
	let plain = true;
	for (let at = start + 1; at < text.length; at++) {
		const char = text[at] as string;
		if (char === '"') return { value, end: at + 1, plain };
		if (char === "\r" || char === "\n") return undefined;
		if (char === "\\") {
			const next = text[at + 1];
			// Browsers write %22 for a quotation mark; of a backslash before one, readers make either.
			plain = false;
			if (next !== undefined && SPECIAL.includes(next)) {
				value += next;
				at++;
				continue;
			}
		}
		value += char;
	}
	return undefined;
}

/** The pieces of one RFC 2231 parameter; undefined when they are none. */
function stitched(base: string, pieces: ReadonlyMap<string, string>): string | undefined {
	const single = pieces.get(`${base}*`);
	if (single !== undefined) return extended(single);
	let text: string | undefined;
	for (let index = 0; ; index++) {
		const simple = pieces.get(`${base}*${index}`);
		if (simple !== undefined) {
			text = (text ?? "") + simple;
			continue;
		}
		const encoded = pieces.get(`${base}*${index}*`);
		if (encoded === undefined) return text;
		text = (text ?? "") + ((index === 0 ? extended(encoded) : unescaped(encoded)) ?? "");
	}
}

/** RFC 2231, section 4: charset, language, text. */
function extended(text: string): string | undefined {
	const found = /^(?:utf-8|us-ascii)'[^']*'([\s\S]*)$/i.exec(text)?.[1];
	return found === undefined ? undefined : unescaped(found);
}

function unescaped(text: string): string | undefined {
	if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
	return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
