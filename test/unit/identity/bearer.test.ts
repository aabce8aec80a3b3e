import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readBearer } from "../../../src/identity/bearer.ts";

const MAX = 100;

test.each([
	[[], "none"],
	[[""], "none"],
	[["Basic dXNlcjpwYXNz"], "none"],
	[["BearerX a.b.c"], "none"],
	[["Bearer a.b.c"], "token"],
	[["bEaReR   a.b.c"], "token"],
	[[" \tBearer a.b.c \t"], "token"],
	[["Bearer"], "invalid"],
	[["Bearer "], "invalid"],
	[["Bearer\ta.b.c"], "invalid"],
	[["Bearer:a.b.c"], "invalid"],
	[["Bearer,a.b.c"], "invalid"],
	[["Bearer a.b"], "invalid"],
	[["Bearer a.b.c.d.e"], "invalid"],
	[["Bearer a..c"], "invalid"],
	[["Bearer a.b."], "invalid"],
	[["Bearer a.b.c="], "invalid"],
	[["Bearer a.b.c d"], "invalid"],
	[["Bearer a.b.c, Bearer d.e.f"], "invalid"],
	[["Bearer a.b.c,Basic x"], "invalid"],
	[["Bearer ä.b.c"], "invalid"],
	[["Bearer a.b.c\u0000"], "invalid"],
	[[`Bearer ${"a".repeat(MAX)}.b.c`], "invalid"],
	[["Bearer a.b.c", "Bearer a.b.c"], "ambiguous"],
	[["Bearer a.b.c", "Basic x"], "ambiguous"],
	[["", "Bearer a.b.c"], "ambiguous"],
	[["Basic x, Bearer a.b.c"], "ambiguous"],
	[["Basic x,bearer"], "ambiguous"],
] as [string[], string][])("%j is %s", (values, kind) => {
	expect(readBearer(values, MAX).kind).toBe(kind);
});

test("a value that begins with the word Bearer is never `none`", () => {
	fc.assert(
		fc.property(
			fc.string({ unit: "binary" }),
			fc.constantFrom(" ", "\t", ",", ":", ";", '"', "\u00a0", "/"),
			(rest, gap) => {
				expect(readBearer([`bearer${gap}${rest}`], MAX).kind).not.toBe("none");
			},
		),
	);
});

test("a token that is found holds nothing but base64url and two dots", () => {
	fc.assert(
		fc.property(
			fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
			fc.constantFrom("Bearer ", "bearer  ", ""),
			(values, scheme) => {
				const found = readBearer(
					values.map((value) => scheme + value),
					MAX,
				);
				if (found.kind === "token") expect(found.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
			},
		),
	);
});
