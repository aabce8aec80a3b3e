import { describe, expect, test } from "@jest/globals";
import { type Masked, mask } from "../../support/mask-body.ts";

const run = (directive: object, body: string | Buffer, chunks?: readonly number[]): Masked =>
	mask({ directive, body, format: "csv", ...(chunks === undefined ? {} : { chunks }) });

const TABLE = 'id,name,ssn\r\n1,"Ada ""A"", M.",078-05-1120\r\n2,,\r\n';

describe("CSV with a header", () => {
	test("is a record after another, each an object of its cells", () => {
		const { text, report } = run(
			{ release: ["$.id", "$.name"], mask: [{ select: "$.ssn", as: "partial", keep_end: 4 }] },
			TABLE,
		);
		expect(text).toBe('id,name,ssn\r\n1,"Ada ""A"", M.",*******1120\r\n2,,\r\n');
		expect(report).toMatchObject({
			released: [
				{ path: "$.id", count: 2 },
				{ path: "$.name", count: 2 },
			],
			masked: [{ path: "$.ssn", as: "partial", count: 2 }],
		});
	});

	test("loses a column from every record and the header, wherever it stands", () => {
		expect(run({ withhold: ["$.id"] }, TABLE).text).toBe('name,ssn\r\n"Ada ""A"", M.",078-05-1120\r\n,\r\n');
		expect(run({ withhold: ["$.name"] }, TABLE).text).toBe("id,ssn\r\n1,078-05-1120\r\n2,\r\n");
		expect(run({ withhold: ["$.ssn"] }, TABLE).text).toBe('id,name\r\n1,"Ada ""A"", M."\r\n2,\r\n');
	});

	test("has no empty lines where one column is left", () => {
		expect(run({ release: ["$.ssn"] }, TABLE).text).toBe('ssn\r\n078-05-1120\r\n""\r\n');
		expect(run({ mask: [{ select: "$.a", as: "null" }] }, "a\n1\n").text).toBe('a\n""\n');
		expect(run({ release: ["$['']"] }, "a,\n1,2\n").text).toBe('""\n2\n');
		expect(run({}, "a\n\n").text).toBe("a\n\n");
	});

	test("is empty when no column is left, or the record itself goes", () => {
		for (const directive of [
			{ release: ["$.no"] },
			{ release: [] },
			{ withhold: ["$"] },
			{ withhold: ["$.*"] },
		])
			expect(run(directive, TABLE)).toMatchObject({ refusal: undefined, text: "" });
		expect(run({ withhold: ["$"] }, TABLE).report.withheld).toEqual([{ path: "$", count: 2 }]);
	});

	test("puts masked cells into quotes where they need them", () => {
		const made = (value: unknown): string =>
			run({ mask: [{ select: "$.a", as: "constant", value }] }, "a,b\n1,2\n").text;
		expect(made('x"y')).toBe('a,b\n"x""y",2\n');
		expect(made("x,y")).toBe('a,b\n"x,y",2\n');
		expect(made("x\ny")).toBe('a,b\n"x\ny",2\n');
		expect(made("\t")).toBe('a,b\n"\t",2\n');
		expect(made({ k: 1 })).toBe('a,b\n"{""k"":1}",2\n');
		expect(made(null)).toBe("a,b\n,2\n");
	});

	test("judges both of two columns of one name, and matches names without their quotes", () => {
		expect(run({ withhold: ["$.a"] }, 'a,b,"a"\n1,2,3\n').text).toBe("b\n2\n");
		expect(run({ withhold: ["$['q\"x']"] }, '"q""x",b\n1,2\n').text).toBe("b\n2\n");
	});

	test("of a header alone is a header, and nothing is nothing", () => {
		expect(run({ withhold: ["$.a"] }, "a,b").text).toBe("b");
		expect(run({ withhold: ["$.a"] }, "")).toMatchObject({ refusal: undefined, text: "" });
	});

	test("may lack its last line end", () => {
		expect(run({ withhold: ["$.a"] }, "a,b\n1,2").text).toBe("b\n2");
		expect(run({ withhold: ["$.a"] }, "a,b\n1,").text).toBe('b\n""');
	});
});

describe("what another reader could cut otherwise is refused", () => {
	test.each<[string, string, string?]>([
		["a record that is too short", "a,b\n1\n"],
		["one that is too long", "a,b\n1,2,3\n"],
		["one without its last cell", "a,b\n1"],
		["an empty line among wider ones", "a,b\n\n1,2\n"],
		["an empty header", "\n1\n"],
		["a quote inside a cell", 'a,b\n1"x,2\n'],
		["text behind a closing quote", 'a,b\n"1"x,2\n'],
		["a space behind a closing quote", 'a,b\n"1" ,2\n'],
		["a quote that does not close", 'a,b\n"1,2\n'],
		["a header that does not close", '"a'],
		["two kinds of line ends", "a,b\r\n1,2\n"],
		["the other way round", "a,b\n1,2\r\n"],
		["a CR alone", "a,b\r1,2\r"],
		["a CR at the end", "a,b\r\n1,2\r"],
		["a tab outside of quotes", "a,b\n1\t,2\n"],
		["NUL", "a,b\n\0,2\n"],
		["NUL in quotes", 'a,b\n"\0",2\n'],
		["a byte order mark", "\u00ef\u00bb\u00bfa,b\n"],
		["one in quotes", '"\u00ef\u00bb\u00bfa",b\n'],
		["half a character", "a,b\n\u00c3,2\n"],
		["half a character in quotes", 'a,b\n"\u00c3",2\n'],
		["half a character at the end", "a,b\n1,\u00c3"],
		["semicolons between names", "a;b\n1;2\n", "body_unsupported"],
		["tabs between names", '"a\tb"\n', "body_unsupported"],
		["bars between names", "a|b\n", "body_unsupported"],
	])("%s", (_name, body, refusal = "body_malformed") => {
		const bytes = Buffer.from(body, "latin1");
		for (const directive of [{}, { release: ["$.a"] }, { withhold: ["$"] }])
			for (const chunks of [[1], [2, 3], [100]])
				expect([directive, run(directive, bytes, chunks).refusal]).toEqual([directive, refusal]);
	});

	test("too many columns, too long a name, too long a cell to be read", () => {
		const wide = (count: number): string => `${Array.from({ length: count }, (_, i) => `c${i}`).join(",")}\n`;
		expect(run({}, wide(4096)).refusal).toBeUndefined();
		expect(run({}, wide(4097)).refusal).toBe("body_too_large");
		expect(run({}, "x".repeat(65_536)).refusal).toBeUndefined();
		expect(run({}, "x".repeat(65_537)).refusal).toBe("body_too_large");
		const long = `a\n${"x".repeat((1 << 20) + 1)}\n`;
		expect(run({ mask: [{ select: "$.a", as: "year" }] }, long).refusal).toBe("body_too_large");
		expect(run({ mask: [{ select: "$.a", as: "redact" }] }, long).text).toBe("a\n[redacted]\n");
	});
});
