import { expect, test } from "@jest/globals";
import { builtinsCalledBy } from "../../../../src/policy/builtins/families.ts";
import { NATIVE_BUILTINS } from "../../../../src/policy/builtins/native/natives.ts";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { NATIVES } from "../../../../src/policy/wasm/rewrite/natives.ts";

/** As a module holds it: among other texts, with a zero at its end. */
const holding = (name: string): Buffer => Buffer.from(`\0asm other\0${name}\0more`, "latin1");

test("whatever name a module holds, the builtin of that name is there", async () => {
	for (const [name, builtin] of HOST_BUILTINS) {
		const { builtins } = await builtinsCalledBy(holding(name));
		expect([name, builtins.get(name)]).toEqual([name, builtin]);
	}
});

test("whatever function of OPA's library a module holds, the host's answer in its place is there", async () => {
	for (const { symbol, builtin } of NATIVES) {
		const { natives } = await builtinsCalledBy(holding(symbol));
		expect([symbol, natives.get(builtin)]).toEqual([symbol, NATIVE_BUILTINS.get(builtin)]);
		expect(natives.get(builtin)).toBeDefined();
	}
});

test("a module that calls none has none", async () => {
	const { builtins, natives } = await builtinsCalledBy(holding("opa_value_compare"));
	expect([...builtins.keys(), ...natives.keys()]).toEqual([]);
});
