import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { oneAtATime, relayLines } from "../../../../src/serve/workers/relay-lines.ts";

test("lines of several processes come out whole and in order, however they were cut", async () => {
	const lines = fc.array(fc.stringMatching(/^[a-z]{0,40}$/), { maxLength: 30 });
	await fc.assert(
		fc.asyncProperty(fc.tuple(lines, lines), fc.integer({ min: 1, max: 50 }), async (given, size) => {
			const written: string[] = [];
			const write = oneAtATime(async (bytes) => {
				expect(Buffer.from(bytes).at(-1)).toBe(0x0a);
				await Promise.resolve();
				written.push(Buffer.from(bytes).toString());
			});
			await Promise.all(
				given.map(async (each, number) => {
					const from = new PassThrough();
					const relayed = relayLines(from, write);
					const bytes = Buffer.from(each.map((line) => `${number}${line}\n`).join(""));
					for (let at = 0; at < bytes.length; at += size) from.write(bytes.subarray(at, at + size));
					from.end();
					await relayed;
				}),
			);
			const came = written.join("").split("\n").slice(0, -1);
			given.forEach((each, number) => {
				expect(came.filter((line) => line.startsWith(String(number)))).toEqual(
					each.map((line) => `${number}${line}`),
				);
			});
			expect(came.length).toBe(given.flat().length);
		}),
		{ numRuns: 50 },
	);
});

test("a writer that is slow is felt by whoever writes into the stream", async () => {
	const from = new PassThrough({ highWaterMark: 1024 });
	let release = (): void => undefined;
	const gate = new Promise<void>((resolve) => {
		release = resolve;
	});
	let bytes = 0;
	const relayed = relayLines(from, async (lines) => {
		await gate;
		bytes += lines.length;
	});
	const line = `${"x".repeat(1023)}\n`;
	let accepted = 0;
	while (from.write(line) && accepted < 100) {
		accepted++;
		await new Promise((resolve) => setImmediate(resolve));
	}
	expect(accepted).toBeLessThan(10);
	release();
	from.end();
	await relayed;
	expect(bytes).toBe(1024 * (accepted + 1));
});

test("a last line without an end gets one, and a line without end is cut", async () => {
	const from = new PassThrough();
	const written: Buffer[] = [];
	const relayed = relayLines(from, async (lines) => void written.push(Buffer.from(lines)));
	from.write("a\nb");
	for (let times = 0; times < 48; times++) {
		from.write("x".repeat(65_536));
		await new Promise((resolve) => setImmediate(resolve));
	}
	from.end("end");
	await relayed;
	const text = Buffer.concat(written).toString();
	expect(text.startsWith("a\nbx")).toBe(true);
	expect(text.endsWith("end\n")).toBe(true);
	expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(1.2 * (1 << 20));
});

test("a write that fails ends the relay of its own stream alone", async () => {
	const write = oneAtATime(async (lines) => {
		if (Buffer.from(lines).toString().includes("bad")) throw new Error("no reader");
	});
	const bad = new PassThrough();
	const good = new PassThrough();
	const outcomes = Promise.allSettled([relayLines(bad, write), relayLines(good, write)]);
	bad.end("bad\n");
	good.end("good\n");
	expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});
