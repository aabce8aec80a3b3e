import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createFrameIntake, isInsideFrame, takeFrames } from "../../src/envoy/transport/lane/frame-intake.ts";
import {
	createMessageReader,
	isInsideMessage,
	readMessage,
} from "../../src/envoy/transport/lane/message-reader.ts";
import { type Frame, frame } from "../support/lane/frames.ts";
import { times } from "../support/test-size.ts";

/** `bytes` cut at random places; pieces may be empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
	const offsets = [
		0,
		...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
		bytes.length,
	];
	// A copy of each piece, with its neighbours gone: what a socket gives.
	return offsets.slice(1).map((end, index) => Buffer.from(bytes.subarray(offsets[index], end)));
}

const places = fc.array(fc.nat(), { maxLength: 30 });

test("however the bytes of frames are cut, the same frames come out", () => {
	const one = fc.record({
		type: fc.nat(255),
		flags: fc.nat(255),
		stream: fc.nat(0x7fffffff),
		payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
	});
	fc.assert(
		fc.property(fc.array(one, { maxLength: 8 }), places, fc.nat(9), (frames, cuts, pauses) => {
			const bytes = Buffer.concat(
				frames.map((each) => frame(each.type, each.flags, each.stream, each.payload)),
			);
			const intake = createFrameIntake();
			const seen: Frame[] = [];
			const take = (into: Frame[], chunk: Buffer, at: number, length: number): boolean => {
				into.push({
					type: chunk[at + 3] ?? 0,
					flags: chunk[at + 4] ?? 0,
					stream: chunk.readUInt32BE(at + 5),
					payload: Buffer.from(chunk.subarray(at + 9, at + 9 + length)),
				});
				return pauses === 0 || seen.length % pauses !== 0;
			};
			for (const chunk of cut(bytes, cuts)) {
				let pos = 0;
				let turns = 0;
				do {
					pos = takeFrames(intake, chunk, pos, seen, take);
				} while (pos < chunk.length && turns++ < 100);
				expect(pos).toBe(chunk.length);
			}
			expect(seen).toEqual(frames);
			expect(isInsideFrame(intake)).toBe(false);
		}),
		{ numRuns: times(300, 6000) },
	);
});

test("a frame over the size is refused as soon as its header is there", () => {
	const header = frame(0, 0, 1, Buffer.alloc(16_385)).subarray(0, 9);
	const never = (): boolean => {
		throw new Error("taken");
	};
	for (const chunk of [header, Buffer.concat([header, Buffer.alloc(100)])])
		expect(() => takeFrames(createFrameIntake(), chunk, 0, undefined, never)).toThrow(
			expect.objectContaining({ code: "FRAME_SIZE_ERROR" }),
		);
	const intake = createFrameIntake();
	takeFrames(intake, header.subarray(0, 8), 0, undefined, never);
	expect(() => takeFrames(intake, header.subarray(8), 0, undefined, never)).toThrow(
		expect.objectContaining({ code: "FRAME_SIZE_ERROR" }),
	);
});

test("however a stream of messages is cut, the same messages come out", () => {
	const message = fc
		.nat(3000)
		.map((length) => Buffer.from(Array.from({ length }, (_, at) => (at * 7) & 0xff)));
	fc.assert(
		fc.property(fc.array(message, { maxLength: 5 }), places, (messages, cuts) => {
			const bytes = Buffer.concat(
				messages.flatMap((each) => {
					const prefix = Buffer.alloc(5);
					prefix.writeUInt32BE(each.length, 1);
					return [prefix, each];
				}),
			);
			const reader = createMessageReader();
			const seen: Buffer[] = [];
			for (const chunk of cut(bytes, cuts)) {
				const inside = Buffer.concat([Buffer.from([1, 2, 3]), chunk, Buffer.from([4, 5, 6])]);
				reader.pos = 3;
				while (readMessage(reader, inside, 3 + chunk.length, 3000) === "message")
					seen.push(Buffer.from(reader.message));
				if (reader.pos !== 3 + chunk.length) throw new Error("not all was read");
				if (reader.held !== undefined && reader.held.length > reader.length)
					throw new Error("too much is held");
			}
			expect(seen.map((each) => each.toString("hex"))).toEqual(messages.map((each) => each.toString("hex")));
			expect([isInsideMessage(reader), reader.held]).toEqual([false, undefined]);
		}),
		{ numRuns: times(200, 4000) },
	);
});

test("memory for a message grows with what has come of it, not with what it announces", () => {
	const reader = createMessageReader();
	const prefix = Buffer.from([0, 0x00, 0x40, 0x00, 0x00]);
	expect(readMessage(reader, Buffer.concat([prefix, Buffer.alloc(10)]), 15, 1 << 22)).toBe("more");
	expect(reader.held?.length).toBeLessThanOrEqual(1024);
	reader.pos = 0;
	readMessage(reader, Buffer.alloc(5000), 5000, 1 << 22);
	expect(reader.held?.length).toBeLessThanOrEqual(10_020);
});

test("compressed messages, other flags and lengths over the limit are told apart", () => {
	const read = (...octets: number[]) =>
		readMessage(createMessageReader(), Buffer.from(octets), octets.length, 100);
	expect(read(1)).toBe("compressed");
	expect(read(128, 0, 0, 0, 0)).toBe("compressed");
	expect(read(0, 0, 0, 0, 101)).toBe("too_large");
	expect(read(0, 255, 255, 255, 255)).toBe("too_large");
	expect(read(0, 0, 0, 0, 100)).toBe("more");
	expect(read(0, 0, 0, 0, 0)).toBe("message");
});
