import { isUtf8 } from "node:buffer";

/**
 * The text of UTF-8 bytes. `undefined` when they are none: OPA's strings hold any bytes, ours hold text, and a
 * replacement character would be another value than OPA's.
 */
export function textOf(bytes: Buffer): string | undefined {
	return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}
