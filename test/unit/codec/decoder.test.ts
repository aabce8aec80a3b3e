import {
	brotliCompressSync,
	constants,
	createBrotliCompress,
	createDeflate,
	createGzip,
	createZstdCompress,
	deflateRawSync,
	deflateSync,
	gzipSync,
	zstdCompressSync,
} from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { Coding } from "../../../src/codec/content-coding.ts";
import { readContentEncoding } from "../../../src/codec/content-coding.ts";
import { createDecoder } from "../../../src/codec/decoder.ts";

const LIMITS = { maxBytes: 100_000, maxRatio: 10, freeBytes: 1000, maxTotalBytes: 250_000 };
const encode = {
	gzip: gzipSync,
	deflate: deflateSync,
	br: brotliCompressSync,
	zstd: zstdCompressSync,
} as const;
const CODINGS = ["gzip", "deflate", "br", "zstd"] as const satisfies readonly Coding[];

describe("content codings", () => {
	test.each(CODINGS)("%s is undone", async (coding) => {
		const body = Buffer.from(JSON.stringify({ name: "Ada", n: [1, 2, 3] }));
		const decoded = await createDecoder(LIMITS).decode(coding, encode[coding](body));
		expect(decoded.ok && Buffer.from(decoded.body).equals(body)).toBe(true);
	});

	test.each(CODINGS)("a %s bomb is stopped at the limit", async (coding) => {
		const bomb = encode[coding](Buffer.alloc(20_000_000));
		expect(await createDecoder(LIMITS).decode(coding, bomb)).toEqual({ ok: false, reason: "too_large" });
	});

	test("the ratio stops what the byte limit would let pass", async () => {
		const body = gzipSync(Buffer.alloc(50_000));
		expect(body.length * LIMITS.maxRatio).toBeLessThan(50_000);
		expect(await createDecoder(LIMITS).decode("gzip", body)).toEqual({ ok: false, reason: "too_large" });
		const relaxed = createDecoder({ ...LIMITS, maxRatio: 10_000 });
		expect((await relaxed.decode("gzip", body)).ok).toBe(true);
	});

	test.each(CODINGS)("a truncated %s body is malformed, not half a body", async (coding) => {
		const whole = encode[coding](Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, i) => i))));
		const cut = whole.subarray(0, whole.length - 5);
		expect(await createDecoder(LIMITS).decode(coding, cut)).toEqual({ ok: false, reason: "malformed" });
	});

	test("plain bytes under a coding, and raw deflate, are malformed", async () => {
		const decoder = createDecoder(LIMITS);
		for (const coding of CODINGS)
			expect(await decoder.decode(coding, Buffer.from('{"a":"plain text"}'))).toEqual({
				ok: false,
				reason: "malformed",
			});
		expect((await decoder.decode("deflate", deflateRawSync(Buffer.from("{}")))).ok).toBe(false);
	});

	test.each(CODINGS)("bytes behind the end of a %s body are malformed", async (coding) => {
		const body = Buffer.concat([encode[coding](Buffer.from("{}")), Buffer.from("x")]);
		expect(await createDecoder(LIMITS).decode(coding, body)).toEqual({ ok: false, reason: "malformed" });
	});

	test("a gzip body may have several members", async () => {
		const body = Buffer.concat([gzipSync(Buffer.from("[1,")), gzipSync(Buffer.from("2]"))]);
		const decoded = await createDecoder(LIMITS).decode("gzip", body);
		expect(decoded.ok && Buffer.from(decoded.body).toString()).toBe("[1,2]");
	});

	test("a zstd window over 8 MiB is refused", async () => {
		const options = { params: { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 } };
		const parts = Array.from({ length: 1 << 16 }, (_, at) => `${at * 7919},`).join("");
		const body = zstdCompressSync(Buffer.from(parts.repeat(40)), options);
		const decoder = createDecoder({ ...LIMITS, maxBytes: 1 << 26, maxTotalBytes: 1 << 27, maxRatio: 10_000 });
		expect(await decoder.decode("zstd", body)).toEqual({ ok: false, reason: "malformed" });
	});

	test("the total in flight is bounded, and given back", async () => {
		const decoder = createDecoder({ ...LIMITS, maxTotalBytes: 2500 });
		const body = gzipSync(Buffer.from("{}"));
		const outcomes = await Promise.all([1, 2, 3].map(() => decoder.decode("gzip", body)));
		expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.reason))).toEqual(["ok", "ok", "busy"]);
		expect((await decoder.decode("gzip", body)).ok).toBe(true);
	});

	test.each([
		[[], { kind: "identity" }],
		[["identity"], { kind: "identity" }],
		[[""], { kind: "identity" }],
		[["GZip"], { kind: "coded", coding: "gzip" }],
		[["x-gzip"], { kind: "coded", coding: "gzip" }],
		[["deflate"], { kind: "coded", coding: "deflate" }],
		[[" br "], { kind: "coded", coding: "br" }],
		[["zstd"], { kind: "coded", coding: "zstd" }],
		[["compress"], { kind: "unsupported" }],
		[["gzip, gzip"], { kind: "unsupported" }],
		[["gzip", "gzip"], { kind: "unsupported" }],
		[["identity", "gzip"], { kind: "unsupported" }],
		[["gzip;q=1"], { kind: "unsupported" }],
	])("content-encoding %j reads as %j", (values, expected) => {
		expect(readContentEncoding(values)).toEqual(expected);
	});
});

