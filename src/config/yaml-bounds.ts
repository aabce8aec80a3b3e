import { Lexer } from "yaml";
import { FIXED_LIMITS } from "./limits.ts";

export function tooDeep(): string {
	return `nested deeper than ${FIXED_LIMITS.envoy_file_levels.value} levels`;
}

export interface Beyond {
	readonly message: string;
	readonly offset: number;
}

/**
 * Whether a text is more than a parser should be given: its words are counted, and how deep brackets and
 * indicators on one line go, both in linear time. Deeper blocks need wider lines, which the parser bears.
 */
export function exceeds(text: string): Beyond | undefined {
	const maxTokens = FIXED_LIMITS.envoy_file_tokens.value;
	const maxLevels = FIXED_LIMITS.envoy_file_levels.value;
	let tokens = 0;
	let brackets = 0;
	let indicators = 0;
	let offset = 0;
	const beyond = (message: string): Beyond => ({ message, offset });
	for (const token of new Lexer().lex(text)) {
		if (++tokens > maxTokens) return beyond(`more than ${maxTokens} words and signs`);
		if (token === "[" || token === "{") brackets++;
		else if (token === "]" || token === "}") brackets = Math.max(0, brackets - 1);
		else if (token === "-" || token === "?") indicators++;
		else if (token.endsWith("\n")) indicators = 0;
		if (brackets + indicators > maxLevels) return beyond(tooDeep());
		// The lexer marks documents and plain texts by signs of its own, which are not in the text.
		if (!MARKS.has(token)) offset += token.length;
	}
	return undefined;
}

const MARKS: ReadonlySet<string> = new Set(["\x02", "\x18", "\x1f"]);
