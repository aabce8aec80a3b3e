import { beforeEach, describe, expect, test } from "@jest/globals";
import { poisonDigest } from "../../../../src/policy/poison.ts";
import {
	allocateNotes,
	CELL,
	type NotesMemory,
	viewNotes,
	writeNotes,
} from "../../../../src/serve/workers/shared-notes.ts";
import { createWatching, LOOKS } from "../../../../src/serve/workers/watching.ts";

const PATH = "envoy/authz/allow";

let memory: NotesMemory;
let notes: ReturnType<typeof writeNotes>;
/** Milliseconds that the process has used, and its share of a core from look to look. */
let cpu = 0;
let share = 1;
let look: () => readonly { readonly type: string }[];
beforeEach(() => {
	const shared = allocateNotes(1024);
	memory = viewNotes(shared);
	notes = writeNotes(memory);
	// The other thread has views of its own.
	cpu = 0;
	look = createWatching(viewNotes(shared), 1000, () => {
		cpu += share * (1000 / LOOKS);
		return cpu;
	});
	share = 1;
});

const types = () => look().map(({ type }) => type);
const beat = () => Atomics.add(memory.cells, CELL.beat, 1);

describe("a thread that stands still", () => {
	test("in an evaluation: what it evaluates is told at the second look, and that it hangs when the time is over", () => {
		const input = Buffer.from('{"path":"/hang"}');
		notes.begin(PATH, input);
		expect(types()).toEqual(["beat"]);
		const digest = poisonDigest(PATH, input);
		expect(look()).toEqual([{ type: "beat" }, { type: "running", digest, length: input.length }]);
		const rest = Array.from({ length: LOOKS - 1 }, types);
		expect(rest.flat().filter((type) => type !== "beat")).toEqual(["hung"]);
		expect(rest.at(-1)).toEqual(["beat", "hung"]);
	});

	test("elsewhere: it hangs, and no input is to blame", () => {
		notes.begin(PATH, Buffer.from("{}"));
		notes.end();
		const said = Array.from({ length: LOOKS + 1 }, types).flat();
		expect(said.filter((type) => type !== "beat")).toEqual(["hung"]);
	});

	test("because others have the machine: four times as long", () => {
		share = 0.05;
		notes.begin(PATH, Buffer.from("{}"));
		const said = Array.from({ length: LOOKS * 4 }, types).flat();
		expect(said.indexOf("running")).toBeGreaterThan(10);
		expect(said).not.toContain("hung");
		expect(types()).toContain("hung");
	});

	test("while it loads a bundle: for twenty times as long, but not in an evaluation", () => {
		Atomics.add(memory.cells, CELL.loading, 1);
		const said = Array.from({ length: LOOKS * 20 }, types).flat();
		expect(said).not.toContain("hung");
		expect(types()).toContain("hung");
		notes.begin(PATH, Buffer.from("{}"));
		expect(Array.from({ length: LOOKS + 1 }, types).flat()).toContain("hung");
	});
});

describe("a thread that goes on", () => {
	test("is left alone, by its timer or by evaluation after evaluation", () => {
		for (let times = 0; times < 5 * LOOKS; times++) {
			if (times % 2 === 0) beat();
			else {
				notes.begin(PATH, Buffer.from("{}"));
				notes.end();
			}
			expect(types()).toEqual(["beat"]);
		}
	});

	test("after a slow evaluation takes back what was said of it, once", () => {
		notes.begin(PATH, Buffer.from("{}"));
		Array.from({ length: LOOKS / 2 + 1 }, types);
		notes.end();
		expect(types()).toEqual(["beat", "done"]);
		beat();
		expect(types()).toEqual(["beat"]);
	});
});

test("each input is noted whole, with its entrypoint, one after the other", () => {
	for (const [entrypoint, text] of [
		[PATH, '{"long":"xxxxxxxxxxxxxxxx"}'],
		["short/é", "{}"],
		[PATH, '{"a":1}'],
	] as const) {
		beat();
		notes.begin(entrypoint, Buffer.from(text));
		types();
		expect(look()[1]).toMatchObject({ digest: poisonDigest(entrypoint, Buffer.from(text)) });
		notes.end();
	}
});
