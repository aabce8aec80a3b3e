import { describe, expect, test } from "@jest/globals";
import { readMultipart } from "../../../src/request/multipart.ts";

const RULES = { maxDepth: 10, maxParts: 4, maxPartHeaderBytes: 300 };

function read(text: string | Buffer, boundary = "BB", rules = RULES) {
	const bytes = Buffer.concat([
		Buffer.from("before"),
		typeof text === "string" ? Buffer.from(text, "latin1") : text,
		Buffer.from("after"),
	]);
	const form = readMultipart(bytes, 6, bytes.length - 5, boundary, rules);
	return form.ok ? { value: JSON.parse(form.json.toString()) as unknown, clear: form.clear } : form.reason;
}

/** A form of parts, each its headers and its body. */
function form(...parts: readonly (readonly [headers: string, body: string])[]): string {
	return `${parts.map(([headers, body]) => `--BB\r\n${headers}\r\n\r\n${body}\r\n`).join("")}--BB--\r\n`;
}
const named = (name: string, more = ""): string => `Content-Disposition: form-data; name="${name}"${more}`;
const JSON_PART = "\r\nContent-Type: application/json";

describe("a form that every reader reads alike", () => {
	test("names have lists of values, in order", () => {
		expect(read(form([named("a"), "1"], [named("b"), ""], [named("a"), "2\r\n"]))).toEqual({
			value: { a: ["1", "2\r\n"], b: [""] },
			clear: true,
		});
	});
	test("a part that says JSON is JSON, with the text of its numbers", () => {
		const bytes = Buffer.from(form([named("j", JSON_PART), '{"n":1.0e400,"m":90071992547409931}']));
		const read = readMultipart(bytes, 0, bytes.length, "BB", RULES);
		expect(read.ok && read.json.toString()).toBe('{"j":[{"n":1.0e400,"m":90071992547409931}]}');
		expect(read.ok && read.clear).toBe(true);
	});
	test("a file is its text, whatever its bytes", () => {
		const part = "; filename=\"x.bin\"; filename*=utf-8''%e2%98%83";
		expect(read(form([named("f", part), "\xff\0\xfe"]))).toEqual({
			value: { f: ["\ufffd\0\ufffd"] },
			clear: true,
		});
	});
	test("text that begins like a boundary is text", () => {
		expect(read(form([named("a"), "x--BB y"], [named("b"), "x\r\n--BBy\r\n--BB-z"]))).toEqual({
			value: { a: ["x--BB y"], b: ["x\r\n--BBy\r\n--BB-z"] },
			clear: true,
		});
		expect(read(form([named("a"), "--BBx"]))).toEqual({ value: { a: ["--BBx"] }, clear: true });
	});
	test("no parts are no fields, and a name may be that of a prototype", () => {
		expect(read("--BB--")).toEqual({ value: {}, clear: true });
		expect(Object.keys((read(form([named("__proto__"), "1"])) as { value: object }).value)).toEqual([
			"__proto__",
		]);
	});
});

describe("read as Go reads it, and not clear", () => {
	test.each([
		["bare line feeds", '--BB\nContent-Disposition: form-data; name="a"\n\n1\n--BB--\n', { a: ["1"] }],
		["a preamble", `hello\r\n${form([named("a"), "1"])}`, { a: ["1"] }],
		["an epilogue", `${form([named("a"), "1"])}--BB\r\n${named("a")}\r\n\r\n2\r\n--BB--`, { a: ["1"] }],
		["a part without a name", form(["X: y", "0"], [named("a"), "1"]), { a: ["1"] }],
		["an attachment", form(['Content-Disposition: attachment; name="a"', "0"]), {}],
		["headers that never end", `--BB\r\n${named("a")}`, {}],
		["a folded header", form(['Content-Disposition: form-data;\r\n name="a"', "1"]), { a: ["1"] }],
		["a disposition twice", form([`${named("a")}\r\n${named("b")}`, "1"]), { a: ["1"] }],
		["an escaped quotation mark", form([named('a\\"b'), "1"]), { 'a"b': ["1"] }],
		["a backslash that escapes nothing", form([named("a\\b"), "1"]), { "a\\b": ["1"] }],
		["a name by RFC 2231", form(["Content-Disposition: form-data; name*=utf-8''%41", "1"]), { A: ["1"] }],
		["a name in pieces", form(['Content-Disposition: form-data; name*0=a; name*1="b"', "1"]), { ab: ["1"] }],
		["a name that is not UTF-8", form([named("\xff"), "1"]), { "\ufffd": ["1"] }],
		["a value that is not UTF-8", form([named("a"), "\xff"]), { a: ["\ufffd"] }],
		["base64", form([named("a", "\r\nContent-Transfer-Encoding: base64"), "aGk="]), { a: ["aGk="] }],
		[
			"quoted-printable",
			form([named("a", "\r\nContent-Transfer-Encoding: Quoted-Printable"), "a=3Db =\r\nc=4 \r\n=e9"]),
			{ a: ["a=b c=4\r\n\ufffd"] },
		],
		["a JSON member twice", form([named("j", JSON_PART), '{"a":1,"a":2}']), { j: [{ a: 2 }] }],
		["half a surrogate pair", form([named("j", JSON_PART), '"\\ud800x"']), { j: ["\ufffdx"] }],
	])("%s", (_what, text, value) => {
		expect(read(text)).toEqual({ value, clear: false });
	});
});

describe("refused", () => {
	test.each([
		["no boundary at all", "x"],
		["nothing but a part's start", "--BB\r\n\r\n"],
		["a part without end", `--BB\r\n${named("a")}\r\n\r\n1\r\n`],
		["a boundary that nothing follows", `--BB\r\n${named("a")}\r\n\r\n1\r\n--BB`],
		["text behind a boundary", `--BB\r\n${named("a")}\r\n\r\n1\r\n--BB x\r\n\r\n\r\n--BB--`],
		["a header line without a colon", form(["name", "1"])],
		["a header that starts with a space", form([` ${named("a")}`, "1"])],
		["a control character in a header", form([named("a\u0001"), "1"])],
		["JSON that is none", form([named("j", JSON_PART), "{"])],
		["no JSON where a part says so", form([named("j", JSON_PART), ""])],
		["JSON over the depth", form([named("j", JSON_PART), "[".repeat(9) + "]".repeat(9)])],
		[
			"bytes that quoted-printable forbids",
			form([named("a", "\r\nContent-Transfer-Encoding: quoted-printable"), "\u0001"]),
		],
		["a line between parts that is too long", `${"x".repeat(5000)}\r\n${form([named("a"), "1"])}`],
	])("%s", (_what, text) => {
		expect(read(text)).toBe("malformed");
	});
	test("an empty boundary, and one beyond reason", () => {
		expect(read("--\r\n", "")).toBe("malformed");
		expect(read("", "b".repeat(1025))).toBe("malformed");
	});
	test("too many parts, and headers that are too large", () => {
		const five = Array.from({ length: 5 }, () => [named("a"), "1"] as const);
		expect(read(form(...five))).toBe("too_large");
		expect(read(form(...five.slice(1)))).toMatchObject({ clear: true });
		expect(read(form([named("a".repeat(400)), "1"]))).toBe("too_large");
		expect(read(form([`${named("a")}${"\r\n x".repeat(200)}`, "1"]))).toBe("too_large");
	});
});
