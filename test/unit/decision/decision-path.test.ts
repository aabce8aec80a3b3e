import { expect, test } from "@jest/globals";
import { descend, readDecisionPath } from "../../../src/decision/decision-path.ts";

test.each([
	["envoy/authz/allow", "envoy/authz/allow", []],
	["/envoy/authz/", "envoy/authz", []],
	["lab/v1.2/allow", "lab/v1.2/allow", []],
	["a/b/0", "a/b", [0]],
	["a/b/-1/c/2x", "a/b", [-1, "c", "2x"]],
	["a/b/007/1", "a/b", [7, 1]],
])("%s", (path, entrypoint, inside) => {
	expect(readDecisionPath(path)).toEqual({ entrypoint, inside });
});

test("a place is found by index and by name, and nowhere else", () => {
	const value = [{ a: [1, false] }, "text", null];
	expect(descend(value, [])).toBe(value);
	expect(descend(value, [0, "a", 1])).toBe(false);
	expect(descend(value, [2])).toBeNull();
	for (const inside of [[3], [-1], ["0"], [0, 0], [0, "b"], [1, 0], [2, 0], ["length"], [0, "constructor"]]) {
		expect(descend(value, inside)).toBeUndefined();
	}
});
