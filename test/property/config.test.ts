import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stringify } from "yaml";
import { LEAVES } from "../../src/config/leaves.ts";
import { LIMITS } from "../../src/config/limits.ts";
import { readConfig } from "../../src/config/load.ts";
import { variableName } from "../../src/config/overlay.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-config-property-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string | Uint8Array, env: Readonly<Record<string, string>> = {}) {
	writeFileSync(join(folder, "postern.yaml"), text);
	return readConfig({ file: "postern.yaml", folder, env });
}

test("whatever the file holds, it is a configuration or a list of findings", () => {
	const values = fc.oneof(
		fc.jsonValue(),
		fc.constantFrom<unknown>(
			`$${"{env:X}"}`,
			`$${"{env:"}`,
			"file:none",
			"file:..",
			Number.POSITIVE_INFINITY,
			-0,
		),
	);
	const trees = fc.dictionary(
		fc.constantFrom("serve", "policy", "identity", "fields", "audit", "log", "x"),
		fc.oneof(
			values,
			fc.dictionary(fc.constantFrom(...LEAVES.map(({ key }) => key.split(".").at(-1) ?? ""), "jwt"), values),
		),
	);
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string({ unit: "binary" }),
				fc.string(),
				trees.map((tree) => stringify(tree)),
			),
			(text) => {
				const reading = read(text);
				if (reading.ok) expect(Object.isFrozen(reading.config.serve.grpc)).toBe(true);
				else expect(reading.findings.length).toBeGreaterThan(0);
			},
		),
		{ numRuns: 300 },
	);
});

test("arbitrary bytes never get further than a finding", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
			const reading = read(bytes);
			expect(reading.ok).toBe(false);
		}),
	);
});

test("a number within its limit is taken from file and environment alike, and outside refused from both", () => {
	const names = fc.constantFrom(
		...(Object.keys(LIMITS) as (keyof typeof LIMITS)[]).filter((name) => !name.startsWith("identity")),
	);
	fc.assert(
		fc.property(names, fc.integer({ min: -10, max: 2 ** 31 }), (name, value) => {
			const { min, max } = LIMITS[name];
			const [section = "", ...keys] = name.split(".");
			const base = { policy: { bundle: "b" } };
			const nested = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
			const inFile = read(
				stringify({ ...base, [section]: { ...(section === "policy" ? base.policy : {}), ...nested } }),
			);
			const inEnv = read(stringify(base), { [variableName(name)]: String(value) });
			expect([inFile.ok, inEnv.ok]).toEqual([value >= min && value <= max, value >= min && value <= max]);
			if (inFile.ok && inEnv.ok) expect(inFile.config).toEqual(inEnv.config);
		}),
	);
});
