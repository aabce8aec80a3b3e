import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { capabilitiesText } from "../../../scripts/capabilities-text.ts";
import { HOST_BUILTINS } from "../../../src/policy/builtins/table.ts";
import { UNSUPPLIED } from "../../../src/policy/builtins/unsupplied.ts";
import { CAPABILITIES_PATH } from "../../../src/policy/bundle/capabilities.ts";
import { findOpa } from "../../../src/policy/bundle/opa.ts";

const namesOf = (text: string): readonly string[] =>
	(JSON.parse(text) as { builtins: { name: string }[] }).builtins.map(({ name }) => name);

/** Families that this list says nothing of: schemas are held to OPA's where they are supplied. */
const SCHEMAS = /^graphql\.|^json\.(?:match|verify)_schema$/;

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
				.filter((name) => !ours.has(name) && !SCHEMAS.test(name))
				.sort(),
		).toEqual([...UNSUPPLIED.keys()].sort());
	});

	test("the page says of each that is lacking what to do instead", async () => {
		const page = await readFile(new URL("../../../docs/reference/rego-support.md", import.meta.url), "utf8");
		const rows = [...page.matchAll(/^\| `([\w.]+)` \| .+ \| .*\|$/gm)].map((match) => match[1]);
		expect(rows).toEqual([...UNSUPPLIED.keys()]);
	});
});
