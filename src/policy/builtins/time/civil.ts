/** A date and a time of day, without a zone. */
export interface Civil {
	readonly year: number;
	/** 1–12. */
	readonly month: number;
	readonly day: number;
	readonly hour: number;
	readonly minute: number;
	readonly second: number;
}

/** Calendar and clock of seconds since 1970, in UTC. */
export function civilOf(second: number): Civil {
	const date = new Date(second * 1000);
	return {
		year: date.getUTCFullYear(),
		month: date.getUTCMonth() + 1,
		day: date.getUTCDate(),
		hour: date.getUTCHours(),
		minute: date.getUTCMinutes(),
		second: date.getUTCSeconds(),
	};
}

/** Days since 1970 beyond which no `Date` and no 64 bits of nanoseconds reach. */
const MAX_DAYS = 1e8;

/** Days from 1970 to the first of a month; years are counted from March, so that 29 February ends them. */
function daysBefore(year: number, month: number): number {
	const shifted = year - (month <= 2 ? 1 : 0);
	const leap = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
	return shifted * 365 + leap + Math.floor((153 * ((month + 9) % 12) + 2) / 5) - 719_468;
}

/**
 * Seconds since 1970 of a civil time in UTC; months and days beyond their ends roll over. Infinite beyond all
 * calendars.
 */
export function secondOf(civil: Civil): number {
	const year = civil.year + Math.floor((civil.month - 1) / 12);
	const month = ((((civil.month - 1) % 12) + 12) % 12) + 1;
	const days = daysBefore(year, month) + civil.day - 1;
	if (!(Math.abs(days) <= MAX_DAYS)) return Number.POSITIVE_INFINITY;
	return days * 86_400 + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

/** Seconds since 1970 at which a year begins. */
export const yearStart = (year: number): number =>
	secondOf({ year, month: 1, day: 1, hour: 0, minute: 0, second: 0 });

/** 0 is Sunday. */
export const weekdayOf = (second: number): number => new Date(second * 1000).getUTCDay();

/** 1–366. */
export function yearDayOf(second: number): number {
	const year = new Date(second * 1000).getUTCFullYear();
	return Math.floor((second - yearStart(year)) / 86_400) + 1;
}

/** Days of a month, 1–12, of a year. */
export function daysIn(month: number, year: number): number {
	// Day 0 of the next month is the last of this one.
	const date = new Date(0);
	date.setUTCFullYear(year, month, 0);
	return date.getUTCDate();
}
