import { expect, test } from "@jest/globals";
import { createBackOff } from "../../../../src/serve/workers/back-off.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

test("the first restart is immediate, each further one waits twice as long, up to a bound", () => {
	const backOff = createBackOff(createManualClock());
	expect(Array.from({ length: 9 }, backOff.next)).toEqual([
		0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
	]);
});

test("a process that worked for half a minute begins anew; one that worked for less does not", () => {
	const clock = createManualClock();
	const backOff = createBackOff(clock);
	backOff.next();
	backOff.worked();
	clock.advance(29_999);
	expect(backOff.next()).toBe(250);
	backOff.worked();
	clock.advance(30_000);
	expect([backOff.next(), backOff.next()]).toEqual([0, 250]);
});

test("time in which it did not run does not count", () => {
	const clock = createManualClock();
	const backOff = createBackOff(clock);
	backOff.worked();
	expect(backOff.next()).toBe(0);
	clock.advance(60_000);
	expect(backOff.next()).toBe(250);
});
