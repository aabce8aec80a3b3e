import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { MessageType } from "../../../../src/envoy/protobuf/descriptors.ts";
import { createMessageMasker } from "../../../../src/envoy/protobuf/mask/message-masker.ts";
import { methodMessages } from "../../../../src/envoy/protobuf/mask/method-messages.ts";
import type { GrpcMessages } from "../../../../src/fields/scan/grpc-messages.ts";
import { encodeMessage, type Schema } from "../../../support/descriptors.ts";
import { frame } from "../../../support/grpc-frame.ts";
import { type Masked, mask } from "../../../support/mask-body.ts";
import { readJson } from "../../../support/message-oracle.ts";
import { PROTO2, PROTO3 } from "../../../support/message-schemas.ts";
import { delimited, tagged, varint } from "../../../support/wire-arbitrary.ts";

const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const text = (value: string): Buffer => delimited(Buffer.from(value));

function typeOf({ descriptors }: Schema, name: string): MessageType {
	const type = descriptors.messages.get(name);
	if (type === undefined) throw new Error(`no type ${name}`);
	return type;
}

function messagesOf(schema: Schema, name: string): GrpcMessages {
	const type = typeOf(schema, name);
	return {
		masker: (context) => createMessageMasker(schema.descriptors, type, context),
		json: () => "malformed",
		maxMessageBytes: 1 << 22,
	};
}

interface Made extends Masked {
	/** The one message that came out. */
	readonly message: Buffer;
}

function run(directive: object, message: Uint8Array, schema = PROTO3, name = "t.M"): Made {
	const masked = mask({ directive, body: frame(message), format: "grpc", grpc: messagesOf(schema, name) });
	return { ...masked, message: masked.bytes.subarray(5) };
}

const json = ({ message }: Made, schema = PROTO3, name = "t.M"): unknown =>
	readJson(message, typeOf(schema, name), schema.descriptors);

describe("occurrences of a field", () => {
	test("are judged one by one, also those that no reader will see", () => {
		const twice = join(tagged(1, 2, text("a")), tagged(3, 0, varint(5)), tagged(1, 2, text("b")));
		expect(run({ release: ["$.a"] }, twice).message).toEqual(tagged(3, 0, varint(5)));
		expect(run({ mask: [{ select: "$.name", as: "redact" }] }, twice).message).toEqual(
			join(tagged(1, 2, text("[redacted]")), tagged(3, 0, varint(5)), tagged(1, 2, text("[redacted]"))),
		);
	});

	test("of a message are pieces of one: elements are counted through", () => {
		const piece = (tag: string): Buffer => tagged(21, 2, delimited(tagged(18, 2, text(tag))));
		const message = join(piece("a"), piece("b"), piece("c"));
		expect(json(run({ withhold: ["$.child.tags[1]"] }, message))).toEqual({ child: { tags: ["a", "c"] } });
		expect(run({ withhold: ["$.child.tags"] }, message).report.withheld).toEqual([
			{ path: "$.child.tags", count: 1 },
		]);
		const list = (value: string): Buffer =>
			tagged(38, 2, delimited(tagged(1, 2, delimited(tagged(3, 2, text(value))))));
		expect(json(run({ withhold: ["$.list[1]"] }, join(list("a"), list("b"), list("c"))))).toEqual({
			list: ["a", "c"],
		});
	});

	test("of a member of a oneof begin anew behind another member", () => {
		const sub = (tag: string): Buffer => tagged(27, 2, delimited(tagged(18, 2, text(tag))));
		const message = join(sub("a"), tagged(28, 0, varint(1)), sub("b"), sub("c"));
		expect(json(run({ withhold: ["$.sub.tags[0]"] }, message))).toEqual({ sub: { tags: ["c"] } });
	});

	test("in a wrong wire type are unknown fields", () => {
		const message = join(tagged(1, 0, varint(7)), tagged(3, 2, text("xy")), tagged(21, 0, varint(1)));
		const { message: left, report } = run({ release: ["$.name", "$.a", "$.child"] }, message);
		expect(left).toHaveLength(0);
		expect(report.unknown).toEqual([{ path: "$.*", count: 3 }]);
		expect(run({ withhold: ["$.no"] }, message).message).toHaveLength(0);
		expect(run({}, message).message).toEqual(message);
	});
});

