import { Lexer } from "yaml";

/** How the lexer marks that a document begins, and that a plain text follows. */
const DOCUMENT = "\x02";
const PLAIN = "\x1f";

const KNOWN_DIRECTIVE = /^%(?:YAML[ \t]+1\.1|TAG)[ \t]/;
const ANCHOR = /^[&*][0-9A-Za-z_-]+$/;
/** Escapes of a quoted text that go-yaml does not know: a slash, and halves of a surrogate pair. */
const GOOD_ESCAPES = /^(?:[^\\]|\\[^/u]|\\u(?![dD][89a-fA-F]))*$/su;

/** In flow go-yaml takes `-`, `:` and `?` for parts of a text or not by rules of its own. */
function oddInFlow(token: string, previous: string, next: string): boolean {
	if (previous === PLAIN) return /^[:?]/.test(token);
	return (token === "-" || token === ":") && /^[,[\]{}]/.test(next);
}

/**
 * Whether go-yaml would refuse a text that this host's parser takes: tabs where indentation is, directives, anchors and
 * escapes that it does not know, a document after the end of one without a start.
 * @throws {RangeError} for what go-yaml reads as something else.
 */
export function goYamlRefuses(text: string): boolean {
	const tokens = [...new Lexer().lex(text)];
	let flow = 0;
	/** Whether a key might begin here: go-yaml takes no tab for a space then. */
	let keyAllowed = true;
	/** Whether only a marker can begin a document. */
	let ended = false;
	let empty = true;
	for (const [i, token] of tokens.entries()) {
		const next = tokens[i + 1] ?? "\n";
		if (token === DOCUMENT || token === "\n" || token === "\r\n") keyAllowed = true;
		if (token === DOCUMENT || token === PLAIN || /^(?:#|\r?\n)/.test(token)) continue;
		if (/^[ \t]+$/.test(token)) {
			if (flow === 0 && keyAllowed && token.includes("\t")) return true;
			continue;
		}
		if (flow > 0 && oddInFlow(token, tokens[i - 1] ?? "", next)) {
			throw new RangeError("yaml: an indicator that touches a bracket or a text is not supported");
		}
		const plain = tokens[i - 1] === PLAIN;
		if (!plain && token.startsWith("%") && !KNOWN_DIRECTIVE.test(`${token} `)) return true;
		if (!plain && /^[&*]/.test(token) && !ANCHOR.test(token)) return true;
		if (!plain && token.startsWith("!") && !/^\s/.test(next)) return true;
		if (!plain && token.startsWith('"') && !GOOD_ESCAPES.test(token)) return true;
		if (token === "..." && !plain) {
			if (empty) return true;
			ended = true;
		} else if (token === "---" && !plain) ended = false;
		else if (ended && !token.startsWith("%")) return true;
		if (token === "[" || token === "{") flow++;
		else if (token === "]" || token === "}") flow--;
		keyAllowed = token === "-" || token === "?" || (token === ":" && keyAllowed);
		empty = false;
	}
	return false;
}
