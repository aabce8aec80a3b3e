import { isDeepStrictEqual } from "node:util";
import { expect } from "@jest/globals";

/**
 * As `expect(actual).toEqual(wanted)`, which is only called where they differ: making an expectation takes some 40 µs,
 * and would be most of the work of a hundred thousand cases.
 */
export function expectSame(actual: unknown, wanted: unknown): void {
	if (!isDeepStrictEqual(actual, wanted)) expect(actual).toStrictEqual(wanted);
}
