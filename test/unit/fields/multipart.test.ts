import { describe, expect, test } from "@jest/globals";
import { type Masked, mask } from "../../support/mask-body.ts";

const FORM = { kind: "form-data", boundary: "b" } as const;
const MIXED = { kind: "mixed", boundary: "b" } as const;

interface Options {
	readonly format?: typeof FORM | typeof MIXED;
	readonly chunks?: readonly number[];
}

const run = (directive: object, body: string | Buffer, { format = FORM, chunks }: Options = {}): Masked =>
	mask({ directive, body, format, decision: true, ...(chunks === undefined ? {} : { chunks }) });

const part = (head: readonly string[], content: string): string =>
	`--b\r\n${head.map((line) => `${line}\r\n`).join("")}\r\n${content}\r\n`;
const named = (name: string, content: string, ...more: readonly string[]): string =>
	part([`Content-Disposition: form-data; name="${name}"`, ...more], content);
const JSON_TYPE = "Content-Type: application/json";
const END = "--b--\r\n";

describe("form data", () => {
	const body =
		named("id", "7") +
		named("meta", '{"a":1,"ssn":"x"}', JSON_TYPE) +
		named("ssn", "x") +
		named("id", "8") +
		END;

	test("is an object of its parts, a name that comes twice judged twice", () => {
		const { text, report } = run({ release: ["$.id", "$.meta.a"] }, body);
		expect(text).toBe(`${named("id", "7")}${named("meta", '{"a":1}', JSON_TYPE)}${named("id", "8")}${END}`);
		expect(report).toMatchObject({
			released: [
				{ path: "$.id", count: 2 },
				{ path: "$.meta.a", count: 1 },
			],
			withheld: [
				{ path: "$.meta.ssn", count: 1 },
				{ path: "$.ssn", count: 1 },
			],
		});
	});

	test("loses its first part without a trace, and its last, and all of them", () => {
		const three = (names: string): string => [...names].map((name) => named(name, name)).join("") + END;
		expect(run({ withhold: ["$.a"] }, three("abc")).text).toBe(three("bc"));
		expect(run({ withhold: ["$.c"] }, three("abc")).text).toBe(three("ab"));
		expect(run({ release: ["$.no"] }, three("abc")).text).toBe(END);
		expect(run({ withhold: ["$"] }, three("abc")).text).toBe("");
		expect(run({ release: [] }, three("abc")).text).toBe("");
	});

	test("a JSON part of another kind than the selectors reach into goes", () => {
		const scalar = named("meta", " 5", JSON_TYPE);
		expect(run({ release: ["$.meta.a"] }, scalar + END).text).toBe(END);
		expect(run({ release: ["$.meta.a"] }, named("meta", " []", JSON_TYPE) + END).text).toBe(END);
		expect(run({ release: ["$.meta.a"] }, named("meta", "{}", JSON_TYPE) + END).text).toBe(
			named("meta", "{}", JSON_TYPE) + END,
		);
	});

	test("text is masked as a string is, without quotes", () => {
		const made = (rule: object): string =>
			run({ mask: [{ select: "$.a", ...rule }] }, named("a", "ada@mail.example") + END).text;
		expect(made({ as: "email" })).toBe(named("a", "a***@mail.example") + END);
		expect(made({ as: "redact" })).toBe(named("a", "[redacted]") + END);
		expect(made({ as: "null" })).toBe(named("a", "") + END);
		expect(made({ as: "constant", value: { x: 1 } })).toBe(named("a", '{"x":1}') + END);
	});

	test("other headers than the few that say what a part is go, where anything could be hidden", () => {
		const other = named("a", "1", "X-Ssn: 1", "Content-Length: 1");
		expect(run({ release: ["$"] }, other + END).text).toBe(named("a", "1") + END);
		expect(run({ withhold: ["$.b"] }, other + END).text).toBe(other + END);
		expect(run({ mask: [{ select: "$.a", as: "redact" }] }, other + END).text).toBe(
			named("a", "[redacted]") + END,
		);
	});
});

describe("mixed parts", () => {
	test("are an array, with a type of their own or text", () => {
		const body =
			part([JSON_TYPE], '{"id":1,"ssn":2}') +
			part([], "note") +
			part(["Content-Type: text/plain; charset=UTF-8"], "é") +
			END;
		expect(run({ release: ["$[*].id", "$[2]"] }, body, { format: MIXED }).text).toBe(
			part([JSON_TYPE], '{"id":1}') + part(["Content-Type: text/plain; charset=UTF-8"], "é") + END,
		);
		expect(run({}, body, { format: MIXED }).text).toBe(body);
	});
});

