import type { Descriptors, MessageType } from "../descriptors.ts";
import { type Cursor, LENGTH, readString, readTag, skipField, WireError } from "../reader.ts";

/** `google.protobuf.Any`: type_url = 1, value = 2. */
const TYPE_URL = (1 << 3) | LENGTH;
const VALUE = (2 << 3) | LENGTH;

/** The parts of the Any that begins at `c.pos`; the reader stays where it is. */
export interface AnyParts {
	readonly url: string;
	/** Absent: not in the descriptor set. */
	readonly type: MessageType | undefined;
	/** Where the packed message's length stands; -1 when there is none. */
	readonly valueAt: number;
}

export function readAnyParts(c: Cursor, descriptors: Descriptors): AnyParts {
	const start = c.pos;
	let url: string | undefined;
	let valueAt = -1;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === TYPE_URL) {
			// The last one counts, as does the last value: a reader of both could mix two packed messages.
			if (url !== undefined) throw new WireError("an Any with two types");
			url = readString(c);
		} else if (tag === VALUE) {
			if (valueAt >= 0) throw new WireError("an Any with two values");
			valueAt = c.pos;
			skipField(c, tag);
		} else skipField(c, tag);
	}
	c.pos = start;
	const name = url?.slice(url.lastIndexOf("/") + 1) ?? "";
	return { url: url ?? "", type: descriptors.messages.get(name), valueAt };
}

export const ANY_TYPE_URL = TYPE_URL;
export const ANY_VALUE = VALUE;
