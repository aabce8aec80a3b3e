import { describe, test } from "@jest/globals";
import fc from "fast-check";
import type { MessageType } from "../../src/envoy/protobuf/descriptors.ts";
import { emptyMessage, readDynamic } from "../../src/envoy/protobuf/dynamic-message.ts";
import { createMessageMasker } from "../../src/envoy/protobuf/mask/message-masker.ts";
import { cursor } from "../../src/envoy/protobuf/reader.ts";
import type { GrpcMessages } from "../../src/fields/scan/grpc-messages.ts";
import type { Schema } from "../support/descriptors.ts";
import { expectSame } from "../support/expect-same.ts";
import { frame } from "../support/grpc-frame.ts";
import { chunkSizes } from "../support/mask-arbitrary.ts";
import { mask } from "../support/mask-body.ts";
import type { PlainDirective } from "../support/mask-oracle.ts";
import { applyToMessage, readJson } from "../support/message-oracle.ts";
import { PROTO2, PROTO3 } from "../support/message-schemas.ts";
import { flatReport } from "../support/report-counts.ts";
import { times } from "../support/test-size.ts";
import { messageBytes, UNKNOWN_TEXT } from "../support/wire-arbitrary.ts";

function typeOf({ descriptors }: Schema, name: string): MessageType {
	const type = descriptors.messages.get(name);
	if (type === undefined) throw new Error(`no type ${name}`);
	return type;
}

function messagesOf(schema: Schema, type: MessageType): GrpcMessages {
	return {
		masker: (context) => createMessageMasker(schema.descriptors, type, context),
		json: () => "malformed",
		maxMessageBytes: 1 << 20,
	};
}

function frames(body: Buffer): Buffer[] {
	const found: Buffer[] = [];
	for (let at = 0; at < body.length; ) {
		const end = at + 5 + body.readUInt32BE(at + 1);
		found.push(body.subarray(at + 5, end));
		at = end;
	}
	return found;
}

const NAMES3 = (
	"name userName a b e on raw color tags nums colors child items labels byId anyLabels text sub number maybe at said " +
	"wide flag paths free value list packed values times secret m flags for"
).split(" ");
const NAMES2 = "name a level nums child items sub must levels".split(" ");

function selectors(names: readonly string[]): fc.Arbitrary<string> {
	const step = fc.oneof(
		{ weight: 6, arbitrary: fc.constantFrom(...names).map((name) => `.${name}`) },
		{ weight: 2, arbitrary: fc.constantFrom(".*", "[*]", "[0]", "[1]", "['x y']", "['0']", "['']") },
		{ weight: 1, arbitrary: fc.constantFrom("..a", "..name", "..*", "..secret", "..value") },
	);
	return fc.array(step, { maxLength: 3 }).map((steps) => `$${steps.join("")}`);
}

const strategy = fc.oneof(
	fc.constantFrom({ as: "null" }, { as: "redact" }, { as: "email" }, { as: "year" }, { as: "hash" }),
	fc.record({
		as: fc.constant("constant"),
		value: fc.constantFrom<unknown>(0, 3, -1, "x", true, null, "RED", { k: ["é", 1] }, [null, {}]),
	}),
	fc.record({ as: fc.constant("partial"), keep_end: fc.nat(4) }),
	fc.record({ as: fc.constant("truncate"), length: fc.nat(4) }),
) as fc.Arbitrary<{ as: string } & Record<string, unknown>>;

function directives(names: readonly string[]): fc.Arbitrary<PlainDirective> {
	const selector = selectors(names);
	return fc.record(
		{
			release: fc.array(selector, { maxLength: 4 }),
			mask: fc.array(
				fc.tuple(selector, strategy).map(([select, rest]) => ({ select, ...rest })),
				{ maxLength: 3 },
			),
			withhold: fc.array(selector, { maxLength: 3 }),
		},
		{ requiredKeys: [] },
	);
}

const cases = [
	{ name: "proto3", schema: PROTO3, type: "t.M", names: NAMES3 },
	{ name: "proto2", schema: PROTO2, type: "t.Q", names: NAMES2 },
];

/** Making messages costs most of the time, so each set of them meets several directives. */
const TURNS = 5;
const runs = (usual: number, whole: number) => ({
	seed: 20_260_803,
	numRuns: Math.ceil(times(usual, whole) / TURNS),
});
/** Three ways of comparing, for either version of the language: together 100,000 triples. */
const RUNS = runs(1700, 17_000);
const WEB_RUNS = runs(10_000, 100_000);

