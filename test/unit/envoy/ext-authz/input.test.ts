import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readCheckRequest } from "../../../../src/envoy/ext-authz/check-request.ts";
import { writeInput } from "../../../../src/envoy/ext-authz/input.ts";
import { WireError } from "../../../../src/envoy/protobuf/reader.ts";
import { createJsonOut, JsonTooLarge } from "../../../../src/lib/json-out.ts";
import type { Body } from "../../../../src/request/body.ts";
import { checkJson } from "../../../../src/request/json-check.ts";
import { checkRequestBytes, httpCheck, structOf } from "../../../support/ext-authz-messages.ts";
import { referenceAttributes } from "../../../support/reference-input.ts";

const out = createJsonOut(1 << 22);
const NO_QUERY: ReadonlyMap<string, readonly string[]> = new Map();

interface Options {
	readonly own?: string;
	readonly body?: Body;
	readonly segments?: readonly string[];
	readonly query?: ReadonlyMap<string, readonly string[]>;
}

function textOf(bytes: Uint8Array, options: Options = {}): string {
	return writeInput(out, {
		view: readCheckRequest(bytes),
		segments: options.segments ?? [""],
		query: options.query ?? NO_QUERY,
		body: options.body,
		own: options.own === undefined ? undefined : { identity: Buffer.from(options.own) },
	}).toString();
}

// biome-ignore lint/suspicious/noExplicitAny: looks into documents of many shapes
const inputOf = (bytes: Uint8Array, options: Options = {}): any => JSON.parse(textOf(bytes, options));

/** Bytes of one field: a message or string. */
const field = (number: number, bytes: Buffer | string): Buffer => {
	const inner = Buffer.from(bytes);
	const length = inner.length < 128 ? [inner.length] : [(inner.length & 0x7f) | 0x80, inner.length >> 7];
	return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), inner]);
};
const http = (...fields: Buffer[]): Buffer => field(1, field(4, field(2, Buffer.concat(fields))));

describe("the peer's form", () => {
	test("names are lowerCamelCase, numbers numbers, a Timestamp its fields, defaults left out", () => {
		const input = inputOf(httpCheck({ method: "POST", path: "/a?b=1" }), { segments: ["a"] });
		expect(input.attributes.source).toEqual({
			address: { socketAddress: { address: "10.1.2.3", portValue: 41234 } },
		});
		expect(input.attributes.request.time).toEqual({ seconds: 1772368496, nanos: 789000000 });
		expect(input.attributes.request.http.size).toBeUndefined();
		expect(input.attributes.metadataContext).toEqual({});
		expect(input.version).toEqual({ ext_authz: "v3", encoding: "protojson" });
		expect(input.parsed_path).toEqual(["a"]);
		expect(Object.keys(input).sort()).toEqual(["attributes", "parsed_path", "parsed_query", "version"]);
	});
	test("an int64 beyond 2^53 keeps every digit", () => {
		const bytes = checkRequestBytes({ attributes: { request: { http: { size: "9223372036854775807" } } } });
		expect(textOf(bytes)).toContain('"size":9223372036854775807');
	});
	test("members of a oneof are there even when empty, other defaults are not", () => {
		const socketAddress = { portValue: 0, protocol: 0, address: "" };
		const bytes = checkRequestBytes({ attributes: { source: { address: { socketAddress } } } });
		expect(inputOf(bytes).attributes.source.address).toEqual({ socketAddress: { portValue: 0 } });
	});
	test("a Struct is plain JSON, an Any keeps its bytes, what has no JSON form is text", () => {
		const bytes = checkRequestBytes({
			attributes: {
				metadataContext: {
					filterMetadata: { f: structOf({ a: [1, "x", { b: null }], inf: Number.POSITIVE_INFINITY, z: -0 }) },
					typedFilterMetadata: { t: { type_url: "type.test/X", value: Buffer.from([1, 2, 3]) } },
				},
			},
		});
		expect(inputOf(bytes).attributes.metadataContext).toEqual({
			filterMetadata: { f: { a: [1, "x", { b: null }], inf: "Infinity", z: -0 } },
			typedFilterMetadata: { t: { typeUrl: "type.test/X", value: "AQID" } },
		});
	});
	test("source_principal repeats the principal, and is absent without one", () => {
		const bytes = checkRequestBytes({ attributes: { source: { principal: "spiffe://x" } } });
		expect(inputOf(bytes).source_principal).toBe("spiffe://x");
		expect(inputOf(checkRequestBytes({ attributes: { source: {} } })).source_principal).toBeUndefined();
	});
	test("the empty message has no attributes", () => {
		expect(inputOf(Buffer.alloc(0)).attributes).toBeUndefined();
	});
});

