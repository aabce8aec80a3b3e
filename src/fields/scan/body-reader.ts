import type { Refusal } from "../types.ts";

/** A media type's way through a body: it finds the texts, a scanner reads them. */
export interface BodyReader {
	/** Reads a chunk that the output was begun with. */
	write(chunk: Uint8Array): Refusal | undefined;
	/** Bytes at the end of the last chunk that have to come again, in front of the next one. */
	readonly unread: number;
	/** The body ends. */
	end(): Refusal | undefined;
}
