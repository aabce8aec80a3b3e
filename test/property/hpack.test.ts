import { once } from "node:events";
import { type ClientHttp2Session, connect, sensitiveHeaders } from "node:http2";
import { createServer, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { HeaderField } from "../../src/envoy/transport/lane/header-field.ts";
import { createHpackDecoder, decodeBlock } from "../../src/envoy/transport/lane/hpack/decoder.ts";
import { entryAt } from "../../src/envoy/transport/lane/hpack/dynamic-table.ts";
import { HpackError } from "../../src/envoy/transport/lane/hpack/hpack-error.ts";
import { mutated, seeded } from "../support/byte-mutations.ts";
import { createFrameReader, F, frame, PREFACE, T } from "../support/lane/frames.ts";
import { createHpackEncoder, type Pair, type Style } from "../support/lane/hpack-encoder.ts";
import { times } from "../support/test-size.ts";

const octets = (most: number) =>
	fc
		.array(fc.integer({ min: 0, max: 255 }), { maxLength: most })
		.map((codes) => String.fromCharCode(...codes));
const style: fc.Arbitrary<Style> = fc.record({
	form: fc.constantFrom("indexed", "incremental", "without", "never"),
	nameByIndex: fc.boolean(),
	huffman: fc.boolean(),
});
const pair: fc.Arbitrary<Pair> = fc.oneof(
	fc.tuple(octets(20), octets(60)),
	// Few of them, so that tables are hit.
	fc.tuple(fc.constantFrom(":path", ":method", "te", "x-a", "x-b"), fc.constantFrom("GET", "/", "a", "b")),
);
const block = fc.record({
	resize: fc.option(fc.integer({ min: 0, max: 300 })),
	fields: fc.array(fc.tuple(pair, style), { maxLength: 12 }),
});

test("whatever an encoder chooses, the same fields come out and both tables stay the same", () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: 300 }), fc.array(block, { maxLength: 12 }), (limit, blocks) => {
			const encoder = createHpackEncoder(limit);
			const decoder = createHpackDecoder(limit);
			for (const { resize, fields } of blocks) {
				const bytes = Buffer.concat([
					...(resize === null ? [] : [encoder.resize(Math.min(resize, limit))]),
					...fields.map(([each, how]) => encoder.field(each, how)),
				]);
				const seen: HeaderField[] = [];
				decodeBlock(decoder, bytes, 0, bytes.length, (field) => seen.push(field));
				expect(seen.map(({ name, value }) => [name, value])).toEqual(fields.map(([each]) => each));
				expect(decoder.table.size).toBe(encoder.tableSize());
				const entries = encoder.entries().map((_, back) => entryAt(decoder.table, back));
				expect(entries.map((entry) => [entry?.name, entry?.value])).toEqual(encoder.entries());
				expect(decoder.table.count).toBe(entries.length);
			}
		}),
		{ numRuns: times(400, 8000) },
	);
});

test("bytes that are no header block are refused, and nothing but that happens", () => {
	const random = seeded(7541);
	const encoder = createHpackEncoder();
	const form = { form: "incremental", nameByIndex: true, huffman: true } as const;
	const valid = Buffer.concat([
		Buffer.from([0x82, 0x87]),
		encoder.field([":path", "/envoy.service.auth.v3.Authorization/Check"], { ...form, form: "without" }),
		encoder.field(["user-agent", "envoy"], form),
		encoder.field(["x-long", "v".repeat(200)], { ...form, huffman: false }),
		Buffer.from([0xbe, 0xbf]),
	]);
	let refused = 0;
	const count = times(20_000, 400_000);
	for (let round = 0; round < count; round++) {
		const bytes = mutated(valid, random);
		const decoder = createHpackDecoder(4096);
		try {
			decodeBlock(decoder, bytes, 0, bytes.length, () => {});
		} catch (thrown) {
			if (!(thrown instanceof HpackError)) throw thrown;
			refused++;
		}
		if (decoder.table.size > 4096) throw new Error(`the table holds ${decoder.table.size} octets`);
	}
	expect(refused).toBeGreaterThan(count / 10);
});

/** A peer that takes what Node's own encoder (nghttp2) writes, and says nothing but settings. */
async function startPeer(tableSize: number) {
	const blocks: Buffer[] = [];
	const server = createServer((socket: Socket) => {
		const read = createFrameReader();
		let skip = PREFACE.length;
		const settings = Buffer.alloc(6);
		settings.writeUInt16BE(1, 0);
		settings.writeUInt32BE(tableSize, 2);
		socket.write(frame(T.SETTINGS, 0, 0, settings));
		socket.on("error", () => {});
		socket.on("data", (chunk: Buffer) => {
			const bytes = chunk.subarray(Math.min(skip, chunk.length));
			skip -= chunk.length - bytes.length;
			for (const { type, flags, payload } of read(bytes)) {
				if (type === T.SETTINGS && (flags & F.ACK) === 0) socket.write(frame(T.SETTINGS, F.ACK, 0));
				if (type === T.HEADERS) blocks.push(payload);
				if (type === T.CONTINUATION) blocks.push(Buffer.concat([blocks.pop() as Buffer, payload]));
			}
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return { server, blocks, port: (server.address() as { port: number }).port };
}

async function answersOf(session: ClientHttp2Session): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		session.ping((error) => (error === null ? resolve() : reject(error)));
		// The peer answers no ping: what matters is that everything before it was written.
		setTimeout(resolve, 50);
	});
}

test.each([4096, 0, 200])(
	"what nghttp2 encodes, with a table of at most %d octets, is what went in",
	async (tableSize) => {
		const { server, blocks, port } = await startPeer(tableSize);
		const session = connect(`http://127.0.0.1:${port}`);
		session.on("error", () => {});
		await once(session, "remoteSettings");
		await new Promise((resolve) => setTimeout(resolve, 20));
		const sent: Pair[][] = [];
		const name = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/);
		const value = fc.stringMatching(/^[!-~](?:[ -~]{0,80}[!-~])?$/);
		const headers = fc.sample(
			fc.array(
				fc.dictionary(fc.oneof(name, fc.constantFrom("x-a", "x-b")), fc.oneof(value, fc.constant("v"))),
				{ minLength: times(80, 1600), maxLength: times(80, 1600) },
			),
			{ numRuns: 1, seed: tableSize },
		)[0] as Readonly<Record<string, string>>[];
		for (const each of headers) {
			const pseudo = { ":method": "POST", ":path": "/a/b", ":scheme": "http", ":authority": "host" };
			const [hidden] = Object.keys(each);
			const stream = session.request({
				...pseudo,
				...each,
				...(hidden === undefined ? {} : { [sensitiveHeaders]: [hidden] }),
			});
			stream.on("error", () => {});
			sent.push(Object.entries({ ...pseudo, ...each }));
		}
		await answersOf(session);
		session.destroy();
		server.close();
		expect(blocks.length).toBe(sent.length);
		const decoder = createHpackDecoder(4096);
		blocks.forEach((bytes, index) => {
			const seen: Pair[] = [];
			decodeBlock(decoder, bytes, 0, bytes.length, ({ name, value }) => seen.push([name, value]));
			expect(seen.sort()).toEqual(sent[index]?.sort());
		});
		expect(decoder.table.maxSize).toBe(tableSize);
	},
);
