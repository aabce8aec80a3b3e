import { describe, test } from "@jest/globals";
import fc from "fast-check";
import { expectSame } from "../support/expect-same.ts";
import { chunkSizes, directive } from "../support/mask-arbitrary.ts";
import { mask } from "../support/mask-body.ts";
import { applyDirective, judgeOf, type PlainDirective } from "../support/mask-oracle.ts";
import { flatReport } from "../support/report-counts.ts";
import { times } from "../support/test-size.ts";

const SEED = 20_260_805;
/** Tables, directives and chunkings of the comparison with the oracle. */
const TRIPLES = { seed: SEED, numRuns: times(10_000, 100_000) };
const DAMAGED = { seed: SEED, numRuns: times(2000, 20_000) };

const name = fc.constantFrom(
	"a",
	"b",
	"ssn",
	"é",
	"x y",
	"0",
	"__proto__",
	"😀",
	"it's",
	'q"q',
	"c,d",
	"a\n",
	"ssn",
);
const text = fc.oneof(
	fc.constantFrom(
		"",
		"ada@example.com",
		"2024-05-06",
		'say "hi"',
		"a,b",
		"\r\n",
		"\n",
		'"',
		"😀😀😀😀",
		"4111 1111 1111 1111",
		" x ",
	),
	fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "é", "9", " ", "a", "\t"), maxLength: 8 }),
);
interface Cell {
	readonly text: string;
	readonly raw: string;
}
const cellOf = (given: fc.Arbitrary<string>): fc.Arbitrary<Cell> =>
	fc.tuple(given, fc.boolean()).map(([value, quote]) => ({
		text: value,
		raw: quote || /[",\r\n\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value,
	}));

interface Table {
	readonly header: readonly Cell[];
	readonly records: readonly (readonly Cell[])[];
	readonly end: string;
	readonly closed: boolean;
}
const table: fc.Arbitrary<Table> = fc
	.integer({ min: 1, max: 5 })
	.chain((width) =>
		fc.record({
			header: fc.array(cellOf(name), { minLength: width, maxLength: width }),
			records: fc.array(fc.array(cellOf(text), { minLength: width, maxLength: width }), { maxLength: 4 }),
			end: fc.constantFrom("\r\n", "\n"),
			closed: fc.boolean(),
		}),
	)
	// A last record of one empty cell needs its line end to be one.
	.map((made) =>
		made.header.length === 1 && made.records.at(-1)?.[0]?.raw === "" ? { ...made, closed: true } : made,
	);

const written = ({ header, records, end, closed }: Table): string =>
	[header, ...records].map((cells) => cells.map(({ raw }) => raw).join(",")).join(end) + (closed ? end : "");

/** Cells by the naive way: cut at commas and line ends outside of quotes. */
function readCsv(body: string): string[][] {
	const rows: string[][] = [];
	const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|$)/y;
	let row: string[] = [];
	for (let at = 0; at < body.length || row.length > 0; ) {
		pattern.lastIndex = at;
		const [whole = "", raw = "", separator = ""] = pattern.exec(body) ?? [];
		row.push(raw);
		at += whole.length;
		if (separator === ",") continue;
		rows.push(row);
		row = [];
		if (separator === "") break;
	}
	return rows;
}

const unquote = (raw: string): string => (raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);

/** What stays, cell by cell: as it came, or a new text. */
function expected(rules: PlainDirective, { header, records }: Table) {
	const judge = judgeOf(rules);
	const open = judge("object", []) === "released";
	const columns = header.map((cell) => ({
		cell,
		stays: open && judge("string", [cell.text]) !== "withheld",
	}));
	const kept = columns.flatMap(({ stays }, index) => (stays ? [index] : []));
	const report = new Map<string, number>();
	const rows = records.map((cells) => {
		const before = new Map<string, number>();
		if (!open) {
			for (const [key, count] of applyDirective(rules, "{}", "ada").report) before.set(key, count);
		} else {
			for (const [index, { text: value }] of cells.entries()) {
				const one = applyDirective(rules, JSON.stringify(value), "ada", [header[index]?.text ?? ""]);
				for (const [key, count] of one.report) before.set(key, (before.get(key) ?? 0) + count);
			}
		}
		for (const [key, count] of before) report.set(key, (report.get(key) ?? 0) + count);
		return kept.map((index) => {
			const { text: value, raw } = cells[index] as Cell;
			const made = applyDirective(rules, JSON.stringify(value), "ada", [header[index]?.text ?? ""]);
			const masked = [...made.report.keys()].some((key) => key.startsWith("masked"));
			const json = JSON.parse(made.tokens.join("")) as unknown;
			const plain = json === null ? "" : typeof json === "string" ? json : JSON.stringify(json);
			const same =
				masked && plain === value && [...made.report.keys()].some((key) => key.endsWith(" truncate"));
			return masked && !same ? { text: plain } : { raw };
		});
	});
	return {
		rows: kept.length === 0 ? [] : [kept.map((index) => ({ raw: header[index]?.raw ?? "" })), ...rows],
		report,
	};
}

describe("CSV", () => {
	test("is masked cell by cell, withheld columns gone with their names", () => {
		fc.assert(
			fc.property(table, directive, chunkSizes, (given, rules, chunks) => {
				const body = written(given);
				const masked = mask({ directive: rules, body, chunks, format: "csv", consumer: "ada" });
				expectSame(masked.refusal, undefined);
				const { rows, report } = expected(rules, given);
				const got = readCsv(masked.text).map((row, at) =>
					row.map((raw, index) => ("text" in (rows[at]?.[index] ?? {}) ? unquote(raw) : raw)),
				);
				const wanted = rows.map((row) =>
					row.map((cell) => {
						if ("text" in cell) return cell.text;
						// A record of one empty cell is written so that it is no empty line.
						return cell.raw === "" && row.length === 1 && given.header.length > 1 ? '""' : cell.raw;
					}),
				);
				expectSame(got, wanted);
				expectSame(flatReport(masked.report), report);
				expectSame(mask({ directive: { release: ["$"] }, body, chunks, format: "csv" }).text, body);
			}),
			TRIPLES,
		);
	});

	test("that was damaged is refused or still CSV, with the same outcome for every chunking", () => {
		const damage = fc.record({
			at: fc.nat(),
			by: fc.constantFrom("", ",", '"', "\r", "\n", "\r\n", "a", "\t", "\0", "é", "\ufeff", ";"),
			remove: fc.nat(2),
		});
		fc.assert(
			fc.property(table, directive, chunkSizes, damage, (given, rules, chunks, { at, by, remove }) => {
				const whole = Buffer.from(written(given));
				const from = at % (whole.length + 1);
				const body = Buffer.concat([whole.subarray(0, from), Buffer.from(by), whole.subarray(from + remove)]);
				const once = mask({ directive: rules, body, format: "csv" });
				const cut = mask({ directive: rules, body, chunks, format: "csv" });
				expectSame([cut.refusal, cut.text], [once.refusal, once.text]);
				const widths = new Set(readCsv(once.text).map((row) => row.length));
				expectSame(widths.size > 1, false);
				if (once.refusal === undefined) {
					const read = readCsv(body.toString());
					expectSame(new Set(read.map((row) => row.length)).size > 1, false);
					expectSame(
						read.flat().filter((raw) => !/^(?:"(?:[^"]|"")*"|[^"]*)$/.test(raw)),
						[],
					);
				}
			}),
			DAMAGED,
		);
	});
});
