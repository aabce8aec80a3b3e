import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { Coding } from "../../../src/codec/content-coding.ts";
import { readContentEncoding } from "../../../src/codec/content-coding.ts";
import { createDecoder } from "../../../src/codec/decoder.ts";

const LIMITS = { maxBytes: 100_000, maxRatio: 10, freeBytes: 1000, maxTotalBytes: 250_000 };
const encode = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;
const CODINGS = ["gzip", "deflate", "br"] as const satisfies readonly Coding[];

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
		[["zstd"], { kind: "unsupported" }],
		[["gzip, gzip"], { kind: "unsupported" }],
		[["gzip", "gzip"], { kind: "unsupported" }],
		[["identity", "gzip"], { kind: "unsupported" }],
		[["gzip;q=1"], { kind: "unsupported" }],
	])("content-encoding %j reads as %j", (values, expected) => {
		expect(readContentEncoding(values)).toEqual(expected);
	});
});
