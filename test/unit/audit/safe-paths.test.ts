import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { safeReport } from "../../../src/audit/safe-paths.ts";

const NONE: ReadonlySet<string> = new Set();

function safePath(path: string, known: ReadonlySet<string>): string | undefined {
	const report = { released: [{ path, count: 1 }], masked: [], withheld: [], unknown: [], detected: [] };
	return safeReport({ ...report, truncated: false }, known).released[0]?.path;
}

test.each([
	["$", "$"],
	["$.a.b_c[*].d-e", "$.a.b_c[*].d-e"],
	["$.*[0]", "$.*[0]"],
	["$['ann@example.org'].total", "$.*.total"],
	["$['4111111111111111']", "$.*"],
	["$['it\\'s'].x", "$.*.x"],
	["$['a b']['c.d'][*]", "$.*.*[*]"],
	["$.größe", "$.*"],
	[`$.${"a".repeat(65)}`, "$.*"],
	["$['']", "$.*"],
	["$['\\u0000']", "$.*"],
	["$['plain-one']", "$['plain-one']"],
	["no path", "$..*"],
	["$['broken", "$..*"],
])("%s is written %s", (path, expected) => {
	expect(safePath(path, NONE)).toBe(expected);
});

test("a name that the directive spells out is no secret", () => {
	const known = new Set(["it's", "a b", "größe", "\n"]);
	expect(safePath("$['it\\'s']['a b'].größe['\\n']", known)).toBe("$['it\\'s']['a b'].größe['\\n']");
});

test("a long path ends in ..* within 512 bytes", () => {
	const path = safePath(`$${".abcdefgh".repeat(100)}`, NONE);
	expect(path).toMatch(/^\$(\.abcdefgh)+\.\.\*$/);
	expect(Buffer.byteLength(path ?? "")).toBeLessThanOrEqual(512);
});

test("entries that become one path are united and their counts added, by strategy", () => {
	const report = safeReport(
		{
			released: [
				{ path: "$['a@x.y']", count: 1 },
				{ path: "$['b@x.y']", count: 2 },
				{ path: "$.ok", count: 3 },
			],
			masked: [
				{ path: "$['1']", count: 1, as: "hash" },
				{ path: "$['2']", count: 1, as: "redact" },
				{ path: "$['3']", count: 4, as: "hash" },
			],
			withheld: [],
			unknown: [],
			detected: [],
			truncated: false,
		},
		NONE,
	);
	expect(report.released).toEqual([
		{ path: "$.*", count: 3 },
		{ path: "$.ok", count: 3 },
	]);
	expect(report.masked).toEqual([
		{ path: "$.*", count: 5, as: "hash" },
		{ path: "$.*", count: 1, as: "redact" },
	]);
});

test("whatever the names are, only plain ones show, and counts stay exact", () => {
	fc.assert(
		fc.property(
			fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 8 }),
			fc.nat(1000),
			(names, count) => {
				const path = `$${names.map((name) => `['${escapeName(name)}']`).join("")}`;
				const safe = safePath(path, NONE);
				for (const name of names) {
					if (/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name)) continue;
					if (name.length > 3) expect(safe).not.toContain(name);
				}
				expect(safe).toMatch(/^\$(?:\.\*|\['[A-Za-z_][A-Za-z0-9_-]{0,63}'\])*(?:\.\.\*)?$/);
				const list = [{ path, count }];
				const report = {
					released: list,
					masked: [],
					withheld: list,
					unknown: [],
					detected: [],
					truncated: false,
				};
				expect(safeReport(report, NONE).withheld).toEqual([{ path: safe, count }]);
			},
		),
	);
});

/** As RFC 9535, section 2.7, writes names in normalised paths. */
function escapeName(name: string): string {
	return [...name]
		.map((char) => {
			const code = char.codePointAt(0) ?? 0;
			if (char === "'" || char === "\\") return `\\${char}`;
			return code < 0x20 || (code >= 0xd800 && code <= 0xdfff)
				? `\\u${code.toString(16).padStart(4, "0")}`
				: char;
		})
		.join("");
}