describe("what protobuf demands and protobufjs does not do", () => {
	test("a message that comes twice is the merge of both", () => {
		const bytes = Buffer.concat([
			http(field(2, "GET")),
			http(field(4, "/merged")),
			field(1, field(1, field(4, "p1"))),
		]);
		const { attributes } = inputOf(bytes);
		expect(attributes.request.http).toEqual({ method: "GET", path: "/merged" });
		expect(attributes.source).toEqual({ principal: "p1" });
	});
	test("of a scalar and of a map key that come twice the last one counts", () => {
		const entry = (key: string, value: string) => field(3, Buffer.concat([field(1, key), field(2, value)]));
		const bytes = http(field(4, "/one"), entry("x", "1"), entry("y", "2"), entry("x", "3"), field(4, "/two"));
		expect(textOf(bytes)).toContain('"headers":{"y":"2","x":"3"},"path":"/two"');
	});
	test("a oneof keeps the member that came last", () => {
		const socket = field(1, field(2, "1.1.1.1"));
		const pipe = field(2, field(1, "/run/x"));
		const source = (...forms: Buffer[]) => field(1, field(1, field(1, Buffer.concat(forms))));
		expect(inputOf(source(socket, pipe)).attributes.source.address).toEqual({ pipe: { path: "/run/x" } });
		expect(inputOf(source(pipe, socket)).attributes.source.address).toEqual({
			socketAddress: { address: "1.1.1.1" },
		});
	});
	test("Struct values that come twice merge, kinds that differ replace", () => {
		const text = (value: string) => field(3, value);
		const member = (key: string, ...values: Buffer[]) =>
			field(1, Buffer.concat([field(1, key), ...values.map((value) => field(2, value))]));
		const struct = (...members: Buffer[]) => field(5, Buffer.concat(members));
		const filter = (...members: Buffer[]) =>
			field(1, field(11, field(1, Buffer.concat([field(1, "f"), field(2, Buffer.concat(members))]))));
		const bytes = filter(
			member("a", struct(member("x", text("1"))), struct(member("y", text("2")))),
			member("b", struct(member("x", text("1"))), text("last")),
			member("c", text("1")),
			member("c"),
		);
		expect(inputOf(bytes).attributes.metadataContext.filterMetadata.f).toEqual({
			a: { x: "1", y: "2" },
			b: "last",
			c: null,
		});
	});
	test("__proto__ is a header, a label and a metadata key like any other", () => {
		const entry = Buffer.concat([field(1, "__proto__"), field(2, "p")]);
		expect(textOf(http(field(3, entry)))).toContain('"headers":{"__proto__":"p"}');
		const struct = field(1, Buffer.concat([field(1, "__proto__"), field(2, field(3, "v"))]));
		const metadata = field(1, field(11, field(1, Buffer.concat([field(1, "__proto__"), field(2, struct)]))));
		expect(textOf(metadata)).toContain('"filterMetadata":{"__proto__":{"__proto__":"v"}}');
	});
	test.each([
		["a header's value", http(field(3, Buffer.concat([field(1, "x"), field(2, Buffer.from([0xff]))])))],
		["a header's name", http(field(3, field(1, Buffer.from([0xff]))))],
		["the path", http(field(4, Buffer.from([0x2f, 0xc3, 0x28])))],
		["the body", http(field(11, Buffer.from([0xed, 0xa0, 0x80])))],
		["a namespace", field(1, field(11, field(1, field(1, Buffer.from([0xff])))))],
		[
			"a string in metadata",
			field(
				1,
				field(
					11,
					field(
						1,
						field(2, field(1, Buffer.concat([field(1, "k"), field(2, field(3, Buffer.from([0xff])))]))),
					),
				),
			),
		],
	])("invalid UTF-8 in %s is refused", (_name, bytes) => {
		expect(() => textOf(bytes)).toThrow(WireError);
	});
	test("a known field in another wire type is an unknown field", () => {
		expect(inputOf(Buffer.from("CgsiCRIHIAUSA0dFVA==", "base64")).attributes.request.http).toEqual({
			method: "GET",
		});
	});
});

describe("raw headers", () => {
	const raw = httpCheck({
		raw: [
			["x-a", "1"],
			["x-b", Buffer.from([0x61, 0xff, 0x62])],
			["x-a", "2"],
		],
	});
	test("fill `headers`, repeats joined, bytes that are no UTF-8 as Envoy writes them", () => {
		expect(inputOf(raw).attributes.request.http.headers).toEqual({ "x-a": "1,2", "x-b": "a!b" });
	});
	test("keep repeats apart in headers_list", () => {
		expect(inputOf(raw, { own: "{}" }).headers_list).toEqual([
			["x-a", "1"],
			["x-b", "a!b"],
			["x-a", "2"],
		]);
	});
	test("are shown as the peer shows them where only the peer's keys are", () => {
		expect(inputOf(raw).attributes.request.http.headerMap.headers[1]).toEqual({
			key: "x-b",
			rawValue: "Yf9i",
		});
		expect(inputOf(raw, { own: "{}" }).attributes.request.http.headerMap).toBeUndefined();
	});
});

