import { expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";

test("the monotonic clock never goes back", () => {
	const first: number = systemClock.monotonic();
	expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
});
