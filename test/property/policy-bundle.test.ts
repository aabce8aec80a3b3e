import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Bundle, readBundle } from "../../src/policy/bundle/read.ts";
import { bundleOf } from "../support/policy.ts";

const MAX = 1 << 24;
const REFUSALS = ["bundle_invalid", "bundle_corrupt", "bundle_too_large"];

let packed: Buffer;
let tar: Buffer;
let good: Bundle;

beforeAll(async () => {
	packed = (await bundleOf({ "p.rego": "package envoy.authz\n\nallow := data.x\n", "data.json": '{"x": 1}' }))
		.bytes;
	tar = gunzipSync(packed);
	good = await readBundle(packed, MAX);
});

/** Refused with a code, or the very files that were built. */
async function judge(bytes: Buffer): Promise<"refused" | "same"> {
	let bundle: Bundle;
	try {
		bundle = await readBundle(bytes, MAX);
	} catch (thrown) {
		expect(REFUSALS).toContain((thrown as { code?: unknown }).code);
		return "refused";
	}
	// A manifest whose binding was damaged into another key reads as one without binding.
	if (bundle.bound) {
		expect(bundle.wasm.equals(good.wasm)).toBe(true);
		expect(bundle.data.equals(good.data)).toBe(true);
		expect(bundle.plan?.equals(good.plan as Buffer)).toBe(true);
	}
	return "same";
}

const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });

function flip(bytes: Buffer, changes: readonly (readonly [number, number])[]): Buffer {
	const copy = Buffer.from(bytes);
	for (const [at, mask] of changes) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ mask;
	return copy;
}

describe("a damaged bundle", () => {
	test("is refused, or gives the files that were built", async () => {
		await fc.assert(
			fc.asyncProperty(flips, async (changes) => {
				await judge(gzipSync(flip(tar, changes), { level: 1 }));
			}),
			{ numRuns: 150 },
		);
	});

	test("is refused when the damage is in the headers and the manifest alone, or still whole", async () => {
		// The first 2 KiB: the manifest's header and text, and the next file's header.
		const head = fc.array(fc.tuple(fc.nat({ max: 2047 }), fc.integer({ min: 1, max: 255 })), {
			minLength: 1,
			maxLength: 3,
		});
		let refused = 0;
		await fc.assert(
			fc.asyncProperty(head, async (changes) => {
				const outcome = await judge(gzipSync(flip(tar, changes), { level: 1 }));
				if (outcome === "refused") refused++;
			}),
			{ numRuns: 150 },
		);
		expect(refused).toBeGreaterThan(50);
	});

	test("is refused when the compressed bytes are damaged", async () => {
		await fc.assert(
			fc.asyncProperty(flips, async (changes) => {
				await judge(flip(packed, changes));
			}),
			{ numRuns: 150 },
		);
	});
});