describe("what the descriptor set does not know", () => {
	const stray = tagged(900, 2, text("SECRET"));
	const message = join(tagged(21, 2, delimited(join(stray, tagged(1, 2, text("a"))))), stray);

	test("goes under an allow-list, wherever it is", () => {
		for (const release of [["$"], ["$.child"], ["$..*"]]) {
			const { message: left, report } = run({ release }, message);
			expect(left.includes("SECRET")).toBe(false);
			expect(report.unknown).toEqual([
				{ path: "$.*", count: 1 },
				{ path: "$.child.*", count: 1 },
			]);
			expect(report.withheld).toEqual(report.unknown);
		}
	});

	test("without one stays where nothing is left to hide", () => {
		expect(run({}, message).message).toEqual(message);
		expect(run({ withhold: ["$.child.name"] }, message).message).toEqual(
			tagged(21, 2, delimited(Buffer.alloc(0))),
		);
		const { message: left, report } = run({ withhold: ["$.name"] }, message);
		// Something at the root could be the field that is withheld, newer than the set; inside of child nothing can.
		expect(left).toEqual(message.subarray(0, message.length - stray.length));
		expect(report.unknown).toEqual([
			{ path: "$.*", count: 1 },
			{ path: "$.child.*", count: 1 },
		]);
		expect(report.released).toContainEqual({ path: "$.child.*", count: 1 });
	});
});

describe("Any", () => {
	const url = (name: string): Buffer => tagged(1, 2, text(`type.googleapis.com/${name}`));
	const any = (...parts: readonly Uint8Array[]): Buffer => tagged(39, 2, delimited(join(...parts)));
	const packed = encodeMessage(PROTO3, "t.N", { secret: "SECRET", a: 3 });

	test("is judged by the fields of what is packed, and keeps its type", () => {
		const message = any(url("t.N"), tagged(2, 2, delimited(packed)));
		expect(json(run({ release: ["$.packed.a"] }, message))).toEqual({
			packed: { "@type": "type.googleapis.com/t.N", a: 3 },
		});
	});

	test("goes whole when its type is hidden or not in the set", () => {
		const known = any(url("t.N"), tagged(2, 2, delimited(packed)));
		for (const hide of [
			{ withhold: ["$.packed['@type']"] },
			{ release: ["$.packed"], mask: [{ select: "$..['@type']", as: "redact" }] },
		])
			expect(run(hide, known).message).toHaveLength(0);
		const foreign = any(url("t.Nobody"), tagged(2, 2, text("SECRET")));
		expect(run({ release: ["$"] }, foreign).message).toHaveLength(0);
		expect(run({ withhold: ["$..secret"] }, foreign).message).toHaveLength(0);
		expect(run({}, foreign).message).toEqual(foreign);
		expect(run({ release: ["$"] }, any(tagged(2, 2, text("SECRET")))).message).toHaveLength(0);
	});

	test("with the form that a type has of its own is under value", () => {
		const stamp = any(
			url("google.protobuf.Timestamp"),
			tagged(2, 2, delimited(tagged(1, 0, varint(86_400 * 400)))),
		);
		expect(json(run({ mask: [{ select: "$.packed.value", as: "year" }] }, stamp))).toEqual({
			packed: { "@type": "type.googleapis.com/google.protobuf.Timestamp", value: "1971-01-01T00:00:00Z" },
		});
		expect(run({ withhold: ["$.packed.value"] }, stamp).message).toEqual(
			any(url("google.protobuf.Timestamp")),
		);
	});
});

