import { consumerText } from "../../decision/handoff.ts";
import type { Identity } from "../../identity/types.ts";

/** What is written of a caller, call after call. */
export interface CallerTexts {
	/** `input.identity`: JSON in UTF-8. */
	readonly input: Buffer;
	/** Of the hand-off; empty for nobody. */
	readonly consumer: string;
}

/** Remembers the texts of callers: a token that was seen before gives the same identity again. */
export function createCallerTexts(): (identity: Identity) => CallerTexts {
	const known = new WeakMap<Identity, CallerTexts>();
	return (identity) => {
		let texts = known.get(identity);
		if (texts === undefined) {
			texts = {
				input: Buffer.from(JSON.stringify(identity)),
				consumer: identity.authenticated ? consumerText(identity) : "",
			};
			known.set(identity, texts);
		}
		return texts;
	};
}
