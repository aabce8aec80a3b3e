export interface MediaType {
	/** Lower case. */
	readonly type: string;
	/** Lower case, with its structured suffix. */
	readonly subtype: string;
	/** What follows the last `+` of the subtype, lower case. */
	readonly suffix?: string;
	/** Names in lower case, values as given with quoting undone. */
	readonly parameters: ReadonlyMap<string, string>;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /[A-Za-z0-9!#$%&'*+.^_`|~-]+/y;
/** RFC 9110, section 5.6.4; obs-text stays as it came. */
const QUOTED = /"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"/y;
const SPACE = /[ \t]*/y;

/**
 * Parses one media type as RFC 9110, section 8.3.1 has it. Whatever is not exactly one — two values
 * joined by a comma, a parameter twice, anything behind it — is `undefined`: who guesses at a type that
 * two readers may read differently masks the wrong thing.
 */
export function parseMediaType(value: string): MediaType | undefined {
	let at = 0;
	const take = (pattern: RegExp): string | undefined => {
		pattern.lastIndex = at;
		const found = pattern.exec(value)?.[0];
		if (found !== undefined) at += found.length;
		return found;
	};
	take(SPACE);
	const type = take(TOKEN)?.toLowerCase();
	if (type === undefined || value[at++] !== "/") return undefined;
	const subtype = take(TOKEN)?.toLowerCase();
	if (subtype === undefined) return undefined;
	const parameters = new Map<string, string>();
	for (;;) {
		take(SPACE);
		if (at === value.length) break;
		if (value[at++] !== ";") return undefined;
		take(SPACE);
		// Section 5.6.6 lets the parameter behind a semicolon be missing.
		if (at === value.length || value[at] === ";") continue;
		const name = take(TOKEN)?.toLowerCase();
		if (name === undefined || value[at++] !== "=") return undefined;
		const quoted = take(QUOTED);
		const text = quoted === undefined ? take(TOKEN) : quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1");
		if (text === undefined || parameters.has(name)) return undefined;
		parameters.set(name, text);
	}
	const plus = subtype.lastIndexOf("+");
	if (plus < 0) return { type, subtype, parameters };
	return { type, subtype, suffix: subtype.slice(plus + 1), parameters };
}
