import { isDomain } from "./domain.ts";

/** A mailbox of RFC 2821, 4.1.2, its local part without quotes and backslashes. */
export interface Mailbox {
	readonly local: string;
	readonly domain: string;
}

/** A quoted local part; spaces pass, as in RFC 3696's examples. */
const QUOTED =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 2821 lets them stand in quotes.
	/^"((?:[\x01-\x08\x0b\x0c\x0e-!#-[\]-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*)"@/;
/** Characters and points; a backslash may stand before any, as RFC 3696 has it. */
const PLAIN = /^((?:\\[\s\S]|[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.])+)@/;

/** Reads an address of ASCII characters as Go does, which takes whatever follows the `@` for the domain. */
export function parseMailbox(text: string): Mailbox | undefined {
	const match = (text.startsWith('"') ? QUOTED : PLAIN).exec(text);
	if (match === null) return undefined;
	const local = (match[1] ?? "").replace(/\\([\s\S])/g, "$1");
	if (!text.startsWith('"') && /^\.|\.\.|\.$/.test(local)) return undefined;
	const domain = text.slice(match[0].length);
	return isDomain(domain, false) ? { local, domain } : undefined;
}
