import { isUtf8 } from "node:buffer";
import { byteString, wellFormed } from "../../term/byte-string.ts";
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

/** A text of any of the types that names are written in. */
function derText(tag: number, content: Buffer): string {
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
	/** Seconds east of UTC that it is written with. */
	readonly offset: number;
}

const SHORT = /^\d{10}(?:\d\d)?(?:Z|[-+]\d{4})$/;
const LONG = /^\d{14}(?:Z|[-+]\d{4})$/;

function offsetOf(text: string): number {
	const match = /([-+])(\d\d)(\d\d)$/.exec(text);
	if (match === null) return 0;
	const minutes = Number(match[2]) * 60 + Number(match[3]);
	// What Go would print otherwise than it was written is refused.
	if (minutes === 0 || Number(match[3]) > 59) throw new DerError();
	return (match[1] === "-" ? -60 : 60) * minutes;
}

/** A time of a certificate; of a year in two digits 50–99 are in the 20th century (RFC 5280, 4.1.2.5.1). */
export function readTime(reader: DerReader): Moment {
	const { tag, content } = reader.any();
	const written = content.toString("latin1");
	if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new DerError();
	if (!(tag === TAG.utcTime ? SHORT : LONG).test(written)) throw new DerError();
	const century = tag === TAG.generalizedTime ? "" : Number(written.slice(0, 2)) >= 50 ? "19" : "20";
	const seconds = /^\d{14}/.test(century + written) ? "05" : "";
	const ns = parseTime(`200601021504${seconds}Z0700`, century + written);
	if (ns === undefined) throw new DerError();
	return { second: Number(ns / 1_000_000_000n), offset: offsetOf(written) };
}

/** A time as Go's JSON has it, which knows no offset of a day and no year of five digits. */
export function timeText({ second, offset }: Moment): string {
	const zone = () => ({ name: "", offset, start: second, end: second });
	const text = formatTime(second, 0, zone, layoutNamed("RFC3339Nano"));
	if (!/^\d{4}-/.test(text) || Math.abs(offset) >= 86_400) throw new DerError();
	return text;
}

interface Attribute {
	readonly type: Oid;
	readonly value: string;
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
			name.push({ type, value: derText(tag, content) });
		}
	}
	return name;
}
