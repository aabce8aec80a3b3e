import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { capabilitiesText } from "../../../scripts/capabilities-text.ts";
import { HOST_BUILTINS } from "../../../src/policy/builtins/table.ts";
import { CAPABILITIES_PATH } from "../../../src/policy/bundle/capabilities.ts";
import { findOpa } from "../../../src/policy/bundle/opa.ts";

describe("postern-capabilities.json", () => {
	let text: string;
	let names: readonly string[];

	beforeAll(async () => {
		text = await readFile(CAPABILITIES_PATH, "utf8");
		names = (JSON.parse(text) as { builtins: { name: string }[] }).builtins.map(({ name }) => name);
	});

	test("is what `node scripts/capabilities.mjs` writes", async () => {
		const { stdout } = await (await findOpa()).run(["capabilities", "--current"], ".");
		expect(text).toBe(capabilitiesText(stdout));
	});

	test("names every builtin of the host", () => {
		expect(names).toEqual(expect.arrayContaining([...HOST_BUILTINS.keys()]));
	});

	test.each(["http.send", "net.lookup_ip_addr", "rego.parse_module"])("does not name %s", (name) => {
		expect(names).not.toContain(name);
	});
});
