const FORMAT = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Nanoseconds since 1970 of an RFC 3339 time, as Go's `time.Parse(time.RFC3339, …)` reads it: `T` and `Z` upper
 * case, a comma for the point allowed, digits after the ninth dropped, no leap second. `undefined` for any other
 * text and for times that 64 bits of nanoseconds cannot hold.
 */
export function parseRfc3339(text: string): bigint | undefined {
	const match = FORMAT.exec(text);
	if (match === null) return undefined;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
	const offsetHours = Number(match[9] ?? 0);
	const offsetMinutes = Number(match[10] ?? 0);
	if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
	if (offsetHours > 24 || offsetMinutes > 60) return undefined;
	// Day 0 of the next month is the last of this one; the year is set apart because 0–99 mean 1900–1999 elsewhere.
	const last = new Date(0);
	last.setUTCFullYear(year, month, 0);
	if (day < 1 || day > last.getUTCDate()) return undefined;
	const date = new Date(0);
	date.setUTCFullYear(year, month - 1, day);
	date.setUTCHours(hour, minute, second);
	const offset = (offsetHours * 60 + offsetMinutes) * (match[8] === "-" ? -1 : 1);
	const fraction = BigInt((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
	const ns = (BigInt(date.getTime()) - BigInt(offset) * 60_000n) * 1_000_000n + fraction;
	return ns < MIN_INT64 || ns > MAX_INT64 ? undefined : ns;
}
