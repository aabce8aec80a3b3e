import { expect, test } from "@jest/globals";
import { createQueueClock, isTooLate } from "../../../src/envoy/transport/queue-clock.ts";

function createLoop() {
	let now = 100;
	let idle = 50;
	let done = (): void => undefined;
	const clock = createQueueClock(() => now, {
		idle: () => idle,
		afterReads: (callback) => {
			done = callback;
		},
	});
	return {
		clock,
		work: (ms: number) => {
			now += ms;
		},
		wait: (ms: number) => {
			now += ms;
			idle += ms;
		},
		turn: () => done(),
	};
}

test("what a waiting loop is given has not waited, however long the loop has", () => {
	const { clock, wait, turn } = createLoop();
	expect(clock.waited()).toBe(0);
	turn();
	wait(500);
	expect(clock.waited()).toBe(0);
});

test("what a busy loop finds may have come since it looked last; work in front of it counts on", () => {
	const { clock, work, wait, turn } = createLoop();
	expect(clock.waited()).toBe(0);
	work(80);
	// Read in the same turn, behind 80 ms of work.
	expect(clock.waited()).toBe(80);
	turn();
	work(20);
	expect(clock.waited()).toBe(100);
	turn();
	work(10);
	expect(clock.waited()).toBe(10);
	turn();
	wait(30);
	expect(clock.waited()).toBe(0);
});

test("seven tenths of a caller's patience are too late, no patience never", () => {
	expect(isTooLate(100, 70)).toBe(false);
	expect(isTooLate(100, 71)).toBe(true);
	expect(isTooLate(0, 1)).toBe(true);
	expect(isTooLate(Number.POSITIVE_INFINITY, 1e9)).toBe(false);
});
