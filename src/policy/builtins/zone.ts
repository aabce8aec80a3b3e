export interface LocalTime {
	readonly year: number;
	/** 1–12. */
	readonly month: number;
	readonly day: number;
	readonly hour: number;
	readonly minute: number;
	readonly second: number;
	/** 0 is Sunday. */
	readonly weekday: number;
}

/** Formatters are dear to make; policies name a handful of zones. */
const MAX_FORMATTERS = 64;
const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

function makeFormatter(zone: string): Intl.DateTimeFormat | undefined {
	if (!ZONE.test(zone)) return undefined;
	try {
		const formatter = new Intl.DateTimeFormat("en-US", {
			timeZone: zone,
			calendar: "iso8601",
			numberingSystem: "latn",
			hourCycle: "h23",
			era: "short",
			year: "numeric",
			month: "numeric",
			day: "numeric",
			hour: "numeric",
			minute: "numeric",
			second: "numeric",
		});
		// Zone names are files to OPA, so their case counts; to Intl it does not.
		const { timeZone } = formatter.resolvedOptions();
		const otherCase = timeZone !== zone && timeZone.toLowerCase() === zone.toLowerCase();
		return otherCase ? undefined : formatter;
	} catch {
		return undefined;
	}
}

function formatterFor(zone: string): Intl.DateTimeFormat | undefined {
	if (formatters.has(zone)) return formatters.get(zone);
	if (formatters.size >= MAX_FORMATTERS) formatters.clear();
	const formatter = makeFormatter(zone);
	formatters.set(zone, formatter);
	return formatter;
}

function fields(date: Date): LocalTime {
	return {
		year: date.getUTCFullYear(),
		month: date.getUTCMonth() + 1,
		day: date.getUTCDate(),
		hour: date.getUTCHours(),
		minute: date.getUTCMinutes(),
		second: date.getUTCSeconds(),
		weekday: date.getUTCDay(),
	};
}

/** The calendar and clock of an instant in an IANA zone (`""`: UTC); `undefined` for a zone that is not known. */
export function localTime(ns: bigint, zone: string): LocalTime | undefined {
	// BigInt division truncates towards zero; seconds are counted down to the one that has begun.
	const seconds = (ns - (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n;
	const instant = new Date(Number(seconds) * 1000);
	if (zone === "" || zone === "UTC") return fields(instant);
	const formatter = formatterFor(zone);
	if (formatter === undefined) return undefined;
	const part = new Map(formatter.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
	const at = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
	const local = new Date(
		Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second")),
	);
	return fields(local);
}
