import { describe, expect, test } from "@jest/globals";
import type { HeaderField } from "../../../../../src/envoy/transport/lane/header-field.ts";
import {
	createHpackDecoder,
	decodeBlock,
	type HpackDecoder,
} from "../../../../../src/envoy/transport/lane/hpack/decoder.ts";
import { entryAt } from "../../../../../src/envoy/transport/lane/hpack/dynamic-table.ts";
import { HpackError } from "../../../../../src/envoy/transport/lane/hpack/hpack-error.ts";
import { decodeHuffman, mostDecoded } from "../../../../../src/envoy/transport/lane/hpack/huffman.ts";
import { huffmanBytes, integerBytes } from "../../../../support/lane/hpack-encoder.ts";

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ""), "hex");

function decode(d: HpackDecoder, bytes: Buffer): string[] {
	const fields: HeaderField[] = [];
	// Bytes on either side must not be looked at.
	const inside = Buffer.concat([Buffer.from([0xff]), bytes, Buffer.from([0xff])]);
	decodeBlock(d, inside, 1, 1 + bytes.length, (field) => fields.push(field));
	return fields.map(({ name, value }) => `${name}: ${value}`);
}

function tableOf({ table }: HpackDecoder): string[] {
	return Array.from({ length: table.count }, (_, back) => {
		const field = entryAt(table, back);
		return `${field?.name}: ${field?.value}`;
	});
}

const DATE = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const LATER = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const COOKIE = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const LOCATION = "location: https://www.example.com";
const PRIVATE = "cache-control: private";
const AUTHORITY = ":authority: www.example.com";

const REQUESTS = [
	{
		fields: [":method: GET", ":scheme: http", ":path: /", AUTHORITY],
		table: [AUTHORITY],
		size: 57,
	},
	{
		fields: [":method: GET", ":scheme: http", ":path: /", AUTHORITY, "cache-control: no-cache"],
		table: ["cache-control: no-cache", AUTHORITY],
		size: 110,
	},
	{
		fields: [":method: GET", ":scheme: https", ":path: /index.html", AUTHORITY, "custom-key: custom-value"],
		table: ["custom-key: custom-value", "cache-control: no-cache", AUTHORITY],
		size: 164,
	},
];
const RESPONSES = [
	{
		fields: [":status: 302", PRIVATE, DATE, LOCATION],
		table: [LOCATION, DATE, PRIVATE, ":status: 302"],
		size: 222,
	},
	{
		fields: [":status: 307", PRIVATE, DATE, LOCATION],
		table: [":status: 307", LOCATION, DATE, PRIVATE],
		size: 222,
	},
	{
		fields: [":status: 200", PRIVATE, LATER, LOCATION, "content-encoding: gzip", COOKIE],
		table: [COOKIE, "content-encoding: gzip", LATER],
		size: 215,
	},
];

describe("RFC 7541, appendix C", () => {
	test.each([
		[
			"C.2.1",
			"400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
			"custom-key: custom-header",
			55,
		],
		["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path", 0],
		["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret", 0],
		["C.2.4", "82", ":method: GET", 0],
	])("%s", (_name, hex, field, size) => {
		const d = createHpackDecoder(4096);
		expect(decode(d, bytesOf(hex))).toEqual([field]);
		expect(d.table.size).toBe(size);
	});

	test.each([
		[
			"C.3 requests",
			4096,
			REQUESTS,
			[
				"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
				"8286 84be 5808 6e6f 2d63 6163 6865",
				"8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
			],
		],
		[
			"C.4 requests, Huffman",
			4096,
			REQUESTS,
			[
				"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
				"8286 84be 5886 a8eb 1064 9cbf",
				"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
			],
		],
		[
			"C.5 responses",
			256,
			RESPONSES,
			[
				`4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
				3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
				"4803 3330 37c1 c0bf",
				`88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
				7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61
				6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
			],
		],
		[
			"C.6 responses, Huffman",
			256,
			RESPONSES,
			[
				`4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
				1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
				"4883 640e ffc1 c0bf",
				`88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
				e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
			],
		],
	])("%s, block after block", (_name, limit, wanted, blocks) => {
		const d = createHpackDecoder(limit);
		blocks.forEach((block, index) => {
			expect(decode(d, bytesOf(block))).toEqual(wanted[index]?.fields);
			expect(tableOf(d)).toEqual(wanted[index]?.table);
			expect(d.table.size).toBe(wanted[index]?.size);
		});
	});
});

describe("integers", () => {
	const literal = (length: Buffer): Buffer => Buffer.concat([Buffer.from([0x00]), length]);

	test("C.1: 10 and 1337 in five bits, 42 at an octet's boundary", () => {
		expect([...integerBytes(10, 5)]).toEqual([10]);
		expect([...integerBytes(1337, 5)]).toEqual([31, 154, 10]);
		expect([...integerBytes(42, 8)]).toEqual([42]);
		const d = createHpackDecoder(4096);
		decode(d, Buffer.from([0x3f, 154, 10]));
		expect(d.table.maxSize).toBe(1337);
	});

	test.each([
		["that goes on for ever", Buffer.from([0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00])],
		["over four octets more", Buffer.from([0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f])],
		["cut off", Buffer.from([0x7f, 0x80])],
		["not begun", Buffer.from([])],
	])("one %s is an error", (_name, length) => {
		expect(() => decode(createHpackDecoder(4096), literal(length))).toThrow(HpackError);
	});

	test("longer than needed it is read, as the RFC lets it be", () => {
		const padded = Buffer.concat([
			Buffer.from([0x00, 0x7f, 0x81, 0x00]),
			Buffer.alloc(128, "a"),
			Buffer.from([0x01, 0x62]),
		]);
		expect(decode(createHpackDecoder(4096), padded)).toEqual([`${"a".repeat(128)}: b`]);
	});
});

