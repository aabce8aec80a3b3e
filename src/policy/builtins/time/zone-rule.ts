import { weekdayOf, yearStart } from "./civil.ts";

/** What holds in a zone over a stretch of time. */
export interface ZonePeriod {
	/** `CET`, `-03`, … */
	readonly name: string;
	/** Seconds east of UTC. */
	readonly offset: number;
	/** Seconds since 1970 from which, and up to which, it holds; infinite at the ends. */
	readonly start: number;
	readonly end: number;
}

/** When summer time starts or ends: a weekday of a month, a day without or with 29 February counted. */
interface ChangeDay {
	readonly kind: "month" | "julian" | "day";
	readonly month: number;
	readonly week: number;
	readonly day: number;
	/** Seconds after local midnight. */
	readonly time: number;
}

interface ZoneRule {
	readonly name: string;
	readonly offset: number;
	readonly summer?: {
		readonly name: string;
		readonly offset: number;
		readonly from: ChangeDay;
		readonly to: ChangeDay;
	};
}

const RULE =
	/^(<[^>]+>|[^-+,\d<]{3,})([-+]?[\d:]+)(?:(<[^>]+>|[^-+,\d<]{3,})([-+]?[\d:]+)?,([^,]+),([^,]+))?$/;
const DAY = /^(?:M(\d+)\.(\d+)\.(\d+)|J(\d+)|(\d+))(?:\/([-+]?[\d:]+))?$/;

const bare = (name: string): string => name.replace(/^<|>$/g, "");

function seconds(text: string): number {
	const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[-+]/, "").split(":").map(Number);
	const value = hours * 3600 + minutes * 60 + rest;
	return text.startsWith("-") ? -value : value;
}

function changeDay(text: string): ChangeDay | undefined {
	const match = DAY.exec(text);
	if (match === null) return undefined;
	const [, month, week, weekday, julian, day, time] = match;
	const kind = month !== undefined ? "month" : julian !== undefined ? "julian" : "day";
	return {
		kind,
		month: Number(month ?? 0),
		week: Number(week ?? 0),
		day: Number(weekday ?? julian ?? day),
		time: time === undefined ? 7200 : seconds(time),
	};
}

/** Reads the rule at the end of a TZif file (RFC 9636, 3.3), such as `CET-1CEST,M3.5.0,M10.5.0/3`. */
export function parseZoneRule(text: string): ZoneRule | undefined {
	const match = RULE.exec(text);
	if (match === null) return undefined;
	const [, name = "", offset = "", summer, summerOffset, from, to] = match;
	// The rule counts seconds west of UTC.
	const standard = { name: bare(name), offset: -seconds(offset) };
	if (summer === undefined || from === undefined || to === undefined) return standard;
	const first = changeDay(from);
	const last = changeDay(to);
	if (first === undefined || last === undefined) return undefined;
	const east = summerOffset === undefined ? standard.offset + 3600 : -seconds(summerOffset);
	return { ...standard, summer: { name: bare(summer), offset: east, from: first, to: last } };
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Seconds from the start of the year, in UTC, to a change that is written in local time. */
function changeSecond(year: number, rule: ChangeDay, offset: number): number {
	if (rule.kind === "day") return rule.day * 86_400 + rule.time - offset;
	if (rule.kind === "julian") {
		const days = rule.day - 1 + (isLeap(year) && rule.day >= 60 ? 1 : 0);
		return days * 86_400 + rule.time - offset;
	}
	const before = MONTH_DAYS.slice(0, rule.month - 1).reduce((sum, days) => sum + days, 0);
	const first = before + (isLeap(year) && rule.month > 2 ? 1 : 0);
	const length = (MONTH_DAYS[rule.month - 1] ?? 31) + (isLeap(year) && rule.month === 2 ? 1 : 0);
	let day = (rule.day - weekdayOf(yearStart(year) + first * 86_400) + 7) % 7;
	for (let week = 1; week < rule.week && day + 7 < length; week++) day += 7;
	return (first + day) * 86_400 + rule.time - offset;
}

/**
 * What a rule says of one instant. Start and end are exact near a change and otherwise the year's, as in Go: they
 * serve to turn local time into an instant.
 */
export function rulePeriod(rule: ZoneRule, second: number, since: number): ZonePeriod {
	const { name, offset, summer } = rule;
	if (summer === undefined) return { name, offset, start: since, end: Number.POSITIVE_INFINITY };
	const year = new Date(second * 1000).getUTCFullYear();
	const start = yearStart(year);
	const from = start + changeSecond(year, summer.from, offset);
	const to = start + changeSecond(year, summer.to, summer.offset);
	const standard = { name, offset };
	const saving = { name: summer.name, offset: summer.offset };
	// South of the equator summer time spans the new year.
	const [inside, outside, first, last] =
		to < from ? [standard, saving, to, from] : [saving, standard, from, to];
	if (second < first) return { ...outside, start, end: first };
	if (second >= last) return { ...outside, start: last, end: start + 365 * 86_400 };
	return { ...inside, start: first, end: last };
}
