import { type Civil, civilOf, weekdayOf, yearDayOf } from "./civil.ts";
import { type FieldName, fromBytes, type LayoutToken, parseLayout, toBytes } from "./layout.ts";
import { MONTHS, WEEKDAYS } from "./names.ts";
import type { ZoneLookup } from "./zone-file.ts";

interface Moment {
	readonly civil: Civil;
	/** Seconds since 1970 of the same date and clock in UTC. */
	readonly local: number;
	readonly nanosecond: number;
	readonly zone: string;
	readonly offset: number;
}

const padded = (value: number, width: number, fill = "0"): string => String(value).padStart(width, fill);

const MONTH_NAME = (moment: Moment): string => MONTHS[moment.civil.month - 1] ?? "";
const DAY_NAME = (moment: Moment): string => WEEKDAYS[weekdayOf(moment.local)] ?? "";
const hour12 = (moment: Moment): number => moment.civil.hour % 12 || 12;

/** `parts`: what of hours, minutes and seconds is printed. */
function zoneOffset(offset: number, parts: 1 | 2 | 3, colon: string): string {
	// Whole minutes decide the sign: half a minute west of UTC is written with a plus.
	const minutes = Math.trunc(offset / 60);
	const size = Math.abs(minutes);
	const seconds = minutes < 0 ? -offset : offset;
	const texts = [padded(Math.trunc(size / 60), 2), padded(size % 60, 2), goPadded(seconds % 60)];
	return (minutes < 0 ? "-" : "+") + texts.slice(0, parts).join(colon);
}

/** Two digits after the sign, if there is one. */
const goPadded = (value: number): string => (value < 0 ? `-${padded(-value, 2)}` : padded(value, 2));

const zoneOrZ = (parts: 1 | 2 | 3, colon: string) => (moment: Moment) =>
	moment.offset === 0 ? "Z" : zoneOffset(moment.offset, parts, colon);
const zone = (parts: 1 | 2 | 3, colon: string) => (moment: Moment) => zoneOffset(moment.offset, parts, colon);

const PRINT: Readonly<Record<FieldName, (moment: Moment) => string>> = {
	January: MONTH_NAME,
	Jan: (moment) => MONTH_NAME(moment).slice(0, 3),
	"1": ({ civil }) => String(civil.month),
	"01": ({ civil }) => padded(civil.month, 2),
	Monday: DAY_NAME,
	Mon: (moment) => DAY_NAME(moment).slice(0, 3),
	"2": ({ civil }) => String(civil.day),
	_2: ({ civil }) => padded(civil.day, 2, " "),
	"02": ({ civil }) => padded(civil.day, 2),
	__2: ({ local }) => padded(yearDayOf(local), 3, " "),
	"002": ({ local }) => padded(yearDayOf(local), 3),
	"15": ({ civil }) => padded(civil.hour, 2),
	"3": (moment) => String(hour12(moment)),
	"03": (moment) => padded(hour12(moment), 2),
	"4": ({ civil }) => String(civil.minute),
	"04": ({ civil }) => padded(civil.minute, 2),
	"5": ({ civil }) => String(civil.second),
	"05": ({ civil }) => padded(civil.second, 2),
	"2006": ({ civil }) => padded(civil.year, 4),
	"06": ({ civil }) => padded(civil.year % 100, 2),
	PM: ({ civil }) => (civil.hour >= 12 ? "PM" : "AM"),
	pm: ({ civil }) => (civil.hour >= 12 ? "pm" : "am"),
	MST: (moment) => moment.zone,
	Z0700: zoneOrZ(2, ""),
	Z070000: zoneOrZ(3, ""),
	Z07: zoneOrZ(1, ""),
	"Z07:00": zoneOrZ(2, ":"),
	"Z07:00:00": zoneOrZ(3, ":"),
	"-0700": zone(2, ""),
	"-070000": zone(3, ""),
	"-07": zone(1, ""),
	"-07:00": zone(2, ":"),
	"-07:00:00": zone(3, ":"),
};

function print(token: LayoutToken, moment: Moment): string {
	if (token.kind === "text") return token.text;
	if (token.kind === "field") return PRINT[token.name](moment);
	const { digits, separator, short } = token;
	if (short && (digits === 0 || moment.nanosecond === 0)) return "";
	const fraction = padded(moment.nanosecond, 9).slice(0, Math.min(digits, 9));
	if (!short) return separator + fraction;
	const kept = fraction.replace(/0+$/, "");
	return kept === "" ? "" : separator + kept;
}

/** An instant in a zone, printed by a Go layout. */
export function formatTime(second: number, nanosecond: number, at: ZoneLookup, layout: string): string {
	const { name, offset } = at(second);
	const local = second + offset;
	const moment: Moment = { civil: civilOf(local), local, nanosecond, zone: name, offset };
	return fromBytes(
		parseLayout(toBytes(layout))
			.map((token) => print(token, moment))
			.join(""),
	);
}