describe("files", () => {
	const file = part(
		['Content-Disposition: form-data; name="f"; filename="a.png"', "Content-Type: image/png"],
		"\u0089PNG",
	);
	const body = named("a", "1") + file + END;

	test("block the body unless they go", () => {
		expect(run({}, body).refusal).toBe("body_unsupported");
		expect(run({ release: ["$"] }, body).refusal).toBe("body_unsupported");
		expect(run({ release: ["$.a"] }, body).text).toBe(named("a", "1") + END);
		expect(run({ withhold: ["$.f"] }, body).text).toBe(named("a", "1") + END);
	});

	test("pass as they are where the directive says so, never masked", () => {
		const bytes = Buffer.from(body, "latin1");
		expect(run({ files: "pass" }, bytes).bytes).toEqual(bytes);
		expect(run({ files: "pass", release: ["$.a", "$.f"] }, bytes).bytes).toEqual(bytes);
		const masked = run({ files: "pass", mask: [{ select: "$.f", as: "redact" }] }, bytes);
		expect(masked.text).toBe(named("a", "1") + END);
		expect(masked.report.withheld).toEqual([{ path: "$.f", count: 1 }]);
	});

	test.each([
		["text with a file's name", ['Content-Disposition: form-data; name="f"; filename="a.txt"']],
		["a file's name in another charset", ["Content-Disposition: form-data; name=f; filename*=UTF-8''a.txt"]],
		["JSON with a file's name", ['Content-Disposition: form-data; name="f"; filename="a.json"', JSON_TYPE]],
		["a parameter that no standard knows", ['Content-Disposition: form-data; name="f"; owner="ada"']],
		["another type", ['Content-Disposition: form-data; name="f"', "Content-Type: application/xml"]],
		["base64", ['Content-Disposition: form-data; name="f"', "Content-Transfer-Encoding: base64"]],
		[
			"parts inside",
			['Content-Disposition: form-data; name="f"', "Content-Type: multipart/mixed; boundary=c"],
		],
	])("%s", (_name, head) => {
		const given = part(head, "{}") + END;
		expect(run({ release: ["$"] }, given).refusal).toBe("body_unsupported");
		expect(run({ release: ["$"], files: "pass" }, given).text).toBe(given);
	});

	test("JSON in a part with a file's name is masked all the same", () => {
		const head = ['Content-Disposition: form-data; name="f"; filename="a.json"', JSON_TYPE];
		expect(run({ withhold: ["$.f.ssn"], files: "pass" }, part(head, '{"ssn":1,"a":2}') + END).text).toBe(
			part(head, '{"a":2}') + END,
		);
	});
});