/** Feeds `body` in pieces of `size`; what came out, or why nothing did. */
async function stream(
	coding: Coding,
	body: Buffer,
	size: number,
	limits = { ...LIMITS, maxTotalBytes: 64 << 20 },
): Promise<Buffer | string> {
	const decoding = createDecoder(limits).open(coding);
	if (decoding === undefined) return "busy";
	const out: Buffer[] = [];
	try {
		for (let at = 0; at < body.length; at += size) {
			const piece = body.subarray(at, at + size);
			const last = at + size >= body.length;
			const failure = await decoding.write(piece, last, (bytes) => out.push(Buffer.from(bytes)));
			if (failure !== undefined) return failure;
		}
		return Buffer.concat(out);
	} finally {
		decoding.close();
	}
}

describe("a body that is decoded as it comes", () => {
	const plain = Buffer.from(JSON.stringify(Array.from({ length: 1500 }, (_, i) => ({ i, x: i * 7919 }))));

	test.each(CODINGS)("%s comes out the same, whatever the pieces", async (coding) => {
		const body = encode[coding](plain);
		for (const size of [7, 1000, body.length])
			expect((await stream(coding, body, size)) as Buffer).toEqual(plain);
		const small = plain.subarray(0, 300);
		expect(await stream(coding, encode[coding](small), 1)).toEqual(small);
	});

	test.each(CODINGS)("%s gives what a piece holds before the next one is there", async (coding) => {
		const decoding = createDecoder({ ...LIMITS, maxTotalBytes: 64 << 20 }).open(coding);
		const pieces = await flushed(coding, ["data: 1\n\n", "data: 2\n\n"]);
		const seen: string[] = [];
		for (const piece of pieces) {
			let text = "";
			await decoding?.write(piece, false, (bytes) => {
				text += Buffer.from(bytes).toString();
			});
			seen.push(text);
		}
		decoding?.close();
		expect(seen).toEqual(["data: 1\n\n", "data: 2\n\n"]);
	});

	test.each(CODINGS)(
		"%s that is cut short, damaged, plain or goes on behind its end is malformed",
		async (coding) => {
			const body = encode[coding](plain);
			const tail = Buffer.concat([body, Buffer.from("tail")]);
			const cases = [body.subarray(0, -3), Buffer.from('{"a":"plain text"}'), tail];
			for (const bad of cases)
				for (const size of [3, 1000, bad.length]) expect(await stream(coding, bad, size)).toBe("malformed");
		},
	);

	test.each(CODINGS)("a %s bomb is stopped by its ratio, and one piece by its own limit", async (coding) => {
		const bomb = encode[coding](Buffer.alloc(20_000_000));
		for (const size of [50, bomb.length]) expect(await stream(coding, bomb, size)).toBe("too_large");
		const limits = { ...LIMITS, maxRatio: 10_000, maxTotalBytes: 64 << 20 };
		expect(await stream(coding, encode[coding](Buffer.alloc(150_000)), 1 << 20, limits)).toBe("too_large");
	});

	test("after a failure every call fails, and what an open stream may take is given back when it closes", async () => {
		const decoder = createDecoder({ ...LIMITS, maxTotalBytes: 20 << 20 });
		const first = decoder.open("br");
		expect(first).toBeDefined();
		expect(decoder.open("br")).toBeUndefined();
		const small = decoder.open("gzip");
		expect(await first?.write(Buffer.from("no brotli at all"), false, () => {})).toBe("malformed");
		expect(await first?.write(brotliCompressSync(plain), true, () => {})).toBe("malformed");
		first?.close();
		first?.close();
		const next = decoder.open("br");
		expect(next).toBeDefined();
		expect(decoder.open("br")).toBeUndefined();
		next?.close();
		small?.close();
	});
});

/** Each text coded and flushed by itself, as a server sends events. */
async function flushed(coding: Coding, texts: readonly string[]): Promise<Buffer[]> {
	const engine = {
		gzip: createGzip,
		deflate: createDeflate,
		br: createBrotliCompress,
		zstd: createZstdCompress,
	}[coding]();
	const pieces: Buffer[] = [];
	for (const text of texts) {
		const out: Buffer[] = [];
		const take = (bytes: Buffer): number => out.push(bytes);
		engine.on("data", take);
		engine.write(text);
		await new Promise<void>((resolve) => engine.flush(resolve));
		await new Promise((resolve) => setTimeout(resolve, 5));
		engine.off("data", take);
		pieces.push(Buffer.concat(out));
	}
	engine.destroy();
	return pieces;
}
