import type { FieldReport } from "../fields/types.ts";
import { char, createJsonOut, reset, utf8 } from "../lib/json-out.ts";
import { writeDecision } from "./decision-text.ts";
import type { AuditRecord, DecisionRecord } from "./types.ts";

/** The line that was encoded last: all of it is of the next line as soon as that is encoded. */
export interface EncodedLine {
	/** Begins with the line, JSON in UTF-8 without line ends inside, and one line end behind. */
	readonly buffer: Buffer;
	readonly length: number;
	/** Something of the record was left out to keep the line within its limit. */
	readonly cut: boolean;
}

/** How many entries of each list of a report a cut line tries to keep, one after the other. */
const KEPT_ENTRIES = [512, 128, 32, 8, 0];
/** Strings and lists of a line that is still too long. */
const SHORT_TEXT = 256;
const SHORT_LIST = 16;

const LINE_FEED = 0x0a;

/**
 * Makes audit lines. Never throws, and no line is longer than `maxBytes` (at least 1 KiB): a longer record loses its
 * obligations, then list entries of its report, then the tails of texts. It then says `truncated`, and `totals`
 * keeps the exact counts of the report.
 */
export function createLineEncoder(maxBytes: number): (record: AuditRecord) => EncodedLine {
	const out = createJsonOut(maxBytes);

	/** Whether the record fits as it stands; it is in `out` then. */
	function fits(record: object): boolean {
		reset(out);
		try {
			if (isWhole(record)) writeDecision(out, record);
			else utf8(out, JSON.stringify(record));
			char(out, LINE_FEED);
			return true;
		} catch {
			// Too long, or a cycle, a BigInt, a getter that throws: nothing a record should hold, and no reason to lose the
			// others.
			return false;
		}
	}

	/** Makes one that fits; answers whether something had to be left out. */
	function encode(record: AuditRecord): boolean {
		if (fits(record)) return false;
		for (const shorter of shortened(record)) if (fits(shorter)) return true;
		fits({ type: record.type === "release" ? "release" : "decision", truncated: true });
		return true;
	}

	const line = { buffer: out.buffer, length: 0, cut: false };
	return (record) => {
		line.cut = encode(record);
		line.buffer = out.buffer;
		line.length = out.pos;
		return line;
	};
}

/** A decision's record with nothing left out of it. */
function isWhole(record: {
	readonly type?: unknown;
	readonly truncated?: unknown;
}): record is DecisionRecord {
	return record.type === "decision" && record.truncated === undefined;
}

function* shortened(record: AuditRecord): Generator<object> {
	const { ...base } = record as AuditRecord & { obligations?: unknown };
	delete base.obligations;
	const fields = record.type === "release" ? record.fields : undefined;
	if (fields === undefined) yield { ...base, truncated: true };
	else {
		const totals = totalsOf(fields);
		for (const kept of KEPT_ENTRIES) {
			yield { ...base, fields: keepEntries(fields, kept), totals, truncated: true };
		}
	}
	yield {
		...shortTexts(base),
		...(fields === undefined ? {} : { fields: undefined, totals: totalsOf(fields) }),
		truncated: true,
	};
}

/** Counts over all paths, exact whatever was cut. */
function totalsOf(fields: FieldReport): Readonly<Record<string, number>> {
	const sum = (entries: readonly { readonly count: number }[]): number =>
		entries.reduce((total, entry) => total + entry.count, 0);
	return {
		released: sum(fields.released),
		masked: sum(fields.masked),
		withheld: sum(fields.withheld),
		unknown: sum(fields.unknown),
		detected: sum(fields.detected),
	};
}

function keepEntries(fields: FieldReport, kept: number): FieldReport {
	return {
		released: fields.released.slice(0, kept),
		masked: fields.masked.slice(0, kept),
		withheld: fields.withheld.slice(0, kept),
		unknown: fields.unknown.slice(0, kept),
		detected: fields.detected.slice(0, kept),
		truncated: true,
	};
}

function shortTexts(value: object): object {
	const copy: Record<string, unknown> = {};
	for (const [key, inner] of Object.entries(value)) {
		if (typeof inner === "string") copy[key] = inner.slice(0, SHORT_TEXT);
		else if (Array.isArray(inner))
			copy[key] = inner.slice(0, SHORT_LIST).map((item) => String(item).slice(0, SHORT_TEXT));
		else if (typeof inner === "object" && inner !== null) copy[key] = shortTexts(inner);
		else copy[key] = inner;
	}
	return copy;
}
