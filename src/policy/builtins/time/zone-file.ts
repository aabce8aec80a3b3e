import { parseZoneRule, rulePeriod, type ZonePeriod } from "./zone-rule.ts";

/** What holds in one zone at an instant, in seconds since 1970. */
export type ZoneLookup = (second: number) => ZonePeriod;

const COUNTS_AT = 20;
const HEADER = 44;

/** The counts of one TZif header (RFC 9636, 3.1), in its order. */
function counts(bytes: Buffer, at: number) {
	const [utc = 0, wall = 0, leap = 0, time = 0, type = 0, char = 0] = [0, 1, 2, 3, 4, 5].map((i) =>
		bytes.readUInt32BE(at + COUNTS_AT + i * 4),
	);
	return { utc, wall, leap, time, type, char };
}

interface LocalType {
	readonly name: string;
	readonly offset: number;
	readonly summer: boolean;
}

/** Which type holds before the first change: the first if no change uses it, else the last or first without summer time. */
function earliest(types: readonly LocalType[], uses: readonly number[]): LocalType {
	const none = types[0] as LocalType;
	if (!uses.includes(0)) return none;
	const first = uses[0] as number;
	if (types[first]?.summer === true) {
		const before = types.slice(0, first).findLast(({ summer }) => !summer);
		if (before !== undefined) return before;
	}
	return types.find(({ summer }) => !summer) ?? none;
}

/**
 * Reads a compiled time zone of version 2 or later.
 * @throws {RangeError} for bytes that end too early.
 */
export function parseZoneFile(bytes: Buffer): ZoneLookup {
	const old = counts(bytes, 0);
	const start = HEADER + old.time * 5 + old.type * 6 + old.char + old.leap * 8 + old.wall + old.utc;
	const { utc, wall, leap, time, type, char } = counts(bytes, start);
	let at = start + HEADER;
	const changes = Array.from({ length: time }, (_, i) => Number(bytes.readBigInt64BE(at + i * 8)));
	at += time * 8;
	const uses = [...bytes.subarray(at, at + time)];
	at += time;
	const names = bytes.toString("latin1", at + type * 6, at + type * 6 + char);
	const types = Array.from({ length: type }, (_, i): LocalType => {
		const from = at + i * 6;
		const name = bytes.readUInt8(from + 5);
		return {
			name: names.slice(name, names.indexOf("\0", name)),
			offset: bytes.readInt32BE(from),
			summer: bytes.readUInt8(from + 4) !== 0,
		};
	});
	at += type * 6 + char + leap * 12 + wall + utc;
	const rule = parseZoneRule(bytes.toString("latin1", at).trim());
	const before = earliest(types, uses);

	return (second) => {
		const first = changes[0];
		if (first !== undefined && second < first) {
			return { name: before.name, offset: before.offset, start: Number.NEGATIVE_INFINITY, end: first };
		}
		let low = 0;
		let high = changes.length;
		while (high - low > 1) {
			const middle = (low + high) >> 1;
			if (second < (changes[middle] as number)) high = middle;
			else low = middle;
		}
		const since = changes[low] ?? Number.NEGATIVE_INFINITY;
		if (low >= changes.length - 1 && rule !== undefined) return rulePeriod(rule, second, since);
		const { name, offset } = types[uses[low] ?? 0] as LocalType;
		return { name, offset, start: since, end: changes[low + 1] ?? Number.POSITIVE_INFINITY };
	};
}
