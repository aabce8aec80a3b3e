import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cgroupMemoryMax, heapLimits, memoryOptions } from "../../../src/launch/memory.ts";
import { ROOT } from "../../support/source-tree.ts";

const MIB = 1024 * 1024;

describe("heap limits", () => {
	test.each([
		[Number.POSITIVE_INFINITY, 4, { semiSpace: 2 }],
		[256 * MIB, 1, { oldSpace: 115, semiSpace: 2 }],
		[512 * MIB, 4, { oldSpace: 48, semiSpace: 2 }],
		[1024 * MIB, 4, { oldSpace: 115, semiSpace: 2 }],
		[4096 * MIB, 1, { oldSpace: 2419, semiSpace: 2 }],
		[64 * MIB, 1, { oldSpace: 48, semiSpace: 2 }],
	])("%d bytes for %d processes", (bytes, processes, limits) => {
		expect(heapLimits(bytes, processes)).toEqual(limits);
	});

	test("all heaps together leave room beside them, wherever there is room at all", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 160, max: 8192 }), (processes, each) => {
				const { oldSpace = 0, semiSpace } = heapLimits(each * processes * MIB, processes);
				expect(oldSpace + 3 * semiSpace + 64).toBeLessThanOrEqual(each);
			}),
		);
	});

	test("what is given by hand is left alone", () => {
		const limits = { oldSpace: 100, semiSpace: 2 };
		expect(memoryOptions(limits, [])).toEqual([
			"--max-old-space-size=100",
			"--max-semi-space-size=2",
			"--v8-pool-size=1",
			"--heap-growing-percent=20",
			"--expose-gc",
		]);
		expect(memoryOptions(limits, ["--max_old_space_size=9", "--no-warnings"])).toEqual([
			"--max-semi-space-size=2",
			"--v8-pool-size=1",
			"--heap-growing-percent=20",
			"--expose-gc",
		]);
		expect(memoryOptions({ semiSpace: 2 }, ["--max-semi-space-size=64"])).toEqual([
			"--v8-pool-size=1",
			"--heap-growing-percent=20",
			"--expose-gc",
		]);
		expect(
			memoryOptions({ semiSpace: 2 }, [
				"--max-semi-space-size=64",
				"--v8-pool-size=4",
				"--heap-growing-percent=20",
				"--expose-gc",
			]),
		).toEqual([]);
	});
});

describe("the cgroup's limit", () => {
	const files = (given: Readonly<Record<string, string>>) => (path: string) => given[path];

	test("is the least of the process's cgroup and those around it", () => {
		const tree = {
			"/proc/self/cgroup": "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max": "max\n",
			"/sys/fs/cgroup/a/memory.max": `${300 * MIB}\n`,
			"/sys/fs/cgroup/memory.max": `${400 * MIB}\n`,
		};
		expect(cgroupMemoryMax(files(tree))).toBe(300 * MIB);
	});

	test("in a container that sees its own alone", () => {
		const tree = {
			"/proc/self/cgroup": "0::/../../kubepods/pod7/abc\n",
			"/sys/fs/cgroup/memory.max": "268435456\n",
		};
		expect(cgroupMemoryMax(files(tree))).toBe(268435456);
	});

	test("of version 1, where a number near 2^63 is none", () => {
		const path = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
		expect(cgroupMemoryMax(files({ [path]: "134217728\n" }))).toBe(134217728);
		expect(cgroupMemoryMax(files({ [path]: "9223372036854771712\n" }))).toBe(Number.POSITIVE_INFINITY);
	});

	test("is none where nothing can be read, or nothing sensible", () => {
		expect(cgroupMemoryMax(() => undefined)).toBe(Number.POSITIVE_INFINITY);
		expect(cgroupMemoryMax(() => "many")).toBe(Number.POSITIVE_INFINITY);
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

test.each([
	[{}, "32768"],
	[{ MALLOC_MMAP_THRESHOLD_: "1000000" }, "1000000"],
])("the launcher says how memory is handed back, beneath what is given: %j", (given, expected) => {
	const look = "data:text/javascript,console.error(process.env.MALLOC_MMAP_THRESHOLD_)";
	const { stderr } = spawnSync(
		join(ROOT, ".tools", "bin", "node"),
		[join(ROOT, "bin", "launch.mjs"), "--version"],
		{ encoding: "utf8", env: { ...process.env, NODE_OPTIONS: `--import=${look}`, ...given } },
	);
	expect(stderr.trim().split("\n").at(-1)).toBe(expected);
});