describe("proto2", () => {
	const must = tagged(8, 2, delimited(join(tagged(1, 0, varint(7)), tagged(2, 2, text("SECRET")))));
	const whole = join(tagged(1, 2, text("SECRET")), tagged(3, 0, varint(5)), must);

	test("a required field that is withheld holds its zero value, and what it requires", () => {
		const { message, report } = run({ release: ["$.a"] }, whole, PROTO2, "t.Q");
		expect(json({ message } as Made, PROTO2, "t.Q")).toEqual({ name: "", level: "LOW", must: { a: 0 } });
		expect(report.withheld.map(({ path }) => path)).toEqual(["$.level", "$.must", "$.name"]);
		expect(json(run({ withhold: ["$"] }, whole, PROTO2, "t.Q"), PROTO2, "t.Q")).toEqual({
			name: "",
			level: "LOW",
			must: { a: 0 },
		});
	});

	test("groups are entered, withheld and masked", () => {
		const items = join(
			varint(6 * 8 + 3),
			tagged(1, 2, text("SECRET")),
			tagged(2, 0, varint(1)),
			varint(6 * 8 + 4),
		);
		const sub = join(varint(7 * 8 + 3), tagged(1, 2, text("x")), varint(7 * 8 + 4));
		const message = join(whole, items, sub);
		expect(
			json(run({ release: ["$.items[*].a", "$.sub"] }, message, PROTO2, "t.Q"), PROTO2, "t.Q"),
		).toMatchObject({
			items: [{ name: "", a: 1 }],
			sub: { name: "x" },
		});
		const emptied = run({ mask: [{ select: "$.items[*]", as: "null" }] }, message, PROTO2, "t.Q");
		expect(json(emptied, PROTO2, "t.Q")).toMatchObject({ items: [{ name: "" }] });
		expect(
			json(run({ withhold: ["$.sub", "$.items[0]"] }, message, PROTO2, "t.Q"), PROTO2, "t.Q"),
		).not.toHaveProperty("sub");
	});
});

