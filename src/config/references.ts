import { fileURLToPath } from "node:url";
import { errorMessage } from "../lib/error-message.ts";

/** What a reference may read; both throw with a message for the operator that holds no content. */
export interface ReferenceReaders {
	/** Undefined when the variable is not set. */
	readonly env: (name: string) => string | undefined;
	/** The file's text; the path is as written, to be resolved by the reader. */
	readonly file: (path: string) => string;
}

export type Expanded =
	| { readonly ok: true; readonly text: string }
	| { readonly ok: false; readonly error: string };

/**
 * Replaces `${env:NAME}` anywhere in a text, and a text that is wholly `file:PATH` by the file's content without
 * one final line end. What was put in is not expanded again. A key that holds a path keeps the path of `file:`.
 */
export function expandReferences(text: string, holdsPath: boolean, readers: ReferenceReaders): Expanded {
	try {
		if (text.startsWith("file:")) {
			const path = text.startsWith("file://") ? fileURLToPath(text) : text.slice("file:".length);
			return { ok: true, text: holdsPath ? path : withoutFinalLineEnd(readers.file(path)) };
		}
		return {
			ok: true,
			text: text.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => variable(whole, inner, readers)),
		};
	} catch (thrown) {
		return { ok: false, error: errorMessage(thrown) };
	}
}

function variable(whole: string, inner: string, readers: ReferenceReaders): string {
	const name = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(inner)?.[1];
	if (name === undefined) throw new Error(`${whole} is no reference; \${env:NAME} is`);
	const value = readers.env(name);
	if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
	return value;
}

/** Editors and `echo` end a file with a line end that is no part of what it holds. */
function withoutFinalLineEnd(text: string): string {
	return text.replace(/\r?\n$/, "");
}
