import { setImmediate } from "node:timers/promises";
import { afterAll, expect, test } from "@jest/globals";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { createProcessMetrics } from "../../../src/telemetry/process-metrics.ts";

const reference = new Registry();
collectDefaultMetrics({ register: reference, prefix: "postern_" });
const own = createProcessMetrics("postern_");
const render = (): string => own.map((each) => each.render()).join("\n");
afterAll(() => reference.clear());

/** `# HELP` and `# TYPE` lines. */
const heads = (text: string): readonly string[] =>
	text
		.split("\n")
		.filter((line) => line.startsWith("#"))
		.sort();
/** Names of series with those of their labels, and values of labels that do not depend on what is under way. */
function series(text: string): readonly string[] {
	const names = text
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"))
		.map((line) => line.replace(/ \S+$/, "").replace(/type="[^"]*"/, "type"));
	// Requests and collections of a kind are there once there was one.
	return [...new Set(names)].filter((name) => !/active_requests\{|gc_duration/.test(name)).sort();
}

const sampleOf = (text: string, name: string): number =>
	Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);

test("the process's own metrics have the names, kinds, words and labels that prom-client gives them", async () => {
	const expected = await reference.metrics();
	const text = render();
	expect(heads(text)).toEqual(heads(expected));
	expect(series(text)).toEqual(series(expected));
	expect(series(text).length).toBeGreaterThan(50);
});

test("their values are those of the process", async () => {
	const before = process.cpuUsage();
	const expected = await reference.metrics();
	const text = render();
	const near = (name: string, factor: number): void => {
		const [value, other] = [sampleOf(text, name), sampleOf(expected, name)];
		expect([name, value > other / factor && value < other * factor]).toEqual([name, true]);
	};
	near("postern_process_resident_memory_bytes", 1.2);
	near("postern_process_virtual_memory_bytes", 1.2);
	near("postern_process_heap_bytes", 1.2);
	near("postern_nodejs_heap_size_total_bytes", 1.2);
	near("postern_nodejs_external_memory_bytes", 2);
	near("postern_process_max_fds", 1.0001);
	near("postern_process_open_fds", 1.5);
	const start = sampleOf(text, "postern_process_start_time_seconds");
	expect(Math.abs(start - sampleOf(expected, "postern_process_start_time_seconds"))).toBeLessThanOrEqual(2);
	expect(sampleOf(text, "postern_process_cpu_user_seconds_total")).toBeGreaterThanOrEqual(before.user / 1e6);
	const [user, system] = ["user", "system"].map((of) =>
		sampleOf(text, `postern_process_cpu_${of}_seconds_total`),
	);
	expect(sampleOf(text, "postern_process_cpu_seconds_total")).toBeCloseTo((user ?? 0) + (system ?? 0), 1);
	expect(sampleOf(text, "postern_nodejs_active_handles_total")).toBe(
		[...text.matchAll(/^postern_nodejs_active_handles\{.*\} (\d+)$/gm)].reduce(
			(sum, [, n]) => sum + Number(n),
			0,
		),
	);
});

test("collections are counted by kind, and every one of them", async () => {
	const counted = (text: string): number =>
		[
			...text.matchAll(
				/^postern_nodejs_gc_duration_seconds_count\{kind="(?:minor|major|incremental)"\} (\d+)$/gm,
			),
		].reduce((sum, [, count]) => sum + Number(count), 0);
	const before = counted(render());
	const kept: object[] = [];
	for (let round = 0; round < 200; round++) {
		kept.length = 0;
		for (let each = 0; each < 20_000; each++) kept.push({ each });
	}
	for (let turn = 0; turn < 20; turn++) await setImmediate();
	expect(counted(render())).toBeGreaterThan(before);
});

test("they are part of the exposition where they are asked for", async () => {
	expect(await createMetrics({ processMetrics: true }).render()).toContain(
		"postern_process_resident_memory_bytes ",
	);
	expect(await createMetrics({ processMetrics: false }).render()).not.toContain("postern_process_");
});
