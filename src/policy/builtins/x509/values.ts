import { isUtf8 } from "node:buffer";
import { byteString, wellFormed } from "../../term/byte-string.ts";
import type { Term } from "../../term/term.ts";
import { formatTime } from "../time/format.ts";
import { layoutNamed } from "../time/layout.ts";
import { parseTime } from "../time/parse.ts";
import { DerError, type DerReader, derOid, derReader, TAG } from "./der.ts";

export type Oid = readonly number[];

export const oidText = (oid: Oid): string => oid.join(".");

export const readOid = (reader: DerReader): Oid => derOid(reader.read(TAG.oid));

/** Bytes as a string of Go's JSON. */
export const jsonText = (content: Buffer): string => wellFormed(byteString(content));

const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;

/** Text of ASCII alone. */
export function ia5(content: Buffer): string {
	if (content.some((byte) => byte >= 0x80)) throw new DerError();
	return content.toString("latin1");
}

/** Two bytes a character; what is no character of the basic plane is refused. */
function bmp(content: Buffer): string {
	if (content.length % 2 !== 0) throw new DerError();
	const end = content.length >= 2 && content.readUInt16BE(content.length - 2) === 0 ? -2 : undefined;
	const text = Buffer.from(content.subarray(0, end)).swap16().toString("utf16le");
	if (/[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/.test(text)) throw new DerError();
	return text;
}

const TEXTS: ReadonlySet<number> = new Set([TAG.t61, TAG.printable, TAG.utf8, TAG.bmp, TAG.ia5, TAG.numeric]);

export const isTextTag = (tag: number): boolean => TEXTS.has(tag);

/** A text of any of the types that names are written in. */
export function derText(tag: number, content: Buffer): string {
	const latin = content.toString("latin1");
	switch (tag) {
		case TAG.t61:
			return latin;
		case TAG.printable:
			if (!PRINTABLE.test(latin)) throw new DerError();
			return latin;
		case TAG.utf8:
			if (!isUtf8(content)) throw new DerError();
			return content.toString("utf8");
		case TAG.bmp:
			return bmp(content);
		case TAG.ia5:
			return ia5(content);
		case TAG.numeric:
			if (!/^[0-9 ]*$/.test(latin)) throw new DerError();
			return latin;
		default:
			throw new DerError();
	}
}

export interface Moment {
	/** Seconds since 1970. */
	readonly second: number;
	readonly nanosecond: number;
	/** Seconds east of UTC that it is written with. */
	readonly offset: number;
}

const SHORT = /^\d{10}(?:\d\d)?(?:Z|[-+]\d{4})$/;
const LONG = /^\d{14}(?:Z|[-+]\d{4})$/;
/** As `encoding/asn1` takes it: no zero ends a fraction. */
const FRACTIONAL = /^(\d{14})(?:\.(\d{0,8}[1-9]))?(Z|[-+]\d{4})$/;

function offsetOf(text: string): number {
	const match = /([-+])(\d\d)(\d\d)$/.exec(text);
	if (match === null) return 0;
	const minutes = Number(match[2]) * 60 + Number(match[3]);
	// What Go would print otherwise than it was written is refused.
	if (minutes === 0 || Number(match[3]) > 59) throw new DerError();
	return (match[1] === "-" ? -60 : 60) * minutes;
}

/** Reads a time without a fraction; of a year in two digits 50–99 are in the 20th century (RFC 5280, 4.1.2.5.1). */
function momentOf(tag: number, written: string): Moment {
	if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new DerError();
	if (!(tag === TAG.utcTime ? SHORT : LONG).test(written)) throw new DerError();
	const century = tag === TAG.generalizedTime ? "" : Number(written.slice(0, 2)) >= 50 ? "19" : "20";
	const seconds = /^\d{14}/.test(century + written) ? "05" : "";
	const ns = parseTime(`200601021504${seconds}Z0700`, century + written);
	if (ns === undefined) throw new DerError();
	return { second: Number(ns / 1_000_000_000n), nanosecond: 0, offset: offsetOf(written) };
}

/** A time of a certificate. */
export function readTime(reader: DerReader): Moment {
	const { tag, content } = reader.any();
	return momentOf(tag, content.toString("latin1"));
}

/** A time that may have a fraction of a second. */
export function derTime(tag: number, content: Buffer): Moment {
	const written = content.toString("latin1");
	const [, start, fraction = "", zone] =
		(tag === TAG.generalizedTime ? FRACTIONAL : /^$/).exec(written) ?? [];
	if (start === undefined) return momentOf(tag, written);
	return { ...momentOf(tag, `${start}${zone}`), nanosecond: Number(fraction.padEnd(9, "0")) };
}

/** A value that Go reads and its JSON cannot show. */
export class UnwritableError extends DerError {}

/** A time as Go's JSON has it, which knows no offset of a day and no year of five digits. */
export function timeText({ second, nanosecond, offset }: Moment): string {
	const zone = () => ({ name: "", offset, start: second, end: second });
	const text = formatTime(second, nanosecond, zone, layoutNamed("RFC3339Nano"));
	if (!/^\d{4}-/.test(text) || Math.abs(offset) >= 86_400) throw new UnwritableError();
	return text;
}

export interface Attribute {
	readonly type: Oid;
	readonly value: Term;
	/** The value is written as a text; in a request it may be of any type. */
	readonly isText: boolean;
}

/** A distinguished name's attributes, one after another (RFC 5280, 4.1.2.4). */
export type Name = readonly Attribute[];

export function readName(whole: Buffer): Name {
	const name: Attribute[] = [];
	const sets = derReader(whole).inside(TAG.sequence);
	while (!sets.ended()) {
		const set = sets.inside(TAG.set);
		while (!set.ended()) {
			const pair = set.inside(TAG.sequence);
			const type = readOid(pair);
			const { tag, content } = pair.any();
			name.push({ type, value: derText(tag, content), isText: true });
		}
	}
	return name;
}
