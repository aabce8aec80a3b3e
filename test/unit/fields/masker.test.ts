import { describe, expect, test } from "@jest/globals";
import { createMasker } from "../../../src/fields/masker.ts";
import { mask, maskWith, planOf } from "../../support/mask-body.ts";

describe("a masker", () => {
	test("hands on the chunk itself where nothing changes", () => {
		const masker = createMasker(planOf({}), "json", {});
		const out: Uint8Array[] = [];
		const chunks = [Buffer.from('{"a":[1,'), Buffer.from("2]}")];
		for (const chunk of chunks) expect(masker.write(chunk, out)).toBeUndefined();
		expect(masker.end(out)).toBeUndefined();
		expect(out[0]).toBe(chunks[0]);
		expect(out[1]).toBe(chunks[1]);
	});

	test("gives the same refusal and no bytes for ever after", () => {
		const masker = createMasker(planOf({}), "json", {});
		const out: Uint8Array[] = [];
		expect(masker.write(Buffer.from("[1]x"), out)).toBe("body_malformed");
		expect(masker.write(Buffer.from("[1]"), out)).toBe("body_malformed");
		expect(masker.end(out)).toBe("body_malformed");
		expect(out).toEqual([]);
	});

	test("refuses every body when a class masks or withholds and no contract says what it covers", () => {
		expect(mask({ directive: { withhold: ["class:pii"] }, body: "{}" }).refusal).toBe("body_unclassified");
		expect(mask({ directive: { mask: [{ select: "class:pii", as: "null" }] }, body: "x" }).refusal).toBe(
			"body_unclassified",
		);
		expect(mask({ directive: { release: ["class:public"] }, body: '{"a":1}' }).text).toBe("null");
	});

	test("fails closed when a hash has no key or the consumer could be taken for another", () => {
		const plan = planOf({ mask: [{ select: "$.a", as: "hash" }] });
		const hmac = (): Uint8Array => new Uint8Array(32);
		expect(createMasker(plan, "json", {}).write(Buffer.from("{}"), [])).toBe("body_unsupported");
		expect(createMasker(plan, "json", { hmac, consumer: "a\0b" }).write(Buffer.from("{}"), [])).toBe(
			"body_unsupported",
		);
	});

	test("takes a selector with more states than it keeps, and a body that meets them all", () => {
		const plan = planOf({ withhold: [`$..a${".*".repeat(14)}`] });
		let seed = 7;
		const bit = (): boolean => {
			seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
			return (seed >> 16) % 2 === 0;
		};
		for (let round = 0; round < 300; round++) {
			const names = Array.from({ length: 15 + (round % 30) }, () => (bit() ? "a" : "b"));
			const body = `${names.map((name) => `{"${name}":`).join("")}1${"}".repeat(names.length)}`;
			const goes = names.findIndex((name, at) => name === "a" && at + 14 < names.length);
			const kept = goes < 0 ? names : names.slice(0, goes + 14);
			const core = goes < 0 ? "1" : "{}";
			const expected = `${kept.map((name) => `{"${name}":`).join("")}${core}${"}".repeat(kept.length)}`;
			expect(maskWith(plan, { body }).text).toBe(expected);
		}
	});

	test("serves two bodies of one plan at the same time", () => {
		const plan = planOf({ withhold: ["$..b"] });
		const bodies = ['{"a":1,"b":{"c":2},"d":[{"b":1}]}', '{"b":1,"e":{"a":1,"b":[]}}'];
		const runs = bodies.map(() => ({ masker: createMasker(plan, "json", {}), out: [] as Uint8Array[] }));
		for (let at = 0; at < 40; at++) {
			for (const [i, { masker, out }] of runs.entries())
				masker.write(Buffer.from(bodies[i]!.slice(at, at + 1)), out);
		}
		const texts = runs.map(({ masker, out }) => {
			expect(masker.end(out)).toBeUndefined();
			return Buffer.concat(out).toString();
		});
		expect(texts).toEqual(['{"a":1,"d":[{}]}', '{"e":{"a":1}}']);
		expect(runs[0]!.masker.report().withheld).toEqual([
			{ path: "$.b", count: 1 },
			{ path: "$.d[*].b", count: 1 },
		]);
	});
});

describe("a report", () => {
	test("counts scalars, and containers that were withheld or masked once", () => {
		const directive = { withhold: ["$.w"], mask: [{ select: "$.m", as: "redact" }] };
		const body = '{"w":{"x":[1,2]},"m":[1,2],"l":[1,"2",{},[],{"k":null}]}';
		expect(mask({ directive, body }).report).toEqual({
			released: [
				{ path: "$.l[*]", count: 2 },
				{ path: "$.l[*].k", count: 1 },
			],
			masked: [{ path: "$.m", as: "redact", count: 1 }],
			withheld: [{ path: "$.w", count: 1 }],
			unknown: [],
			detected: [],
			truncated: false,
		});
	});

	test("writes paths as RFC 9535 normalises them, with shorthand where it may be", () => {
		const body = JSON.stringify({
			a_1: 0,
			é: 0,
			"1a": 0,
			"a-b": 0,
			"it's": 0,
			"\\": 0,
			"\n\u0001": 0,
			"": 0,
			'"': 0,
		});
		const paths = mask({ directive: {}, body }).report.released.map(({ path }) => path);
		expect(paths).toEqual(
			[
				"$.a_1",
				"$.é",
				"$['1a']",
				"$['a-b']",
				"$['it\\'s']",
				"$['\\\\']",
				"$['\\n\\u0001']",
				"$['']",
				"$['\"']",
			].sort(),
		);
		const lone = mask({ directive: {}, body: '{"\\ud800":1}' }).report.released;
		expect(lone).toEqual([{ path: "$['\\ud800']", count: 1 }]);
	});

	test("lists the first 1,000 paths and goes on counting those", () => {
		const members = (n: number): string => Array.from({ length: n }, (_, i) => `"k${i}":1`).join(",");
		const full = mask({ directive: {}, body: `{${members(1000)}}` }).report;
		expect(full.released).toHaveLength(1000);
		expect(full.truncated).toBe(false);
		const over = mask({ directive: {}, body: `{${members(1001)},"k0":2,"k1000":2}` }).report;
		expect(over.released).toHaveLength(1000);
		expect(over.truncated).toBe(true);
		expect(over.released.find(({ path }) => path === "$.k0")?.count).toBe(2);
		expect(over.released.some(({ path }) => path === "$.k1000")).toBe(false);
	});

	test("of a body with more names than a plan remembers is right all the same", () => {
		const members = Array.from({ length: 20_000 }, (_, i) => `"u${i}":{"n":{},"s":${i}}`).join(",");
		const directive = { withhold: ["$.*.s"] };
		const masked = mask({ directive, body: `{${members}}`, chunks: [50_000] });
		expect(masked.text.includes('"s"')).toBe(false);
		expect(masked.report.withheld).toHaveLength(1000);
		expect(masked.report.truncated).toBe(true);
	});
});

describe("a report of a decision", () => {
	test("writes names that are neither plain nor in the directive as .*", () => {
		const body = '{"plain-1":1,"in the directive":2,"data: ada@x.org":3,"x y":{"z":4,"<b>":5}}';
		const masked = mask({
			directive: { release: ["$"], withhold: ["$['in the directive']"] },
			body,
			decision: true,
		});
		expect(masked.report.released).toEqual([
			{ path: "$.*", count: 1 },
			{ path: "$.*.*", count: 1 },
			{ path: "$.*.z", count: 1 },
			{ path: "$.plain-1".replace(".plain-1", "['plain-1']"), count: 1 },
		]);
		expect(masked.report.withheld).toEqual([{ path: "$['in the directive']", count: 1 }]);
	});

	test("cuts paths at 512 bytes and loses no count", () => {
		const depth = 40;
		const body = `${'{"abcdefghijklmnopqrstuvwxyz":'.repeat(depth)}[1,2]${"}".repeat(depth)}`;
		const { released } = mask({ directive: { release: ["$"] }, body, decision: true }).report;
		expect(released).toHaveLength(1);
		expect(released[0]!.count).toBe(2);
		expect(Buffer.byteLength(released[0]!.path)).toBeLessThanOrEqual(512);
		expect(released[0]!.path.endsWith("..*")).toBe(true);
	});

	test("tells how many masked values are what they were", () => {
		const directive = {
			mask: [
				{ select: "$.v[*]", as: "truncate", length: 3 },
				{ select: "$.w", as: "year" },
			],
		};
		const body = '{"v":["abc","abcd",12,"\\u0061"],"w":"2024"}';
		const masked = (decision: boolean): object => mask({ directive, body, decision }).report.masked;
		expect(masked(true)).toEqual([
			{ path: "$.v[*]", as: "truncate", count: 4, unchanged: 3 },
			{ path: "$.w", as: "year", count: 1 },
		]);
		expect(masked(false)).toContainEqual({ path: "$.v[*]", as: "truncate", count: 4 });
	});

	test("a pseudonym keeps its domain when the report is full", () => {
		const members = Array.from({ length: 1500 }, (_, i) => `"k${i}":1`).join(",");
		const directive = { mask: [{ select: "$.v", as: "hash" }] };
		const alone = mask({ directive, body: '{"v":"x"}', decision: true, consumer: "ada" }).text;
		const after = mask({ directive, body: `{${members},"v":"x"}`, decision: true, consumer: "ada" }).text;
		expect(after.endsWith(alone.slice(1))).toBe(true);
	});
});
