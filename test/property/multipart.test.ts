import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { goText } from "../../src/request/go-text.ts";
import { readMultipart } from "../../src/request/multipart.ts";

const RULES = { maxDepth: 20, maxParts: 100, maxPartHeaderBytes: 4096 };
const BOUNDARY = "b0undary";

const part = fc.record({
	name: fc.string({
		unit: fc.constantFrom("a", "b", "é", "%", "&", " ", "=", ";"),
		minLength: 1,
		maxLength: 4,
	}),
	body: fc.oneof(
		fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
		fc.constantFrom("\r\n", "--b0undar", "\r\n--", `--${BOUNDARY}x`, "").map((text) => Buffer.from(text)),
	),
});

function encode(parts: readonly { readonly name: string; readonly body: Buffer }[]): Buffer {
	const pieces = parts.flatMap(({ name, body }) => [
		Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
		body,
		Buffer.from("\r\n"),
	]);
	return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

test("every form that is written is read back, value by value", () => {
	fc.assert(
		fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
			const bytes = encode(parts);
			const form = readMultipart(bytes, 0, bytes.length, BOUNDARY, RULES);
			const wanted = new Map<string, string[]>();
			for (const { name, body } of parts) {
				wanted.set(name, [...(wanted.get(name) ?? []), goText(body)]);
			}
			expect(form.ok && JSON.parse(form.json.toString())).toEqual(Object.fromEntries(wanted));
		}),
	);
});

test("whatever the bytes, there is an answer, and what is read is one JSON object of lists", () => {
	const valid = encode([
		{ name: "a", body: Buffer.from("1") },
		{ name: "b", body: Buffer.from("x\r\ny") },
	]);
	const change = fc.record({
		at: fc.nat(valid.length),
		remove: fc.nat(8),
		insert: fc.uint8Array({ maxLength: 8 }),
	});
	fc.assert(
		fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
			let bytes: Buffer = valid;
			for (const { at, remove, insert } of changes) {
				bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
			}
			const form = readMultipart(bytes, 0, bytes.length, BOUNDARY, RULES);
			if (!form.ok) return;
			const value = JSON.parse(form.json.toString()) as Record<string, unknown>;
			expect(Object.values(value).every(Array.isArray)).toBe(true);
		}),
		{ numRuns: 1000 },
	);
});
