import { byteString, bytesOf } from "../../term/byte-string.ts";

/** One element of a Go time layout; what it prints and reads is named by its own text in the layout. */
export type LayoutToken =
	| { readonly kind: "text"; readonly text: string }
	| { readonly kind: "field"; readonly name: FieldName }
	| {
			readonly kind: "fraction";
			readonly separator: string;
			readonly digits: number;
			/** Of nines: zeros at the end are not printed. */
			readonly short: boolean;
	  };

/** Longest first where one is the start of another. */
const FIELDS = [
	"January",
	"Jan",
	"Monday",
	"Mon",
	"MST",
	"002",
	"01",
	"02",
	"03",
	"04",
	"05",
	"06",
	"15",
	"1",
	"2006",
	"2",
	"_2",
	"__2",
	"3",
	"4",
	"5",
	"PM",
	"pm",
	"-070000",
	"-07:00:00",
	"-0700",
	"-07:00",
	"-07",
	"Z070000",
	"Z07:00:00",
	"Z0700",
	"Z07:00",
	"Z07",
] as const;

export type FieldName = (typeof FIELDS)[number];

const BY_FIRST = new Map<string, FieldName[]>();
for (const field of FIELDS) BY_FIRST.set(field.charAt(0), [...(BY_FIRST.get(field.charAt(0)) ?? []), field]);

/** "Mon" in "Month" and "Jan" in "Jane" are text. */
const WHOLE_WORDS: ReadonlySet<FieldName> = new Set<FieldName>(["Jan", "Mon"]);

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

function fieldAt(layout: string, at: number): FieldName | undefined {
	return BY_FIRST.get(layout.charAt(at))?.find((field) => {
		if (!layout.startsWith(field, at)) return false;
		const next = layout.charCodeAt(at + field.length);
		return !(WHOLE_WORDS.has(field) && next >= 0x61 && next <= 0x7a);
	});
}

/** How many zeros or nines follow a point or comma, when no other digit follows them. */
function fractionDigits(layout: string, at: number): number {
	const digit = layout[at + 1];
	if (digit !== "0" && digit !== "9") return 0;
	let end = at + 1;
	while (layout[end] === digit) end++;
	return isDigit(layout.charCodeAt(end)) ? 0 : end - at - 1;
}

/** Go keeps twelve bits of the count. */
const MAX_DIGITS = 0xfff;

/** Takes a layout apart, as Go's `time` package does. `layout` holds one byte a character. */
export function parseLayout(layout: string): readonly LayoutToken[] {
	const tokens: LayoutToken[] = [];
	let text = 0;
	let at = 0;
	const take = (token: LayoutToken, length: number): void => {
		if (at > text) tokens.push({ kind: "text", text: layout.slice(text, at) });
		tokens.push(token);
		at += length;
		text = at;
	};
	while (at < layout.length) {
		const character = layout[at] as string;
		if (character === "." || character === ",") {
			const digits = fractionDigits(layout, at);
			if (digits === 0) at++;
			else {
				const short = layout[at + 1] === "9";
				take({ kind: "fraction", separator: character, digits: digits & MAX_DIGITS, short }, digits + 1);
			}
			continue;
		}
		// An underscore before the year is text.
		const field = layout.startsWith("_2006", at) ? undefined : fieldAt(layout, at);
		if (field === undefined) at++;
		else take({ kind: "field", name: field }, field.length);
	}
	if (at > text) tokens.push({ kind: "text", text: layout.slice(text) });
	return tokens;
}

/** Layouts that OPA knows by name. */
const NAMED: ReadonlyMap<string, string> = new Map([
	["ANSIC", "Mon Jan _2 15:04:05 2006"],
	["UnixDate", "Mon Jan _2 15:04:05 MST 2006"],
	["RubyDate", "Mon Jan 02 15:04:05 -0700 2006"],
	["RFC822", "02 Jan 06 15:04 MST"],
	["RFC822Z", "02 Jan 06 15:04 -0700"],
	["RFC850", "Monday, 02-Jan-06 15:04:05 MST"],
	["RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"],
	["RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"],
	["RFC3339", "2006-01-02T15:04:05Z07:00"],
	["RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"],
]);

/** A layout by its name, or itself. */
export const layoutNamed = (layout: string): string => NAMED.get(layout) ?? layout;

/** Text as bytes, one a character: Go's layouts and values are bytes. */
export const toBytes = (text: string): string => bytesOf(text).toString("latin1");

/** The reverse of {@link toBytes}. */
export const fromBytes = (bytes: string): string => byteString(Buffer.from(bytes, "latin1"));
