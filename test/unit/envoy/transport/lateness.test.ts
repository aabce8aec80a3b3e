import { expect, test } from "@jest/globals";
import { createLateness } from "../../../../src/envoy/transport/lateness.ts";

test("a call is too late after seven tenths of its patience, and never without a timeout", () => {
	const late = createLateness();
	expect(late(100, 70, 0)).toBe(false);
	expect(late(100, 71, 0)).toBe(true);
	expect(late(0, 1, 0)).toBe(true);
	expect(late(Number.POSITIVE_INFINITY, 1e9, 0)).toBe(false);
});

test("a stall that is over soon refuses nobody whose answer would be of use", () => {
	const late = createLateness();
	for (let now = 0; now <= 300; now += 10) expect(late(500, 340, now)).toBe(false);
	expect(late(500, 10, 310)).toBe(false);
	for (let now = 320; now <= 620; now += 10) expect(late(500, 340, now)).toBe(false);
});

test("where a queue stays, a fifth of the patience counts until it has been gone for two seconds", () => {
	const late = createLateness();
	for (let now = 0; now <= 300; now += 10) late(500, 200, now);
	expect(late(500, 101, 310)).toBe(true);
	expect(late(500, 100, 320)).toBe(false);
	expect(late(500, 101, 2200)).toBe(true);
	expect(late(500, 10, 4000)).toBe(false);
	expect(late(500, 340, 4300)).toBe(false);
	expect(late(500, 351, 4310)).toBe(true);
});
