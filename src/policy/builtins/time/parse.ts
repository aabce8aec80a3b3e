import { daysIn, secondOf } from "./civil.ts";
import { type FieldName, parseLayout, toBytes } from "./layout.ts";
import { MONTHS, WEEKDAYS } from "./names.ts";
import { HOURS, MINUTES, MINUTES_COLON, offset, SECONDS, SECONDS_COLON, zoneName } from "./parse-zone.ts";
import { digit, name, type Reader, type Reading, signed, skipSpaces, take, within } from "./reading.ts";

const monthName =
	(length?: number): Reader =>
	(reading) => {
		const found = name(reading, MONTHS, length);
		if (found === undefined) return false;
		reading.month = found + 1;
		return true;
	};

const weekdayName =
	(length?: number): Reader =>
	(reading) =>
		name(reading, WEEKDAYS, length) !== undefined;

const month = (fixed: boolean): Reader =>
	within(1, 12, fixed, (reading, value) => {
		reading.month = value;
	});
const day = (fixed: boolean): Reader =>
	within(0, 99, fixed, (reading, value) => {
		reading.day = value;
	});
const minute = (fixed: boolean): Reader =>
	within(0, 59, fixed, (reading, value) => {
		reading.minute = value;
	});
const hour = (max: number, fixed: boolean): Reader =>
	within(0, max, fixed, (reading, value) => {
		reading.hour = value;
	});

const yearDay =
	(fixed: boolean): Reader =>
	(reading) => {
		if (!fixed) skipSpaces(reading, 2);
		const digits = /^\d{1,3}/.exec(reading.rest)?.[0];
		if (digits === undefined || (fixed && digits.length !== 3)) return false;
		reading.yearDay = Number(take(reading, digits.length));
		return true;
	};

/** The point or comma and up to nine of the digits after it. */
function fraction(reading: Reading, length: number): boolean {
	const text = take(reading, length);
	if (text === undefined || !/^[.,]/.test(text)) return false;
	const digits = text.slice(1, 10);
	const value = signed(digits);
	if (value === undefined || value < 0) return false;
	reading.nanosecond = value * 10 ** (9 - digits.length);
	return true;
}

const second = (fixed: boolean): Reader => {
	const read = within(0, 59, fixed, (reading, value) => {
		reading.second = value;
	});
	return (reading, next) => {
		if (!read(reading, next)) return false;
		// A fraction is read here even where the layout has none.
		const digits = next?.kind === "fraction" ? undefined : /^[.,]\d+/.exec(reading.rest)?.[0];
		return digits === undefined || fraction(reading, digits.length);
	};
};

const half =
	(upper: boolean): Reader =>
	(reading) => {
		const text = take(reading, 2);
		const wanted = upper ? ["AM", "PM"] : ["am", "pm"];
		if (text === undefined || !wanted.includes(text)) return false;
		if (/^p/i.test(text)) reading.afternoon = true;
		else reading.morning = true;
		return true;
	};

const READ: Readonly<Record<FieldName, Reader>> = {
	January: monthName(),
	Jan: monthName(3),
	"1": month(false),
	"01": month(true),
	Monday: weekdayName(),
	Mon: weekdayName(3),
	"2": day(false),
	_2: (reading, next) => {
		skipSpaces(reading, 1);
		return day(false)(reading, next);
	},
	"02": day(true),
	__2: yearDay(false),
	"002": yearDay(true),
	"15": hour(23, false),
	"3": hour(12, false),
	"03": hour(12, true),
	"4": minute(false),
	"04": minute(true),
	"5": second(false),
	"05": second(true),
	"2006": (reading) => {
		const value = digit(reading.rest, 0) ? signed(take(reading, 4)) : undefined;
		reading.year = value ?? 0;
		return value !== undefined;
	},
	"06": (reading) => {
		const value = signed(take(reading, 2));
		reading.year = (value ?? 0) + ((value ?? 0) >= 69 ? 1900 : 2000);
		return value !== undefined;
	},
	PM: half(true),
	pm: half(false),
	MST: zoneName,
	Z07: offset(HOURS, true),
	Z0700: offset(MINUTES, true),
	"Z07:00": offset(MINUTES_COLON, true),
	Z070000: offset(SECONDS, true),
	"Z07:00:00": offset(SECONDS_COLON, true),
	"-07": offset(HOURS, false),
	"-0700": offset(MINUTES, false),
	"-07:00": offset(MINUTES_COLON, false),
	"-070000": offset(SECONDS, false),
	"-07:00:00": offset(SECONDS_COLON, false),
};