describe("a message", () => {
	test("in which nothing changes comes back itself, lengths longer than needed and all", () => {
		const message = tagged(21, 2, delimited(tagged(1, 2, delimited(Buffer.from("a"), 3)), 2));
		const body = frame(message);
		const masked = mask({
			directive: { release: ["$"] },
			body,
			format: "grpc",
			grpc: messagesOf(PROTO3, "t.M"),
		});
		expect(masked.bytes).toEqual(body);
	});

	test("gets the lengths that its parts have now", () => {
		let message = tagged(1, 2, text("x"));
		for (let depth = 0; depth < 5; depth++)
			message = tagged(21, 2, delimited(join(message, tagged(3, 0, varint(1)))));
		const long = "y".repeat(20_000);
		const made = run({ mask: [{ select: "$..name", as: "constant", value: long }] }, message);
		expect(JSON.stringify(json(made))).toContain(long);
		let inner = json(made) as { child?: unknown };
		for (let depth = 0; depth < 5; depth++) inner = inner.child as { child?: unknown };
		expect(inner).toEqual({ name: long, a: 1 });
	});

	test("that is withheld or masked as a whole is empty", () => {
		const message = tagged(1, 2, text("SECRET"));
		expect(run({ withhold: ["$"] }, message)).toMatchObject({
			refusal: undefined,
			bytes: frame(Buffer.alloc(0)),
		});
		expect(run({ mask: [{ select: "$", as: "redact" }] }, message).bytes).toEqual(frame(Buffer.alloc(0)));
	});

	const deep = (levels: number): Buffer => {
		let message: Buffer = Buffer.alloc(0);
		for (let level = 0; level < levels; level++) message = tagged(21, 2, delimited(message));
		return message;
	};
	test.each<[string, Uint8Array, string]>([
		["text that is no UTF-8", tagged(1, 2, delimited(Buffer.from([0xc3, 0x28]))), "body_malformed"],
		["a length beyond its end", Buffer.from([0x0a, 5, 0x61]), "body_malformed"],
		["a field number of 0", Buffer.from([0x00, 0]), "body_malformed"],
		["a group that does not end", varint(900 * 8 + 3), "body_malformed"],
		["the end of a group that did not begin", varint(21 * 8 + 4), "body_malformed"],
		["numbers in one piece, cut short", tagged(19, 2, delimited(Buffer.from([0x80]))), "body_malformed"],
		[
			"an entry with two keys",
			tagged(23, 2, delimited(join(tagged(1, 2, text("a")), tagged(1, 2, text("b"))))),
			"body_malformed",
		],
		["an entry with a third field", tagged(23, 2, delimited(tagged(3, 0, varint(1)))), "body_malformed"],
		[
			"a Value of two kinds",
			tagged(37, 2, delimited(join(tagged(1, 0, varint(0)), tagged(4, 0, varint(1))))),
			"body_malformed",
		],
		["a Value given twice", join(tagged(37, 2, text("")), tagged(37, 2, text(""))), "body_malformed"],
		["an Any given twice", join(tagged(39, 2, text("")), tagged(39, 2, text(""))), "body_malformed"],
		[
			"an Any with two types",
			tagged(39, 2, delimited(join(tagged(1, 2, text("t.N")), tagged(1, 2, text("t.M"))))),
			"body_malformed",
		],
		["512 messages inside each other", deep(512), "body_too_deep"],
		[
			"a key over 64 KiB",
			tagged(23, 2, delimited(tagged(1, 2, delimited(Buffer.alloc(65_537, "k"))))),
			"body_too_large",
		],
	])("with %s is refused, also in what goes anyway", (_name, message, refusal) => {
		for (const directive of [{}, { release: ["$.flags"] }, { withhold: ["$"] }])
			expect(run(directive, message).refusal).toBe(refusal);
	});

	test("511 messages inside each other are not too many, nor a key of 64 KiB", () => {
		expect(run({}, deep(511)).refusal).toBeUndefined();
		const key = tagged(23, 2, delimited(tagged(1, 2, delimited(Buffer.alloc(65_536, "k")))));
		expect(run({}, key).refusal).toBeUndefined();
	});

	test("of Values and Anys inside each other is walked as deep, and no deeper", () => {
		const nested = (wrap: (inner: Buffer) => Buffer, levels: number): Buffer => {
			let value: Buffer = Buffer.alloc(0);
			for (let level = 0; level < levels; level++) value = wrap(value);
			return value;
		};
		const struct = (value: Buffer): Buffer =>
			tagged(
				5,
				2,
				delimited(tagged(1, 2, delimited(join(tagged(1, 2, text("k")), tagged(2, 2, delimited(value)))))),
			);
		const list = (value: Buffer): Buffer => tagged(6, 2, delimited(tagged(1, 2, delimited(value))));
		const any = (value: Buffer): Buffer =>
			join(tagged(1, 2, text("type.googleapis.com/google.protobuf.Any")), tagged(2, 2, delimited(value)));
		for (const [number, wrap] of [
			[37, struct],
			[37, list],
			[39, any],
		] as const) {
			const message = (levels: number): Buffer => tagged(number, 2, delimited(nested(wrap, levels)));
			for (const directive of [{}, { release: ["$..k"] }, { withhold: ["$"] }]) {
				expect(run(directive, message(510)).refusal).toBeUndefined();
				expect(run(directive, message(512)).refusal).toBe("body_too_deep");
			}
		}
	});

	test("with more than 1 MiB to be read by a strategy is too large", () => {
		const message = tagged(1, 2, delimited(Buffer.alloc((1 << 20) + 1, "x")));
		const partial = { mask: [{ select: "$.name", as: "partial", keep_end: 4 }] };
		expect(run(partial, message).refusal).toBe("body_too_large");
		expect(run(partial, message.subarray(0)).refusal).toBe("body_too_large");
		expect(run({ mask: [{ select: "$.name", as: "redact" }] }, message).refusal).toBeUndefined();
	});
});

