import { expect, test } from "@jest/globals";
import type { ProcessService, Step } from "../../../src/envoy/ext-proc/process-stream.ts";
import { sweepYoung, withSweeps } from "../../../src/serve/young-octets.ts";

const MIB = 1024 * 1024;
const ANSWER: Step = { kind: "answer", message: Buffer.from("answer") };

function service(received: number[]): ProcessService {
	return {
		open: () => ({
			receive(message) {
				received.push(message.length);
				return ANSWER;
			},
			mayEnd: () => false,
			abandon: () => {},
		}),
	};
}

test("a sweep comes with every 16 MiB of messages, over all streams, and every message is answered", () => {
	const received: number[] = [];
	let sweeps = 0;
	const swept = withSweeps(service(received), () => {
		sweeps++;
	});
	const streams = [swept.open(), swept.open()];
	const piece = new Uint8Array(MIB);
	for (let number = 1; number <= 40; number++) {
		expect(streams[number % 2]?.receive(piece)).toBe(ANSWER);
		expect(sweeps).toBe(Math.floor(number / 16));
	}
	expect(received).toEqual(Array(40).fill(MIB));
	expect(streams[0]?.mayEnd()).toBe(false);
});

test("a process that may not have the collector goes on without it, and asks once", () => {
	let asked = 0;
	const sweep = sweepYoung(() => {
		asked++;
		throw new Error("not here");
	});
	sweep();
	sweep();
	expect(asked).toBe(1);
});

test("the collector of a running process can be had", () => {
	expect(() => sweepYoung()()).not.toThrow();
});
