import { arrayTerm, isArray, isNumber, numberTerm, type Term } from "../../term/term.ts";
import { type Builtin, ofString, ofStrings } from "../builtin.ts";
import { integerOf, MAX_INT64, MIN_INT64, wholeOf } from "../go/int64.ts";
import { type Civil, civilOf, daysIn, weekdayOf } from "./civil.ts";
import { parseDuration } from "./duration.ts";
import { formatTime } from "./format.ts";
import { layoutNamed } from "./layout.ts";
import { WEEKDAYS } from "./names.ts";
import { parseTime } from "./parse.ts";
import { secondIn, zoneNamed } from "./zone.ts";
import type { ZoneLookup } from "./zone-file.ts";

const BILLION = 1_000_000_000n;

interface Instant {
	readonly second: number;
	readonly nanosecond: number;
	readonly zone: ZoneLookup;
	/** Of Go's `time` package; empty for none. */
	readonly layout: string;
}

/** `ns`, `[ns, zone]` or `[ns, zone, layout]`; what follows is not looked at. */
function instantOf(when: Term | undefined): Instant | undefined {
	const [ns, zoneName = "", layout = ""] = isArray(when) ? when.items : [when];
	if (!isNumber(ns) || typeof zoneName !== "string" || typeof layout !== "string") return undefined;
	const value = wholeOf(ns.text);
	const zone = zoneNamed(zoneName);
	if (value === undefined || zone === undefined) return undefined;
	// BigInt division truncates towards zero; seconds are counted down to the one that has begun.
	const nanosecond = ((value % BILLION) + BILLION) % BILLION;
	const second = Number((value - nanosecond) / BILLION);
	return { second, nanosecond: Number(nanosecond), zone, layout };
}

const civil = ({ second, zone }: Instant): Civil => civilOf(second + zone(second).offset);

function ofInstant(run: (instant: Instant) => Term): Builtin {
	return ([when]) => {
		const instant = instantOf(when);
		return instant === undefined ? undefined : run(instant);
	};
}

const numbers = (...values: number[]): Term => arrayTerm(values.map(numberTerm));

/** A time outside of 64 bits of nanoseconds is an error. */
const nanoseconds = (ns: bigint | undefined): Term | undefined =>
	ns === undefined || ns < MIN_INT64 || ns > MAX_INT64 ? undefined : numberTerm(ns);

const addDate: Builtin = ([when, ...amounts]) => {
	const instant = instantOf(when);
	const [years, months, days] = amounts.map((term) => (isNumber(term) ? integerOf(term.text) : undefined));
	if (instant === undefined || years === undefined || months === undefined || days === undefined) {
		return undefined;
	}
	const date = civil(instant);
	const second = secondIn(instant.zone, {
		...date,
		year: date.year + Number(years),
		month: date.month + Number(months),
		day: date.day + Number(days),
	});
	if (!Number.isFinite(second)) return undefined;
	return nanoseconds(BigInt(second) * BILLION + BigInt(instant.nanosecond));
};

/** Between two times in the first one's zone: years, months, days, hours, minutes, seconds, none negative. */
function diff(first: Instant, second: Instant): Term {
	const other = { ...second, zone: first.zone };
	const later =
		first.second > other.second || (first.second === other.second && first.nanosecond > other.nanosecond);
	const from = civil(later ? other : first);
	const to = civil(later ? first : other);
	let years = to.year - from.year;
	let months = to.month - from.month;
	let days = to.day - from.day;
	let hours = to.hour - from.hour;
	let minutes = to.minute - from.minute;
	let seconds = to.second - from.second;
	if (seconds < 0) {
		seconds += 60;
		minutes--;
	}
	if (minutes < 0) {
		minutes += 60;
		hours--;
	}
	if (hours < 0) {
		hours += 24;
		days--;
	}
	if (days < 0) {
		days += daysIn(from.month, from.year);
		months--;
	}
	if (months < 0) {
		months += 12;
		years--;
	}
	return numbers(years, months, days, hours, minutes, seconds);
}

export const timeBuiltins: Readonly<Record<string, Builtin>> = {
	"time.now_ns": (_args, context) => numberTerm(context.nowNs()),
	"time.parse_ns": ofStrings((layout, value) => nanoseconds(parseTime(layoutNamed(layout), value))),
	"time.parse_rfc3339_ns": ofString((value) => nanoseconds(parseTime(layoutNamed("RFC3339"), value))),
	"time.parse_duration_ns": ofString((text) => nanoseconds(parseDuration(text))),
	"time.format": ofInstant(({ second, nanosecond, zone, layout }) =>
		formatTime(second, nanosecond, zone, layoutNamed(layout || "RFC3339Nano")),
	),
	"time.date": ofInstant((instant) => {
		const { year, month, day } = civil(instant);
		return numbers(year, month, day);
	}),
	"time.clock": ofInstant((instant) => {
		const { hour, minute, second } = civil(instant);
		return numbers(hour, minute, second);
	}),
	"time.weekday": ofInstant(({ second, zone }) => WEEKDAYS[weekdayOf(second + zone(second).offset)] ?? null),
	"time.add_date": addDate,
	"time.diff": ([first, second]) => {
		const from = instantOf(first);
		const to = instantOf(second);
		return from === undefined || to === undefined ? undefined : diff(from, to);
	},
};