describe("what two readers could read differently is refused", () => {
	const good = named("a", "1");
	test.each<[string, string, string?]>([
		["nothing", ""],
		["no part", END],
		["something before the first delimiter", `x\r\n${good}${END}`],
		["an empty line before it", `\r\n${good}${END}`],
		["something behind the last", `${good}${END}x`],
		["an empty line behind it", `${good}${END}\r\n`],
		["half a line end behind it", `${good}--b--\r`],
		["no last delimiter", good],
		["half of it", `${good}--b-`],
		["white space behind a delimiter", `${good}--b \r\n${END}`],
		["white space behind the last", `${good}--b-- \r\n`],
		["a delimiter that goes on", `${good}--bc\r\n${END}`],
		["a bare line feed before a delimiter", named("a", "1\n--b\r\n").replace("\r\n--b--", "")],
		["a delimiter within a line", named("a", "1--b") + END],
		["the start of one within a line", named("a", "x--bar") + END],
		["line feeds alone", (good + END).replaceAll("\r\n", "\n")],
		["no empty line behind the headers", '--b\r\nContent-Disposition: form-data; name="a"\r\n--b--\r\n'],
		["a content that is not there", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n--b--\r\n'],
		["a folded header", part(["Content-Disposition: form-data;", ' name="a"'], "1") + END],
		["a header twice", named("a", "1", "X-A: 1", "x-a: 2") + END],
		["two dispositions", named("a", "1", 'Content-Disposition: form-data; name="b"') + END],
		["space before a colon", part(['Content-Disposition : form-data; name="a"'], "1") + END],
		["a line without a colon", named("a", "1", "X") + END],
		["a bare CR in a header", named("a", "1", "X-A: 1\r2") + END],
		["NUL in a header", named("a", "1", "X-A: \0") + END],
		["a name in other bytes than UTF-8", named("\u00e9", "1") + END],
		["no name", part(["Content-Disposition: form-data"], "1") + END],
		["no disposition", part([], "1") + END],
		["another disposition", part(['Content-Disposition: attachment; name="a"'], "1") + END],
		["two names", part(['Content-Disposition: form-data; name="a"; name="b"'], "1") + END],
		[
			"a name in another charset",
			part(["Content-Disposition: form-data; name=a; name*=UTF-8''b"], "1") + END,
		],
		["an escape in a name", part(['Content-Disposition: form-data; name="a\\"b"'], "1") + END],
		[
			"a backslash in a file's name",
			part(['Content-Disposition: form-data; name="a"; filename="\\"'], "1") + END,
		],
		["a name that does not end", part(['Content-Disposition: form-data; name="a'], "1") + END],
		["an escaped quote in a name", named("a%22", "1") + END],
		["an escaped line end in a name", named("a%0d%0A", "1") + END],
		["a type that is none", named("a", "1", "Content-Type: json") + END],
		["the field that changes all others", named("_charset_", "utf-16") + END, "body_unsupported"],
		[
			"text in another charset",
			named("a", "1", "Content-Type: text/plain; charset=latin1") + END,
			"body_unsupported",
		],
		[
			"JSON in another charset",
			named("a", "1", "Content-Type: application/json; charset=utf-16") + END,
			"body_unsupported",
		],
		["JSON that is none", named("a", "{", JSON_TYPE) + END],
		["JSON that is not there", named("a", " ", JSON_TYPE) + END],
		["no JSON at all", named("a", "", JSON_TYPE) + END],
		["JSON behind JSON", named("a", "1 2", JSON_TYPE) + END],
	])("%s", (_name, body, refusal = "body_malformed") => {
		// Latin1, so that a single byte above 127 is no UTF-8.
		const bytes = Buffer.from(body, "latin1");
		for (const directive of [{ files: "pass" }, { release: ["$.no"] }, { withhold: ["$"] }])
			for (const chunks of [[1], [3, 7], [1000]])
				expect([directive, run(directive, bytes, { chunks }).refusal]).toEqual([directive, refusal]);
	});

	test("text that is no UTF-8, whole or cut, also in a part that goes", () => {
		for (const bytes of [[0xff], [0xc3], [0xc3, 0x28]]) {
			const body = Buffer.concat([
				Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'),
				Buffer.from(bytes),
				Buffer.from(`\r\n${END}`),
			]);
			for (const directive of [{}, { withhold: ["$.a"] }, { mask: [{ select: "$.a", as: "redact" }] }])
				expect(run(directive, body).refusal).toBe("body_malformed");
		}
	});
});

describe("limits", () => {
	test("1000 parts", () => {
		const many = (count: number): string => named("a", "").repeat(count) + END;
		expect(run({}, many(1000)).refusal).toBeUndefined();
		expect(run({}, many(1001)).refusal).toBe("body_too_large");
	});

	test("16 KiB of headers, at every chunking", () => {
		const head = (size: number): string => {
			const first = 'Content-Disposition: form-data; name="a"';
			const more = size - first.length - "\r\nX: ".length;
			return part([first, `X: ${"x".repeat(more)}`], "1") + END;
		};
		for (const chunks of [[100_000], [1000, 3], [16_384 + 6]]) {
			expect(run({}, head(16_384), { chunks }).refusal).toBeUndefined();
			expect(run({}, head(16_385), { chunks }).refusal).toBe("body_too_large");
		}
	});

	test("4 KiB of white space before JSON, and 1 MiB of text that a strategy reads", () => {
		expect(run({}, named("a", `${" ".repeat(4096)}1`, JSON_TYPE) + END).refusal).toBeUndefined();
		expect(run({}, named("a", `${" ".repeat(4097)}1`, JSON_TYPE) + END).refusal).toBe("body_too_large");
		const long = named("a", "x".repeat((1 << 20) + 1)) + END;
		expect(run({ mask: [{ select: "$.a", as: "partial", keep_end: 4 }] }, long).refusal).toBe(
			"body_too_large",
		);
		expect(run({ mask: [{ select: "$.a", as: "redact" }] }, long).refusal).toBeUndefined();
	});
});

test("what a mask writes never becomes a delimiter", () => {
	const directive = { mask: [{ select: "$..a", as: "constant", value: "\r\n--b--\r\n" }] };
	expect(run(directive, named("a", "1") + END).refusal).toBe("body_unsupported");
	expect(
		run({ mask: [{ select: "$..a", as: "constant", value: "--b" }] }, named("x", '{"a":1}', JSON_TYPE) + END)
			.refusal,
	).toBe("body_unsupported");
	// Escaped in JSON it is none; a strategy that writes the text anew would make it one.
	const escaped = named("x", '{"a":"\\u002d-beef and more"}', JSON_TYPE) + END;
	expect(run({}, escaped).text).toBe(escaped);
	expect(run({ mask: [{ select: "$.x.a", as: "truncate", length: 6 }] }, escaped).refusal).toBe(
		"body_unsupported",
	);
});
