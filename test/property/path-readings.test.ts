import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePath } from "../../src/request/path.ts";
import { pathAmbiguity } from "../../src/request/path-ambiguity.ts";
import { readingsOf } from "../support/path-readings.ts";

/** Pieces of which the odd paths of this world are made, and honest ones. */
const PIECES = [
	..."abc/.;\\%25#?~:@!",
	..."//..",
	...[
		"admin",
		"public",
		"..",
		"%2e",
		"%2E",
		"%2f",
		"%5c",
		"%3b",
		"%25",
		"%00",
		"%61",
		"%20",
		"%252e",
		"%252f",
	],
	...[
		"%c0%ae",
		"%c0%af",
		"%e0%80%af",
		"%u2215",
		"%uff0e",
		"%ef%bc%8f",
		"%ef%bc%8e",
		"%ef%bc%85",
		"%c3%a9",
		"%ff",
		"..;",
		";x=1",
	],
];
const paths = fc
	.array(fc.constantFrom(...PIECES), { maxLength: 12 })
	.map((pieces) => `/${pieces.join("")}`.replace(/\?.*$/s, ""));

const bytesOf = (path: string): Buffer => Buffer.from(path, "latin1");
/** A segment's name; full-width letters are letters to some, and a name to all. */
const name = (segment: string): string => Buffer.from(segment, "latin1").toString("utf8").normalize("NFKC");

describe("what is not ambiguous", () => {
	test("has the segments that the policy sees, for every upstream that decodes", () => {
		let clear = 0;
		fc.assert(
			fc.property(paths, (path) => {
				const bytes = bytesOf(path);
				if (pathAmbiguity(bytes, 0, bytes.length) !== undefined) return;
				clear++;
				const parsed = parsePath(bytes, 0, bytes.length);
				if (!parsed.ok) throw new Error("a clear path is unreadable");
				const raw = JSON.stringify(path.slice(1).split("/").map(name));
				const wanted = JSON.stringify(parsed.segments.map((segment) => segment.normalize("NFKC")));
				const others = readingsOf(path)
					.map((segments) => JSON.stringify(segments.map(name)))
					.filter((segments) => segments !== wanted && segments !== raw);
				expect(others).toEqual([]);
			}),
			{ numRuns: 4_000, seed: 20_261_128 },
		);
		expect(clear).toBeGreaterThan(100);
	});

	test("with one kind allowed, shows none of the others in any reading", () => {
		fc.assert(
			fc.property(paths, (path) => {
				const bytes = bytesOf(path);
				const found = pathAmbiguity(bytes, 0, bytes.length);
				if (found === undefined || found.hopeless !== undefined) return;
				const { kinds } = found;
				// Readings that a kind explains by itself are the route's own business; what hides behind it is not.
				for (const segments of readingsOf(path)) {
					const climbs = segments.some((segment) => segment === "." || segment === "..");
					if (climbs) expect(kinds).toContain("dot-segment");
					const empty = segments.slice(0, -1).includes("");
					if (empty) expect(kinds).toContain("double-slash");
					if (segments.some((segment) => segment.includes("\\"))) expect(kinds).toContain("backslash");
				}
			}),
			{ numRuns: 4_000, seed: 20_261_129 },
		);
	});
});