describe("strategies", () => {
	const name = (directive: object, message: Uint8Array) =>
		json(run({ mask: [{ select: "$.*", ...directive }] }, message));

	test("that show a part of a text make zeros of what is no text", () => {
		const message = encodeMessage(PROTO3, "t.M", {
			a: 12_345,
			b: "12345",
			raw: Buffer.from("x"),
			on: true,
			color: 2,
			maybe: 9,
		});
		for (const as of [
			{ as: "partial", keep_end: 4 },
			{ as: "truncate", length: 9 },
			{ as: "year" },
			{ as: "email" },
			{ as: "hash" },
		])
			expect(name(as, message)).toEqual({ maybe: 0 });
	});

	test("put in a constant that fits, else zero", () => {
		const message = encodeMessage(PROTO3, "t.M", {
			name: "x",
			a: 1,
			c: 1,
			b: "1",
			on: true,
			color: 2,
			k: 1,
			maybe: 2,
		});
		expect(name({ as: "constant", value: -5 }, message)).toEqual({
			a: -5,
			b: "-5",
			color: -5,
			k: -5,
			maybe: -5,
		});
		expect(name({ as: "constant", value: "BLUE" }, message)).toEqual({
			name: "BLUE",
			color: "BLUE",
			maybe: 0,
		});
		expect(name({ as: "constant", value: true }, message)).toEqual({ on: true, maybe: 0 });
		expect(name({ as: "constant", value: "9223372036854775807" }, message)).toMatchObject({
			b: "9223372036854775807",
		});
		expect(name({ as: "constant", value: "9223372036854775808" }, message)).not.toHaveProperty("b");
	});

	test("treat a missing text as the empty one that it stands for: in a wrapper, packed or not, and in an entry", () => {
		const empty = delimited(Buffer.alloc(0));
		const message = join(
			tagged(32, 2, empty),
			tagged(23, 2, delimited(tagged(1, 2, text("k")))),
			tagged(
				39,
				2,
				delimited(
					join(tagged(1, 2, text("type.googleapis.com/google.protobuf.StringValue")), tagged(2, 2, empty)),
				),
			),
		);
		const shown = (as: object): unknown => {
			const mask = ["$.said", "$.labels.k", "$.packed.value"].map((select) => ({ select, ...as }));
			const { said, labels, packed } = json(run({ mask }, message)) as {
				said: string;
				labels: { k: string };
				packed: { value: string };
			};
			return [said, labels.k, packed.value];
		};
		const same = (value: string): string[] => [value, value, value];
		expect(shown({ as: "email" })).toEqual(same("[redacted]"));
		expect(shown({ as: "year" })).toEqual(same("[redacted]"));
		expect(shown({ as: "hash" })).toEqual(same(expect.stringMatching(/^hmac:.{22}$/) as unknown as string));
		expect(shown({ as: "truncate", length: 3 })).toEqual(same(""));
		expect(shown({ as: "constant", value: "x" })).toEqual(same("x"));
		expect(shown({ as: "null" })).toEqual([undefined, "", ""]);
	});

	test("keep the place of an element, and the key of an entry", () => {
		const message = encodeMessage(PROTO3, "t.M", {
			tags: ["a", "b"],
			nums: [1, 2],
			labels: { k: "v" },
			items: [{ name: "x" }],
		});
		const mask = ["$.tags[0]", "$.nums[1]", "$.labels.k", "$.items[0]"].map((select) => ({
			select,
			as: "null",
		}));
		expect(json(run({ mask }, message))).toEqual({
			tags: ["", "b"],
			nums: [1, 0],
			labels: { k: "" },
			items: [{}],
		});
	});

	test("are told in the report, and what they left as it was, too", () => {
		const message = encodeMessage(PROTO3, "t.M", { name: "ab" });
		const call = {
			body: frame(message),
			format: "grpc",
			grpc: messagesOf(PROTO3, "t.M"),
			decision: true,
		} as const;
		const directive = { mask: [{ select: "$.name", as: "truncate", length: 5 }] };
		expect(mask({ ...call, directive }).report.masked).toEqual([
			{ path: "$.name", as: "truncate", count: 1, unchanged: 1 },
		]);
	});
});

