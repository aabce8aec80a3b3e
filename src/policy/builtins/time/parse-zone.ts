import type { Reader } from "./reading.ts";

export const offset =
	(shape: RegExp, orZ: boolean): Reader =>
	(reading) => {
		if (orZ && reading.rest.startsWith("Z")) {
			reading.rest = reading.rest.slice(1);
			reading.utc = true;
			return true;
		}
		const match = shape.exec(reading.rest);
		if (match === null) return false;
		reading.rest = reading.rest.slice(match[0].length);
		const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map(Number);
		if (hours > 24 || minutes > 60 || seconds > 60) return false;
		const size = (hours * 60 + minutes) * 60 + seconds;
		reading.offset = match[1] === "-" ? -size : size;
		return true;
	};

export const HOURS = /^([-+])(\d\d)/;
export const MINUTES = /^([-+])(\d\d)(\d\d)/;
export const MINUTES_COLON = /^([-+])(\d\d):(\d\d)/;
export const SECONDS = /^([-+])(\d\d)(\d\d)(\d\d)/;
export const SECONDS_COLON = /^([-+])(\d\d):(\d\d):(\d\d)/;

/** How long the zone name at the front is; 0 for none. A name says nothing about the offset. */
function zoneNameLength(text: string): number {
	if (text.startsWith("ChST") || text.startsWith("MeST")) return 4;
	if (text.startsWith("GMT")) return 3 + signedHours(text.slice(3));
	if (/^[-+]/.test(text)) return text.length < 3 ? 0 : signedHours(text);
	const upper = /^[A-Z]{0,6}/.exec(text)?.[0].length ?? 0;
	if (upper === 5 && text[4] === "T") return 5;
	if (upper === 4 && (text[3] === "T" || text.startsWith("WITA"))) return 4;
	return upper === 3 ? 3 : 0;
}

function signedHours(text: string): number {
	const match = /^[-+](\d+)/.exec(text);
	return match === null || Number(match[1]) > 23 ? 0 : match[0].length;
}

export const zoneName: Reader = (reading) => {
	if (reading.rest.startsWith("UTC")) {
		reading.rest = reading.rest.slice(3);
		reading.utc = true;
		return true;
	}
	const length = zoneNameLength(reading.rest);
	reading.rest = reading.rest.slice(length);
	return length > 0;
};
