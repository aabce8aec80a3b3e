import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
	consumerText,
	type HandoffSource,
	handoffFrame,
	handoffMetadata,
	MAX_HANDOFF_BYTES,
	operationJson,
	readHandoff,
	writeHandoff,
} from "../../../src/decision/handoff.ts";

const SOURCE: HandoffSource = {
	verdict: "allow",
	consumer: "3:jwt0:3:ann",
	rev: "r1",
	digests: { hash_key: "k1" },
	response: '{"release":["$.a"]}',
};

const write = (source: HandoffSource, operation = '"GET api.test /people"') =>
	writeHandoff(handoffFrame(source), operation);

test("the text is canonical JSON", () => {
	expect(write(SOURCE)).toBe(
		'{"consumer":"3:jwt0:3:ann","digests":{"hash_key":"k1"},"op":"GET api.test /people",' +
			'"response":{"release":["$.a"]},"rev":"r1","v":1,"verdict":"allow"}',
	);
	expect(write({ ...SOURCE, request: '{"release":[]}' })).toContain(
		'"op":"GET api.test /people","request":{"release":[]},"response":{"release":["$.a"]},',
	);
});

test("a gRPC method goes with the descriptor set that has it", () => {
	expect(write({ ...SOURCE, digests: { hash_key: "k1", descriptors: "d1" }, method: "t.S/Get" })).toBe(
		'{"consumer":"3:jwt0:3:ann","digests":{"descriptors":"d1","hash_key":"k1"},"method":"t.S/Get",' +
			'"op":"GET api.test /people","response":{"release":["$.a"]},"rev":"r1","v":1,"verdict":"allow"}',
	);
});

test("what is written is read back", () => {
	const text = fc.string({ unit: "binary", maxLength: 200 }).map((given) => Buffer.from(given).toString());
	const source = fc.record({
		verdict: fc.constantFrom("allow" as const, "deny" as const),
		consumer: text,
		rev: text,
		digests: fc.record({ hash_key: text, descriptors: text }, { requiredKeys: [], noNullPrototype: true }),
	});
	const option = fc.option(fc.jsonValue());
	fc.assert(
		fc.property(source, text, option, option, fc.option(text), (given, op, response, request, method) => {
			const directives = {
				...(response === null ? {} : { response: JSON.stringify(response) }),
				...(request === null ? {} : { request: JSON.stringify(request) }),
			};
			const grpc = method === null ? {} : { method };
			const written = write({ ...given, ...directives, ...grpc }, JSON.stringify(op));
			fc.pre(written !== undefined);
			expect(readHandoff(written as string)).toEqual({
				...given,
				...grpc,
				op,
				v: 1,
				...(response === null ? {} : { response: JSON.parse(JSON.stringify(response)) }),
				...(request === null ? {} : { request: JSON.parse(JSON.stringify(request)) }),
			});
		}),
	);
});

test("16 KiB are the most, in bytes", () => {
	const fill = (count: number, character = "x") => write({ ...SOURCE, rev: character.repeat(count) });
	const spare = MAX_HANDOFF_BYTES - Buffer.byteLength(fill(0) as string);
	expect(Buffer.byteLength(fill(spare) as string)).toBe(MAX_HANDOFF_BYTES);
	expect(fill(spare + 1)).toBeUndefined();
	expect(fill(Math.ceil(spare / 2) + 1, "é")).toBeUndefined();
});

describe("what cannot have been written is not read", () => {
	const good = JSON.parse(write(SOURCE) as string) as Record<string, unknown>;
	test.each([
		["", undefined],
		["no JSON", "{"],
		["a list", "[]"],
		["null", "null"],
		["another version", { ...good, v: 2 }],
		["the version as text", { ...good, v: "1" }],
		["no verdict", { ...good, verdict: undefined }],
		["another verdict", { ...good, verdict: "ALLOW" }],
		["a key more", { ...good, extra: 1 }],
		["op as number", { ...good, op: 1 }],
		["no consumer", { ...good, consumer: undefined }],
		["digests as list", { ...good, digests: [] }],
		["an unknown digest", { ...good, digests: { contract: "x" } }],
		["descriptors as number", { ...good, digests: { descriptors: 1 } }],
		["method as number", { ...good, method: 1 }],
		["hash_key as number", { ...good, digests: { hash_key: 1 } }],
		["too much", { ...good, rev: "x".repeat(MAX_HANDOFF_BYTES) }],
	])("%s", (_name, given) => {
		expect(readHandoff(typeof given === "string" ? given : (JSON.stringify(given) ?? ""))).toBeUndefined();
	});
});

test("only a real allow without a directive is released whole", () => {
	expect(handoffMetadata("allow", false, "t")).toEqual({ postern: "1", fields: "all", directive: "t" });
	expect(handoffMetadata("allow", true, "t").fields).toBe("some");
	expect(handoffMetadata("deny", false, "t").fields).toBe("some");
	expect(handoffMetadata("deny", true, "t").fields).toBe("some");
});

describe("consumers", () => {
	test("two callers never share a text, however their names are cut", () => {
		const part = fc.string({ maxLength: 6 }).filter((text) => !text.includes("\0"));
		const caller = fc.record({ method: part, issuer: part, id: part.filter((text) => text !== "") });
		fc.assert(
			fc.property(caller, caller, (left, right) => {
				const same = left.method === right.method && left.issuer === right.issuer && left.id === right.id;
				expect(consumerText(left) === consumerText(right)).toBe(same);
			}),
			{ numRuns: 1000 },
		);
		expect(consumerText({ method: "jwt", issuer: "a", id: "bc" })).not.toBe(
			consumerText({ method: "jwt", issuer: "ab", id: "c" }),
		);
	});
	test("nobody is the empty text, and so is a name with U+0000", () => {
		expect(consumerText(undefined)).toBe("");
		expect(consumerText({ method: "none" })).toBe("");
		expect(consumerText({ method: "jwt", id: "" })).toBe("");
		expect(consumerText({ method: "jwt", id: "a\0b" })).toBe("");
	});
});

describe("operations", () => {
	test("hold no query", () => {
		expect(operationJson("GET", "h", "/a?token=secret")).toBe('"GET h /a"');
	});
	test("are JSON, whatever they hold", () => {
		const part = fc.string({ unit: "binary", maxLength: 60 }).map((given) => Buffer.from(given).toString());
		fc.assert(
			fc.property(part, part, part, (method, host, path) => {
				const text = `${method} ${host} ${path.replace(/\?.*/s, "")}`;
				fc.pre(Buffer.byteLength(text) <= 512);
				expect(operationJson(method, host, path)).toBe(JSON.stringify(text));
			}),
		);
	});
	test("are at most 512 bytes, cut between characters", () => {
		const text = JSON.parse(operationJson("GET", "h", `/${"é".repeat(400)}`)) as string;
		expect(Buffer.byteLength(text)).toBeLessThanOrEqual(512);
		expect(text).toMatch(/^GET h \/é+$/);
	});
});
