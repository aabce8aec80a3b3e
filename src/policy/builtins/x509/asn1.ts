import { numberTerm, type Term } from "../../term/term.ts";
import { type DerElement, DerError, derBits, derBoolean, derInt64, derOid, lengthAt, TAG } from "./der.ts";
import { bytesTerm, oidTerm, record } from "./terms.ts";
import { derText, derTime, isTextTag, timeText } from "./values.ts";

/** What no tag of one byte is: the class of a tag of several bytes matters to nobody here. */
const LONG_TAG = -1;

/** Where a tag of several bytes ends, whose number is in the fewest bytes and no number of one byte (X.690, 8.1.2.4). */
function afterLongTag(bytes: Buffer, at: number): number {
	let end = at + 1;
	while ((bytes[end] ?? 0) >= 0x80) end++;
	const digits = bytes.subarray(at + 1, end + 1);
	if (end >= bytes.length || digits[0] === 0x80 || digits.length > 5) throw new DerError();
	const number = digits.reduce((value, byte) => value * 128 + (byte & 0x7f), 0);
	if (number < 0x1f || number > 0x7fffffff) throw new DerError();
	return end + 1;
}

/**
 * Elements one after another, as Go's `encoding/asn1` finds them: tags of several bytes too.
 * @throws {DerError} where bytes are none.
 */
export function* elementsOf(bytes: Buffer): Generator<DerElement, undefined> {
	for (let at = 0; at < bytes.length; ) {
		const first = bytes[at] ?? 0;
		const long = (first & 0x1f) === 0x1f;
		const { length, start } = lengthAt(bytes, long ? afterLongTag(bytes, at) : at + 1);
		const end = start + length;
		if (end > bytes.length) throw new DerError();
		yield {
			tag: long ? LONG_TAG : first,
			content: bytes.subarray(start, end),
			whole: bytes.subarray(at, end),
		};
		at = end;
	}
}

/** The fields of a SEQUENCE one after another; Go lets further ones follow. */
export interface Fields {
	/** The next element, if it has this tag. */
	readonly optional: (tag?: number) => DerElement | undefined;
	/** The next element. @throws {DerError} for another tag, and for none. */
	readonly next: (tag?: number) => DerElement;
}

export function fieldsOf(content: Buffer): Fields {
	const elements = elementsOf(content);
	let ahead: DerElement | undefined;
	const optional = (tag?: number): DerElement | undefined => {
		ahead ??= elements.next().value;
		if (ahead === undefined || (tag !== undefined && ahead.tag !== tag)) return undefined;
		const found = ahead;
		ahead = undefined;
		return found;
	};
	const next = (tag?: number): DerElement => {
		const found = optional(tag);
		if (found === undefined) throw new DerError();
		return found;
	};
	return { optional, next };
}

/** Elements that all have one tag. */
export function listOf(content: Buffer, tag: number): readonly DerElement[] {
	const elements = [...elementsOf(content)];
	if (elements.some((element) => element.tag !== tag)) throw new DerError();
	return elements;
}

/** What Go's JSON has for an element whose type nobody gave; null for one that it does not know. */
export function anyTerm({ tag, content }: DerElement): Term {
	switch (tag) {
		case TAG.boolean:
			return derBoolean(content);
		case TAG.integer:
			return numberTerm(derInt64(content));
		case TAG.bits: {
			const { bytes, unused } = derBits(content);
			return record({ Bytes: bytesTerm(bytes), BitLength: numberTerm(bytes.length * 8 - unused) });
		}
		case TAG.octets:
			return bytesTerm(content);
		case TAG.oid:
			return oidTerm(derOid(content));
		case TAG.utcTime:
		case TAG.generalizedTime:
			return timeText(derTime(tag, content));
		default:
			return isTextTag(tag) ? derText(tag, content) : null;
	}
}