describe("indexes", () => {
	test.each([
		["0", [0x80]],
		["62, with nothing in the dynamic table", [0xbe]],
		["62 as a name", [0x7e, 0x01, 0x62]],
		["far out", [0xff, 0xff, 0xff, 0x7f]],
	])("%s is an error", (_name, octets) => {
		expect(() => decode(createHpackDecoder(4096), Buffer.from(octets))).toThrow(HpackError);
	});

	test("61 is the last of the static table", () => {
		expect(decode(createHpackDecoder(4096), Buffer.from([0xbd]))).toEqual(["www-authenticate: "]);
	});
});

describe("the dynamic table", () => {
	const entry = (name: string, value: string): Buffer =>
		Buffer.concat([
			Buffer.from([0x40, name.length]),
			Buffer.from(name),
			Buffer.from([value.length]),
			Buffer.from(value),
		]);

	test("an entry as large as the table stays alone, one octet more empties it and is told all the same", () => {
		const d = createHpackDecoder(64);
		decode(d, entry("a", "b"));
		expect(decode(d, entry("n".repeat(16), "v".repeat(16)))).toHaveLength(1);
		expect(tableOf(d)).toEqual([`${"n".repeat(16)}: ${"v".repeat(16)}`]);
		expect(decode(d, entry("n".repeat(16), "v".repeat(17)))).toEqual([
			`${"n".repeat(16)}: ${"v".repeat(17)}`,
		]);
		expect([tableOf(d), d.table.size]).toEqual([[], 0]);
	});

	test("holds as many of the smallest entries as fit, and lets the oldest go", () => {
		const d = createHpackDecoder(4096);
		for (let index = 0; index < 1000; index++) decode(d, Buffer.from([0x40, 0x00, 0x00]));
		expect([d.table.count, d.table.size]).toEqual([128, 4096]);
	});

	test("a size update evicts; two in one place are read in order", () => {
		const d = createHpackDecoder(4096);
		for (const name of ["a", "b", "c"]) decode(d, entry(name, "x"));
		decode(d, Buffer.concat([integerBytes(70, 5, 0x20), integerBytes(4096, 5, 0x20), Buffer.from([0x82])]));
		expect(tableOf(d)).toEqual(["c: x", "b: x"]);
		decode(d, integerBytes(0, 5, 0x20));
		expect([tableOf(d), d.table.size]).toEqual([[], 0]);
	});

	test.each([
		["over the limit", Buffer.concat([integerBytes(4097, 5, 0x20)])],
		["behind a field", Buffer.from([0x82, 0x20])],
	])("a size update %s is an error", (_name, block) => {
		expect(() => decode(createHpackDecoder(4096), block)).toThrow(HpackError);
	});

	test("a name may come from an entry that making room for its field evicts (section 4.4)", () => {
		const d = createHpackDecoder(80);
		decode(d, entry("long-name", "value"));
		const block = Buffer.concat([Buffer.from([0x7e, 30]), Buffer.alloc(30, "v")]);
		expect(decode(d, block)).toEqual([`long-name: ${"v".repeat(30)}`]);
	});
});

describe("Huffman", () => {
	const undo = (bytes: Buffer): string | undefined => {
		const out = Buffer.alloc(mostDecoded(bytes.length));
		const end = decodeHuffman(bytes, 0, bytes.length, out, 0);
		return end < 0 ? undefined : out.toString("latin1", 0, end);
	};

	test("every octet there and back, alone and together", () => {
		const all = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
		for (const text of [...all, all.join(""), ""]) expect(undo(huffmanBytes(text))).toBe(text);
	});

	test.each([
		["zeros in the padding", "1c"],
		["padding of eight bits", "ff"],
		["padding of a whole octet behind a text", "1fff"],
		["EOS itself", "ffffffff"],
		["EOS behind a text", "1fffffffff"],
		["a code that is cut off", "fe"],
	])("%s is an error", (_name, hex) => {
		expect(undo(bytesOf(hex))).toBeUndefined();
		const block = Buffer.concat([Buffer.from([0x00, 0x01, 0x61, 0x80 | (hex.length / 2)]), bytesOf(hex)]);
		expect(() => decode(createHpackDecoder(4096), block)).toThrow(HpackError);
	});

	test("padding of one to seven ones is read", () => {
		expect([undo(bytesOf("1f")), undo(bytesOf("07"))]).toEqual(
			["a", "0"].map((text) => expect.stringContaining(text)),
		);
	});
});

describe("paths that come again", () => {
	test("are known by their bytes, and one that differs in any of them is another", () => {
		const d = createHpackDecoder(4096);
		const path = (text: string): Buffer =>
			Buffer.concat([Buffer.from([0x04, text.length]), Buffer.from(text)]);
		const texts = ["/a", "/b", "/a", "/ab", "/a/", "/c", "/d", "/e", "/f", "/a", "/b"];
		for (const text of [...texts, ...texts]) expect(decode(d, path(text))).toEqual([`:path: ${text}`]);
		expect(() => decode(d, Buffer.from([0x04, 0x02, 0x2f]))).toThrow(HpackError);
		expect(decode(d, Buffer.concat([path("/a"), path("/b")]))).toEqual([":path: /a", ":path: /b"]);
	});
});
