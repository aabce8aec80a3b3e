import { readFileSync } from "node:fs";
import { type Civil, secondOf } from "./civil.ts";
import { parseZoneFile, type ZoneLookup } from "./zone-file.ts";

type Index = Readonly<Record<string, readonly [start: number, length: number]>>;

interface ZoneInfo {
	readonly index: Index;
	readonly bodies: Buffer;
}

let info: ZoneInfo | undefined;

/** All zones of the IANA database, packed by `scripts/zoneinfo.mjs`: an index in one line of JSON, then TZif files. */
function zoneInfo(): ZoneInfo {
	if (info === undefined) {
		const bytes = readFileSync(new URL("./zoneinfo.bin", import.meta.url));
		const end = bytes.indexOf("\n");
		info = {
			index: JSON.parse(bytes.toString("utf8", 0, end)) as Index,
			bodies: bytes.subarray(end + 1),
		};
	}
	return info;
}

const UTC: ZoneLookup = () => ({
	name: "UTC",
	offset: 0,
	start: Number.NEGATIVE_INFINITY,
	end: Number.POSITIVE_INFINITY,
});

/** As many as the database has names. */
const read = new Map<string, ZoneLookup>();

/** A zone by its IANA name, whose case counts; `""` is UTC, `Local` the process's own. `undefined`: no such zone. */
export function zoneNamed(name: string): ZoneLookup | undefined {
	if (name === "" || name === "UTC") return UTC;
	if (name === "Local") return zoneNamed(new Intl.DateTimeFormat().resolvedOptions().timeZone);
	const known = read.get(name);
	if (known !== undefined) return known;
	const { index, bodies } = zoneInfo();
	if (!Object.hasOwn(index, name)) return undefined;
	const [start, length] = index[name] as readonly [number, number];
	const zone = parseZoneFile(bodies.subarray(start, start + length));
	read.set(name, zone);
	return zone;
}

/**
 * Seconds since 1970 of a civil time in a zone. Of a time that comes twice or not at all Go chooses, and so do we:
 * the offset before or after the change, by where the first guess lands.
 */
export function secondIn(zone: ZoneLookup, civil: Civil): number {
	const utc = secondOf(civil);
	const { offset, start, end } = zone(utc);
	if (offset === 0) return utc;
	const guess = utc - offset;
	return guess < start || guess >= end ? utc - zone(guess).offset : guess;
}