/** Text stands for itself, but any run of spaces for any other, or for none at the end. */
function readText(reading: Reading, text: string): boolean {
	let rest = text;
	while (rest !== "") {
		if (rest.startsWith(" ")) {
			if (reading.rest !== "" && !reading.rest.startsWith(" ")) return false;
			rest = rest.replace(/^ +/, "");
			reading.rest = reading.rest.replace(/^ +/, "");
			continue;
		}
		const end = rest.indexOf(" ");
		const word = end === -1 ? rest : rest.slice(0, end);
		if (!reading.rest.startsWith(word)) return false;
		reading.rest = reading.rest.slice(word.length);
		rest = rest.slice(word.length);
	}
	return true;
}

function readFraction(
	reading: Reading,
	token: { readonly digits: number; readonly short: boolean },
): boolean {
	if (!token.short) return fraction(reading, token.digits + 1);
	const match = /^[.,]\d+/.exec(reading.rest);
	return match === null || fraction(reading, match[0].length);
}

/** Month and day, from either or from the day of the year, and agreeing with it; `undefined` if there is no such day. */
function monthAndDay(reading: Reading): { readonly month: number; readonly day: number } | undefined {
	if (reading.yearDay === undefined) {
		const { month: read = 1, day: date = 1 } = reading;
		return date < 1 || date > daysIn(read, reading.year) ? undefined : { month: read, day: date };
	}
	let left = reading.yearDay;
	let at = 1;
	if (left < 1) return undefined;
	while (at <= 12 && left > daysIn(at, reading.year)) {
		left -= daysIn(at, reading.year);
		at++;
	}
	if (at > 12 || (reading.month ?? at) !== at || (reading.day ?? left) !== left) return undefined;
	return { month: at, day: left };
}

/**
 * Nanoseconds since 1970 of a time written in a Go layout, of any size, as Go's `time.Parse` reads it in UTC: zone
 * names are not looked up, and times without a zone are UTC. `undefined` where Go reports an error.
 */
export function parseTime(layout: string, value: string): bigint | undefined {
	const reading: Reading = {
		rest: toBytes(value),
		year: 0,
		month: undefined,
		day: undefined,
		yearDay: undefined,
		hour: 0,
		minute: 0,
		second: 0,
		nanosecond: 0,
		morning: false,
		afternoon: false,
		utc: false,
		offset: -1,
	};
	const tokens = parseLayout(toBytes(layout));
	for (const [i, token] of tokens.entries()) {
		const read =
			token.kind === "text"
				? readText(reading, token.text)
				: token.kind === "field"
					? READ[token.name](
							reading,
							tokens.slice(i + 1, i + 3).find(({ kind }) => kind !== "text"),
						)
					: readFraction(reading, token);
		if (!read) return undefined;
	}
	if (reading.rest !== "") return undefined;
	const date = monthAndDay(reading);
	if (date === undefined) return undefined;
	let hours = reading.hour;
	if (reading.afternoon && hours < 12) hours += 12;
	else if (reading.morning && hours === 12) hours = 0;
	const local = secondOf({ ...reading, ...date, hour: hours });
	const seconds = reading.utc || reading.offset === -1 ? local : local - reading.offset;
	return BigInt(seconds) * 1_000_000_000n + BigInt(reading.nanosecond);
}
