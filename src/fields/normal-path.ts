/** What RFC 9535 lets follow a dot. */
const SHORTHAND = /^[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][0-9A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}]*$/u;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
	["\b", "\\b"],
	["\t", "\\t"],
	["\n", "\\n"],
	["\f", "\\f"],
	["\r", "\\r"],
	["'", "\\'"],
	["\\", "\\\\"],
]);

/** The segment of a normalised path (RFC 9535, section 2.7) for a member name; shorthand where it may be. */
export function nameSegment(name: string): string {
	return SHORTHAND.test(name) ? `.${name}` : `['${escapeName(name)}']`;
}

function escapeName(name: string): string {
	let out = "";
	for (const c of name) {
		const code = c.codePointAt(0)!;
		const short = SHORT_ESCAPES.get(c);
		if (short !== undefined) out += short;
		else if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff))
			out += `\\u${code.toString(16).padStart(4, "0")}`;
		else out += c;
	}
	return out;
}