describe.each(cases)("gRPC messages of $name", ({ schema, type: name, names }) => {
	const type = typeOf(schema, name);
	const { descriptors } = schema;
	const types = descriptors.messages;
	const grpc = messagesOf(schema, type);
	const bodies = (once: boolean, unknown: boolean) =>
		fc.array(messageBytes(type, { types, once, unknown }), { maxLength: 3 });
	const turns = fc.array(fc.tuple(directives(names), chunkSizes), { minLength: TURNS, maxLength: TURNS });

	/** What of the masked messages differs from the plain way; answers the counts that the plain way makes. */
	function expectMasked(
		rules: PlainDirective,
		messages: readonly Buffer[],
		masked: Buffer,
	): Map<string, number> {
		const got = frames(masked);
		expectSame(got.length, messages.length);
		const counts = new Map<string, number>();
		for (const [i, message] of messages.entries()) {
			const expected = applyToMessage(rules, message, type, descriptors, "ada");
			expectSame(readJson(got[i] as Buffer, type, descriptors), expected.json);
			expectSame(
				expected.gone.filter((text) => got[i]?.includes(text)),
				[],
			);
			for (const [key, count] of expected.report) counts.set(key, (counts.get(key) ?? 0) + count);
		}
		return counts;
	}

	test("are what parsing them and applying the directive gives, for every chunking", () => {
		fc.assert(
			fc.property(bodies(true, false), turns, (messages, each) => {
				const body = Buffer.concat(messages.map((each) => frame(each)));
				for (const [rules, chunks] of each) {
					const masked = mask({ directive: rules, body, chunks, format: "grpc", grpc, consumer: "ada" });
					expectSame(masked.refusal, undefined);
					const counts = expectMasked(rules, messages, masked.bytes);
					expectSame(flatReport(masked.report), counts);
				}
			}),
			RUNS,
		);
	});

	test("may be written oddly: fields again, messages in pieces, numbers packed and not", () => {
		fc.assert(
			fc.property(bodies(false, false), turns, (messages, each) => {
				const body = Buffer.concat(messages.map((each) => frame(each)));
				for (const [rules, chunks] of each) {
					const masked = mask({ directive: rules, body, chunks, format: "grpc", grpc, consumer: "ada" });
					expectSame(masked.refusal, undefined);
					expectMasked(rules, messages, masked.bytes);
				}
			}),
			RUNS,
		);
	});

	test("lose what no descriptor knows under an allow-list, and keep every byte under none", () => {
		fc.assert(
			fc.property(bodies(false, true), turns, (messages, each) => {
				const body = Buffer.concat(messages.map((each) => frame(each)));
				for (const [rules, chunks] of each) {
					const given = { ...rules, release: rules.release ?? ["$"] };
					const masked = mask({ directive: given, body, chunks, format: "grpc", grpc, consumer: "ada" });
					expectMasked(given, messages, masked.bytes);
					expectSame(masked.bytes.includes(UNKNOWN_TEXT.slice(0, 8)), false);
					expectSame(mask({ directive: {}, body, chunks, format: "grpc", grpc }).bytes, body);
				}
			}),
			RUNS,
		);
	});

	test("that are damaged are refused or still messages, with the same outcome for every chunking", () => {
		const damage = fc.record({ at: fc.nat(), by: fc.uint8Array({ maxLength: 2 }), remove: fc.nat(2) });
		fc.assert(
			fc.property(bodies(false, true), turns, damage, (messages, each, { at, by, remove }) => {
				const whole = Buffer.concat(messages.map((each) => frame(each)));
				const from = at % (whole.length + 1);
				const body = Buffer.concat([whole.subarray(0, from), by, whole.subarray(from + remove)]);
				for (const [rules, chunks] of each) {
					const once = mask({ directive: rules, body, format: "grpc", grpc });
					const cut = mask({ directive: rules, body, chunks, format: "grpc", grpc });
					expectSame([cut.refusal, cut.bytes], [once.refusal, once.bytes]);
					for (const message of frames(once.bytes)) readDynamic(cursor(message), emptyMessage(type));
				}
			}),
			RUNS,
		);
	});
});

describe("gRPC-Web", () => {
	const type = typeOf(PROTO3, "t.M");
	const grpc = messagesOf(PROTO3, type);
	const message = messageBytes(type, { types: PROTO3.descriptors.messages, once: true, unknown: false });
	const trailers = fc.constantFrom(
		"grpc-status:0\r\n",
		"grpc-status: 5\r\ngrpc-message: text-1\r\nx-a: text-2\r\n",
	);

	test("is masked as gRPC is, as bytes and as base64 in pieces of any length, padded or not", () => {
		fc.assert(
			fc.property(
				fc.array(message, { maxLength: 3 }),
				trailers,
				fc.array(fc.tuple(directives(NAMES3), chunkSizes, chunkSizes), {
					minLength: TURNS,
					maxLength: TURNS,
				}),
				(messages, block, each) => {
					const plain = Buffer.concat(messages.map((each) => frame(each)));
					const last = frame(Buffer.from(block));
					last[0] = 0x80;
					const body = Buffer.concat([plain, last]);
					const end = frame(Buffer.from(`${block.split("\r\n")[0]?.replace(" ", "")}\r\n`));
					end[0] = 0x80;
					for (const [rules, chunks, pieces] of each) {
						const common = { directive: rules, chunks, grpc, consumer: "ada" };
						const wanted = mask({ ...common, body: plain, format: "grpc" });
						const web = mask({ ...common, body, format: "grpc-web" });
						expectSame(web.refusal, undefined);
						expectSame(web.bytes, Buffer.concat([wanted.bytes, end]));
						expectSame(web.report, wanted.report);
						const text = mask({ ...common, body: inPieces(body, pieces), format: "grpc-web-text" });
						expectSame(text.refusal, undefined);
						expectSame(decodePieces(text.text), web.bytes);
					}
				},
			),
			WEB_RUNS,
		);
	});

	/** Base64 of each piece by itself: padding in the middle is allowed. */
	function inPieces(body: Buffer, sizes: readonly number[]): string {
		let text = "";
		for (let at = 0, turn = 0; at < body.length; turn++) {
			const end = at + (sizes[turn % sizes.length] as number);
			text += body.subarray(at, end).toString("base64");
			at = end;
		}
		return text;
	}

	function decodePieces(text: string): Buffer {
		expectSame(/^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)*$/.test(text), true);
		return Buffer.concat((text.match(/.{4}/g) ?? []).map((four) => Buffer.from(four, "base64")));
	}
});
