const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Longer texts are looked at by the runtime. */
const SHORT_TEXT = 128;

/** Whether a text stands between quotes as it is: short, ASCII, and nothing in it to escape. */
export function isPlain(text: string): boolean {
	const { length } = text;
	if (length > SHORT_TEXT) return false;
	for (let at = 0; at < length; at++) {
		const code = text.charCodeAt(at);
		if (code > 0x7e || code < 0x20 || code === QUOTE || code === BACKSLASH) return false;
	}
	return true;
}
