import { expect, test } from "@jest/globals";
import { createDecisionIds } from "../../../src/serve/decision-ids.ts";

test("ids are UUIDs of version 4, of which none comes twice, and every random bit is used", () => {
	const next = createDecisionIds();
	const ids = Array.from({ length: 5000 }, next);
	for (const id of ids)
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	expect(new Set(ids).size).toBe(ids.length);
	const bits = ids.map((id) => BigInt(`0x${id.replaceAll("-", "")}`));
	const everSet = bits.reduce((all, each) => all | each, 0n);
	const everClear = bits.reduce((all, each) => all | (2n ** 128n - 1n - each), 0n);
	const fixed = (everSet ^ everClear).toString(16).padStart(32, "0");
	// Version (four bits) and variant (two).
	expect(fixed).toBe("000000000000f000c000000000000000");
});