describe("bodies", () => {
	const bytes = Buffer.from('  {"a": 1e400, "b": "\\ud800x", "c": 123456789012345678901234567890 }');
	const check = checkJson(bytes, 0, bytes.length, 10);
	const body: Body = {
		kind: "json",
		state: "parsed",
		json: { bytes, start: 0, end: bytes.length, surrogates: check.ok ? check.surrogates : [] },
	};
	test("JSON keeps the text of its numbers; half a surrogate pair becomes U+FFFD", () => {
		const text = textOf(httpCheck(), { body });
		expect(text).toContain('"a": 1e400');
		expect(text).toContain('"c": 123456789012345678901234567890');
		expect(JSON.parse(text).parsed_body.b).toBe("\ufffdx");
	});
	test("state and truncation stand beside it", () => {
		const none: Body = { kind: "none", state: "truncated" };
		const input = inputOf(httpCheck(), { body: none, own: '{"authenticated":false}' });
		expect(input.parsed_body).toBeNull();
		expect(input.truncated_body).toBe(true);
		expect(input.body_state).toBe("truncated");
		expect(input.identity).toEqual({ authenticated: false });
	});
	test("forms are objects of arrays, __proto__ included", () => {
		const fields = new Map([["__proto__", ["1", "2"]]]);
		expect(textOf(httpCheck(), { body: { kind: "form", state: "parsed", fields } })).toContain(
			'"parsed_body":{"__proto__":["1","2"]},"truncated_body":false',
		);
	});
});

test("a document over its limit is refused before it is complete", () => {
	const small = createJsonOut(600);
	const view = readCheckRequest(httpCheck({ headers: { big: "x".repeat(2000) } }));
	const parts = { view, segments: [""], query: NO_QUERY, body: undefined, own: undefined };
	expect(() => writeInput(small, parts)).toThrow(JsonTooLarge);
});

const word = fc
	.oneof(
		fc.string(),
		fc.string({ unit: "binary", maxLength: 80 }),
		fc.string({ minLength: 100, maxLength: 2000 }),
	)
	.map((given) => Buffer.from(given).toString());
const map = fc.dictionary(word, word, { maxKeys: 8, noNullPrototype: true });
const struct = fc
	.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5, noNullPrototype: true })
	.map((value) => structOf(JSON.parse(JSON.stringify(value))));
const address = fc.oneof(
	fc
		.record(
			{
				address: word,
				portValue: fc.integer({ min: 0, max: 65535 }),
				resolverName: word,
				protocol: fc.constantFrom(0, 1),
			},
			{ requiredKeys: [] },
		)
		.map((socketAddress) => ({ socketAddress })),
	fc.record({ path: word, mode: fc.integer({ min: 0, max: 511 }) }).map((pipe) => ({ pipe })),
);
const peer = fc.record(
	{ address, service: word, labels: map, principal: word, certificate: word },
	{ requiredKeys: [] },
);
const request = fc.record(
	{
		source: peer,
		destination: peer,
		request: fc.record(
			{
				time: fc.record({ seconds: fc.integer(), nanos: fc.integer({ min: 0, max: 999999999 }) }),
				http: fc.record(
					{
						id: word,
						method: word,
						headers: map,
						path: word,
						host: word,
						size: fc.integer(),
						body: word,
						rawBody: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
					},
					{ requiredKeys: [] },
				),
			},
			{ requiredKeys: [] },
		),
		contextExtensions: map,
		metadataContext: fc.record({
			filterMetadata: fc.dictionary(word, struct, { maxKeys: 3, noNullPrototype: true }),
		}),
		tlsSession: fc.record({ sni: word }),
	},
	{ requiredKeys: [] },
);

test("headers are found however long they are, and whatever looks like the start of another inside of them", () => {
	// The octet that begins a header, which every wrong step would fall upon.
	const value = fc
		.oneof(fc.nat(300), fc.constantFrom(16_373, 16_374, 16_380, 16_383, 16_384, 16_390, 40_000))
		.map((count) => "\x1a".repeat(count));
	const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 12 });
	fc.assert(
		fc.property(names, fc.array(value, { minLength: 12, maxLength: 12 }), (keys, values) => {
			const headers = Object.fromEntries(keys.map((key, at) => [key, values[at] ?? ""]));
			const bytes = checkRequestBytes({ attributes: { request: { http: { headers, path: "/a" } } } });
			expect(inputOf(bytes).attributes).toEqual(structuredClone(referenceAttributes(bytes)));
			expect(Object.keys(inputOf(bytes).attributes.request.http.headers ?? {}).length).toBe(keys.length);
		}),
		{ numRuns: 300 },
	);
});

test("headers need not stand together", () => {
	const entry = (name: string): Buffer => field(3, Buffer.concat([field(1, name), field(2, "1")]));
	const input = inputOf(http(entry("a"), entry("b"), field(4, "/p"), entry("c"), field(5, "h"), entry("d")));
	expect(input.attributes.request.http).toEqual({
		headers: { a: "1", b: "1", c: "1", d: "1" },
		path: "/p",
		host: "h",
	});
});

test("whatever the message holds, the document is what decoding it to objects gives", () => {
	fc.assert(
		fc.property(request, (attributes) => {
			const bytes = checkRequestBytes({ attributes });
			expect(inputOf(bytes).attributes).toEqual(structuredClone(referenceAttributes(bytes)));
		}),
		{ numRuns: 300 },
	);
});
