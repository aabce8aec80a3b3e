import { expect, test } from "@jest/globals";
import {
	anything,
	exactly,
	listOf,
	number,
	objectOf,
	optional,
	recordOf,
	text,
	withDefault,
} from "../../../src/policy/bundle/shape.ts";

const shape = objectOf({
	name: text({ max: 3, pattern: /^[a-z]*$/ }),
	version: exactly(1),
	tags: withDefault(listOf(text()), ["none"]),
	sizes: optional(recordOf(number)),
	inner: optional(objectOf({ deep: optional(number) }, { open: true })),
	free: optional(anything),
});
const good = { name: "abc", version: 1 };

test("what fits is read, with defaults where keys are absent", () => {
	expect(shape(good, "")).toEqual({ ...good, tags: ["none"] });
	const full = { ...good, tags: [], sizes: { a: 1, b: 2.5 }, inner: { deep: 3 }, free: [null] };
	expect(shape(full, "")).toEqual(full);
});

test("an open object passes over keys that it does not know, a closed one names them", () => {
	expect(shape({ ...good, inner: { deep: 1, other: 2 } }, "")).toEqual({
		...good,
		tags: ["none"],
		inner: { deep: 1 },
	});
	expect(() => shape({ ...good, other: 1 }, "")).toThrow("other: is no key of it");
});

test.each([
	["a list for an object", [], "must be an object"],
	["nothing for an object", null, "must be an object"],
	["a key that is missing", { version: 1 }, "name: must be a text"],
	["a long text", { ...good, name: "abcd" }, "name: must not be longer than 3 characters"],
	["a text of another form", { ...good, name: "A" }, "name: must match"],
	["another constant", { ...good, version: 2 }, "version: must be 1"],
	["an object for a list", { ...good, tags: {} }, "tags: must be a list"],
	["a bad item", { ...good, tags: ["a", 1] }, "tags.1: must be a text"],
	["a bad value of a record", { ...good, sizes: { a: "1" } }, "sizes.a: must be a number"],
	["null where a key may be absent", { ...good, sizes: null }, "sizes: must be an object"],
	["a bad key below", { ...good, inner: { deep: "1" } }, "inner.deep: must be a number"],
])("%s is refused by its place", (_, value, message) => {
	expect(() => shape(value, "")).toThrow(message);
});

test("a name of JavaScript's own is a key like any other", () => {
	const read = recordOf(number)(JSON.parse('{"__proto__": 1, "constructor": 2}'), "");
	expect(Object.entries(read)).toEqual([
		["__proto__", 1],
		["constructor", 2],
	]);
	expect(() => objectOf({ toString: text() })({}, "")).toThrow("toString: must be a text");
	expect(() => shape(JSON.parse('{"name": "a", "version": 1, "__proto__": {}}'), "")).toThrow("__proto__");
});
