import { Buffer } from "node:buffer";
import { MAX_DEPTH } from "../../../fields/limits.ts";
import type { Descriptors, MessageType } from "../descriptors.ts";
import { emptyMessage, readDynamic } from "../dynamic-message.ts";
import { printJson } from "../protojson.ts";
import { asBuffer, cursor, WireError } from "../reader.ts";

/** The JSON form of a message's bytes, for whoever looks at what is in it. `maxLength`: of the text, characters. */
export function messageAsJson(
	bytes: Uint8Array,
	type: MessageType,
	descriptors: Descriptors,
	maxLength: number,
): Uint8Array | "too_large" | "malformed" {
	try {
		const message = emptyMessage(type);
		readDynamic(cursor(asBuffer(bytes)), message);
		const text = printJson(message, descriptors, { maxDepth: MAX_DEPTH, maxLength });
		return text === undefined ? "too_large" : Buffer.from(text);
	} catch (thrown) {
		if (thrown instanceof WireError) return "malformed";
		throw thrown;
	}
}
