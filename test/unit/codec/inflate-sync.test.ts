import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { createGunzip, inflateNow } from "../../../src/codec/inflate-sync.ts";

const gunzip = createGunzip({ maxBytes: 10_000, maxRatio: 10, freeBytes: 1000 });

test("what was packed is unpacked", () => {
	expect(gunzip(gzipSync("hello"))).toEqual(Buffer.from("hello"));
	expect(gunzip(gzipSync(""))).toEqual(Buffer.from(""));
});

test("output is bounded by size, and by ratio beyond the free bytes", () => {
	expect(gunzip(gzipSync("a".repeat(1000)))).toHaveLength(1000);
	expect(gunzip(gzipSync("a".repeat(1001)))).toBe("too_large");
	const noise = Buffer.from(Array.from({ length: 12_000 }, (_, index) => (index * index * 7) % 251));
	expect(gunzip(gzipSync(noise, { level: 0 }))).toBe("too_large");
	expect(createGunzip({ maxBytes: 0, maxRatio: 10, freeBytes: 1000 })(gzipSync("x"))).toBe("too_large");
});

test("what is cut, changed or followed by other bytes is malformed", () => {
	const packed = gzipSync("hello");
	expect(gunzip(packed.subarray(0, -1))).toBe("malformed");
	expect(gunzip(Buffer.from("hello"))).toBe("malformed");
	expect(gunzip(Buffer.concat([packed, Buffer.from([0, 0])]))).toBe("malformed");
	expect(gunzip(Buffer.concat([packed, Buffer.from("x")]))).toBe("malformed");
});

test("deflate is the one with a header and a checksum, and bounded alike", () => {
	const limits = { maxBytes: 2000, maxRatio: 10, freeBytes: 100 };
	expect(inflateNow("deflate", deflateSync("hello"), limits)).toEqual(Buffer.from("hello"));
	expect(inflateNow("deflate", deflateRawSync("hello"), limits)).toBe("malformed");
	expect(inflateNow("deflate", deflateSync("a".repeat(5000)), limits)).toBe("too_large");
	expect(inflateNow("deflate", Buffer.concat([deflateSync("hello"), Buffer.from("x")]), limits)).toBe(
		"malformed",
	);
});