describe("compressed messages", () => {
	const limits = { maxMessageBytes: 1000, maxRatio: 10, freeBytes: 100, maxInflatedBytes: 1500 };
	const call = { method: "t.S/Get", direction: "response" } as const;
	const message = encodeMessage(PROTO3, "t.M", { name: "x", userName: "SECRET" });
	const grpcOf = (encoding: string) => {
		const found = methodMessages(PROTO3.descriptors, { ...call, encoding }, limits);
		if (found === undefined) throw new Error("no messages");
		return found;
	};

	test("are inflated within the limits of a message and of the body", () => {
		const big = encodeMessage(PROTO3, "t.M", {
			name: Buffer.from(
				Array.from({ length: 500 }, (_, i) => 33 + ((i * i * 7919 + i * 104_729) % 89)),
			).toString(),
		});
		const one = frame(gzipSync(big), 1);
		const run = (body: Buffer) => mask({ directive: {}, body, format: "grpc", grpc: grpcOf("gzip") });
		expect(run(join(one, one)).bytes).toEqual(join(frame(big), frame(big)));
		expect(run(join(one, one, one)).refusal).toBe("body_too_large");
		expect(run(frame(gzipSync(Buffer.alloc(2000)), 1)).refusal).toBe("body_too_large");
	});

	test("are none where no coding was named, or one that is unknown", () => {
		expect(methodMessages(PROTO3.descriptors, { ...call, encoding: "br" }, limits)).toBeUndefined();
		expect(methodMessages(PROTO3.descriptors, { ...call, method: "t.S/No" }, limits)).toBeUndefined();
		const plain = mask({
			directive: {},
			body: frame(gzipSync(message), 1),
			format: "grpc",
			grpc: grpcOf("identity"),
		});
		expect(plain.refusal).toBe("body_malformed");
	});

	test("of a request are of the method's other type", () => {
		const grpc = methodMessages(PROTO3.descriptors, { ...call, direction: "request" }, limits);
		const body = frame(encodeMessage(PROTO3, "t.N", { secret: "x", a: 1 }));
		const masked = mask({ directive: { release: ["$.a"] }, body, format: "grpc", ...(grpc && { grpc }) });
		expect(masked.bytes).toEqual(frame(tagged(3, 0, varint(1))));
	});
});

describe("gRPC-Web", () => {
	const grpc = messagesOf(PROTO3, "t.M");
	const web = (
		body: Uint8Array | string,
		format: "grpc-web" | "grpc-web-text" = "grpc-web",
		directive: object = {},
	) => mask({ directive, body, format, grpc, decision: true });
	const end = (block: string): Buffer => frame(Buffer.from(block), 0x80);

	test("its block of trailers is judged as trailers are", () => {
		const block = "Grpc-Status: 5\r\ngrpc-message: told\r\nx-data: SECRET\r\n";
		expect(web(end(block)).bytes).toEqual(end("grpc-status:5\r\n"));
		expect(web(end(block), "grpc-web", { grpc_message: "release" }).bytes).toEqual(
			end("grpc-status:5\r\ngrpc-message:told\r\n"),
		);
	});

	test.each<[string, Buffer, string]>([
		["a frame behind the trailers", join(end("grpc-status:0\r\n"), frame(Buffer.alloc(0))), "body_malformed"],
		["a status that is no number", end("grpc-status: SECRET\r\n"), "body_malformed"],
		["two statuses", end("grpc-status:0\r\ngrpc-status:1\r\n"), "body_malformed"],
		["a line without a colon", end("SECRET\r\n"), "body_malformed"],
		["compressed trailers", frame(Buffer.alloc(0), 0x81), "body_malformed"],
		["trailers over 16 KiB", end("x".repeat(16_385)), "body_too_large"],
	])("%s is refused", (_name, body, refusal) => {
		expect(web(body).refusal).toBe(refusal);
	});

	test("trailers are none of plain gRPC", () => {
		expect(mask({ directive: {}, body: end("grpc-status:0\r\n"), format: "grpc", grpc }).refusal).toBe(
			"body_malformed",
		);
	});

	test.each(["A===", "AAA", "AA=A", "AAAA=", "AB==", "AAB=", "AA A", "AAAA\n", "-AAA", "=AAA"])(
		"%j is no base64",
		(body) => {
			expect(web(body, "grpc-web-text").refusal).toBe("body_malformed");
		},
	);

	test("what is wrong in a frame counts before what is wrong in the text behind it", () => {
		const broken = Buffer.from([9, 0, 0, 0, 0]).toString("base64");
		const tooLarge = Buffer.from([0, 0xff, 0, 0, 0, 0]).toString("base64");
		for (const body of [`${broken}!`, `${tooLarge}!`])
			for (const chunks of [[1], [100]])
				expect(mask({ directive: {}, body, chunks, format: "grpc-web-text", grpc }).refusal).toBe(
					body.startsWith(broken) ? "body_malformed" : "body_too_large",
				);
	});
});

test("without a description of the messages a body of gRPC is refused", () => {
	expect(mask({ directive: {}, body: "", format: "grpc" }).refusal).toBe("body_unsupported");
});
