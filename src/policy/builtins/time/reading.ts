import type { LayoutToken } from "./layout.ts";

/** What was read so far, and the rest of the value. A reader that meets anything else answers `false`. */
export interface Reading {
	rest: string;
	year: number;
	month: number | undefined;
	day: number | undefined;
	yearDay: number | undefined;
	hour: number;
	minute: number;
	second: number;
	nanosecond: number;
	morning: boolean;
	afternoon: boolean;
	utc: boolean;
	/** Seconds east; −1, a second west of UTC, is Go's mark for none. */
	offset: number;
}

/** `next`: the element that follows in the layout, text left out. */
export type Reader = (reading: Reading, next: LayoutToken | undefined) => boolean;

export const digit = (text: string, at: number): boolean => {
	const code = text.charCodeAt(at);
	return code >= 0x30 && code <= 0x39;
};

/** Takes characters off the front. */
export function take(reading: Reading, length: number): string | undefined {
	if (reading.rest.length < length) return undefined;
	const taken = reading.rest.slice(0, length);
	reading.rest = reading.rest.slice(length);
	return taken;
}

/** One or two digits; two where `fixed`. */
function number(reading: Reading, fixed: boolean): number | undefined {
	const { rest } = reading;
	if (!digit(rest, 0)) return undefined;
	const two = digit(rest, 1);
	if (!two && fixed) return undefined;
	return Number(take(reading, two ? 2 : 1));
}

/** Digits with a sign, as Go's own number reader takes them: none are zero. */
export const signed = (text: string | undefined): number | undefined =>
	text !== undefined && /^[-+]?\d*$/.test(text) ? Number(`${text}0`) / 10 : undefined;

export const within =
	(min: number, max: number, fixed: boolean, set: (reading: Reading, value: number) => void): Reader =>
	(reading) => {
		const value = number(reading, fixed);
		if (value === undefined || value < min || value > max) return false;
		set(reading, value);
		return true;
	};

/** A name, whatever the case of its letters; the first of the list that fits. */
export function name(reading: Reading, names: readonly string[], length?: number): number | undefined {
	for (const [i, full] of names.entries()) {
		const wanted = full.slice(0, length);
		if (reading.rest.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase()) {
			reading.rest = reading.rest.slice(wanted.length);
			return i;
		}
	}
	return undefined;
}

export function skipSpaces(reading: Reading, most: number): void {
	for (let i = 0; i < most && reading.rest.startsWith(" "); i++) reading.rest = reading.rest.slice(1);
}
