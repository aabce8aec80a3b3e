import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createStreamTable } from "../../src/envoy/transport/lane/stream-table.ts";

interface Entry {
	readonly id: number;
}

/** Numbers as clients give them, and numbers that all want one place of a small table. */
const id = fc.oneof(
	fc.integer({ min: 0, max: 60 }).map((at) => 2 * at + 1),
	fc.integer({ min: 0, max: 60 }).map((at) => 64 * at + 1),
	fc.integer({ min: 0, max: (1 << 30) - 1 }).map((at) => 2 * at + 1),
);
const step = fc.record({ what: fc.constantFrom("add", "add", "delete", "get"), id });

test("whatever comes and goes, the table holds what a Map holds", () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
			const table = createStreamTable<Entry>();
			const model = new Map<number, Entry>();
			for (const { what, id } of steps) {
				if (what === "add" && !model.has(id)) {
					const entry = { id };
					table.add(entry);
					model.set(id, entry);
				} else if (what === "delete") {
					table.delete(id);
					model.delete(id);
				}
				expect(table.get(id)).toBe(model.get(id));
				expect(table.size).toBe(model.size);
			}
			for (const [known, entry] of model) expect(table.get(known)).toBe(entry);
			expect(new Set(table.all())).toEqual(new Set(model.values()));
			expect(table.all()).toHaveLength(model.size);
		}),
		{ numRuns: 500 },
	);
});
