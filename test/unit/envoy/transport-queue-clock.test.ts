import { expect, test } from "@jest/globals";
import { createQueueClock } from "../../../src/envoy/transport/queue-clock.ts";

function createLoop() {
	let now = 100;
	let done = (): void => undefined;
	const clock = createQueueClock(
		() => now,
		(callback) => {
			done = callback;
		},
	);
	return {
		clock,
		pass: (ms: number) => {
			now += ms;
		},
		turn: () => done(),
	};
}

test("what a waiting loop is given has not waited, however long the loop has", () => {
	const { clock, pass, turn } = createLoop();
	expect(clock.waited()).toBe(0);
	turn();
	pass(500);
	expect(clock.waited()).toBe(0);
});

test("what a busy loop finds may have come since it looked last; work in front of it counts on", () => {
	const { clock, pass, turn } = createLoop();
	expect(clock.waited()).toBe(0);
	pass(80);
	// Read in the same turn, behind 80 ms of work.
	expect(clock.waited()).toBe(80);
	pass(20);
	turn();
	expect(clock.waited()).toBe(100);
	pass(10);
	turn();
	expect(clock.waited()).toBe(10);
	turn();
	pass(30);
	expect(clock.waited()).toBe(0);
});
