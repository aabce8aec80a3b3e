import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { capabilitiesText } from "../../../scripts/capabilities-text.ts";
import { HOST_BUILTINS } from "../../../src/policy/builtins/table.ts";
import { UNSUPPLIED } from "../../../src/policy/builtins/unsupplied.ts";
import { CAPABILITIES_PATH } from "../../../src/policy/bundle/capabilities.ts";
import { findOpa } from "../../../src/policy/bundle/opa.ts";

const namesOf = (text: string): readonly string[] =>
	(JSON.parse(text) as { builtins: { name: string }[] }).builtins.map(({ name }) => name);

describe("postern-capabilities.json", () => {
	let text: string;
	let current: string;

	beforeAll(async () => {
		text = await readFile(CAPABILITIES_PATH, "utf8");
		current = (await (await findOpa()).run(["capabilities", "--current"], ".")).stdout;
	});

	test("is what `node scripts/capabilities.mjs` writes", () => {
		expect(text).toBe(capabilitiesText(current));
	});

	test("names every builtin of the host", () => {
		expect(namesOf(text)).toEqual(expect.arrayContaining([...HOST_BUILTINS.keys()]));
	});

	test("lacks of OPA's builtins those alone of which it is said why", () => {
		const ours = new Set(namesOf(text));
		expect(
			namesOf(current)
				.filter((name) => !ours.has(name))
				.sort(),
		).toEqual([...UNSUPPLIED.keys()].sort());
	});
});
