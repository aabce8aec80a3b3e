import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { memoryFlags, memoryLimit } from "../../../bin/memory-flags.mjs";
import { ROOT } from "../../support/source-tree.ts";

const MIB = 1024 * 1024;

describe("the memory limit", () => {
	const reading = (files: Readonly<Record<string, string>>) => (file: string) => {
		const text = files[file];
		if (text === undefined) throw new Error("ENOENT");
		return text;
	};
	const V2 = "/sys/fs/cgroup/memory.max";
	const V1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes";

	test.each([
		["of version 2", { [V2]: "536870912\n" }, 536_870_912],
		["of version 1", { [V1]: "268435456\n" }, 268_435_456],
		["of version 2 before that of version 1", { [V2]: "1048576", [V1]: "1" }, 1_048_576],
		["is none where it says max", { [V2]: "max\n" }, undefined],
		["is none where version 1 says its largest number", { [V1]: "9223372036854771712\n" }, undefined],
		["is none where there are no cgroups", {}, undefined],
		["is none where the file says nonsense", { [V2]: "-5" }, undefined],
	])("%s", (_, files, bytes) => {
		expect(memoryLimit(reading(files))).toBe(bytes);
	});
});

describe("the flags", () => {
	test.each([
		[512 * MIB, 1, ["--max-old-space-size=307", "--max-semi-space-size=4"]],
		[1024 * MIB, 2, ["--max-old-space-size=307", "--max-semi-space-size=4"]],
		[96 * MIB, 1, ["--max-old-space-size=57", "--max-semi-space-size=2"]],
		[16 * MIB, 1, ["--max-old-space-size=48", "--max-semi-space-size=2"]],
	])("for %d bytes and %d processes", (limit, processes, flags) => {
		expect(memoryFlags(limit, processes)).toEqual(flags);
	});

	test("are none without a limit, and where somebody set them", () => {
		expect(memoryFlags(undefined)).toEqual([]);
		expect(memoryFlags(512 * MIB, 1, "--trace-warnings --max-old-space-size=100")).toEqual([]);
		expect(memoryFlags(512 * MIB, 1, "--max_old_space_size=100")).toEqual([]);
	});

	test("all heaps together leave a third of any limit from 256 MiB on", () => {
		fc.assert(
			fc.property(fc.integer({ min: 256, max: 65_536 }), fc.integer({ min: 1, max: 3 }), (mib, processes) => {
				const [heap = "", semi = ""] = memoryFlags(mib * MIB, processes);
				const taken = processes * (Number(heap.split("=")[1]) + 3 * Number(semi.split("=")[1]));
				expect(taken).toBeLessThanOrEqual(mib * 0.75);
			}),
		);
	});
});

test("the launcher becomes Postern: same process, arguments, exit code", () => {
	const run = (...args: readonly string[]) =>
		spawnSync(join(ROOT, ".tools", "bin", "node"), [join(ROOT, "bin", "launch.mjs"), ...args], {
			encoding: "utf8",
		});
	expect(run("--version")).toMatchObject({
		status: 0,
		stdout: expect.stringMatching(/^postern \d/),
		stderr: "",
	});
	expect(run("nonsense")).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown command") });
});
