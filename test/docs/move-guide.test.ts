import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LEAVES } from "../../src/config/leaves.ts";
import { REASONS } from "../../src/decision/reasons.ts";
import { METRICS } from "../../src/telemetry/metric-table.ts";
import { ROOT } from "../support/source-tree.ts";

/** Every setting of opa-envoy-plugin 1.19, and those of OPA that its users combine with it. */
const PLUGIN_KEYS = [
	...["addr", "path", "query", "dry-run", "enable-reflection", "proto-descriptor"],
	...["grpc-max-recv-msg-size", "grpc-max-send-msg-size", "skip-request-body-parse"],
	...["enable-performance-metrics", "grpc-request-duration-seconds-buckets"],
];
const OPA_KEYS = [
	...["services", "labels", "bundles", "decision_logs", "status", "discovery", "keys", "caching"],
	...[
		"distributed_tracing",
		"storage",
		"server",
		"persistence_directory",
		"nd_builtin_cache",
		"default_decision",
	],
];

const page = readFileSync(join(ROOT, "docs", "guides", "move-from-opa-envoy-plugin.md"), "utf8");

/** Rows of the table under a header line, cell by cell. */
function rowsUnder(header: string): readonly (readonly string[])[] {
	const from = page.indexOf(header);
	if (from < 0) throw new Error(`no table ${header}`);
	const lines = page.slice(from).split("\n");
	const end = lines.findIndex((line) => !line.startsWith("|"));
	return lines.slice(2, end).map((line) =>
		line
			.slice(1, -1)
			.split(" | ")
			.map((cell) => cell.trim()),
	);
}

const words = (cell = ""): readonly string[] =>
	[...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
const settings = new Set(LEAVES.map(({ key }) => key));

describe("the guide for those who come from opa-envoy-plugin", () => {
	test.each([
		["| plugin | Postern | |", PLUGIN_KEYS],
		["| OPA | Postern | |", OPA_KEYS],
	])("maps every key of %s", (header, keys) => {
		const rows = rowsUnder(header);
		expect(rows.flatMap(([first]) => words(first)).sort()).toEqual([...keys].sort());
		for (const [first, ours, note = ""] of rows) {
			const named = words(ours);
			const gone = ours === "not there";
			expect([first, gone || named.length > 0]).toEqual([first, true]);
			expect([first, named.filter((key) => !settings.has(key))]).toEqual([first, []]);
			// What is not there says why, or what to do.
			if (gone && first !== "`nd_builtin_cache`") expect([first, note.length > 15]).toEqual([first, true]);
		}
	});

	test("names settings that exist, wherever it names any", () => {
		const sections = [...new Set([...settings].map((key) => key.split(".")[0]))].join("|");
		const named = [...page.matchAll(new RegExp(`\`((?:${sections})\\.[a-z_.]+)(?:: [a-z]+)?\``, "g"))];
		expect(named.length).toBeGreaterThan(20);
		const known = (key: string) =>
			settings.has(key) || [...settings].some((each) => each.startsWith(`${key}.`));
		expect(named.map(([, key = ""]) => key).filter((key) => !known(key))).toEqual([]);
	});

	test("names metrics and reasons that exist", () => {
		const metrics = rowsUnder("| plugin and OPA | Postern |").flatMap(([, ours]) =>
			words(ours).filter((word) => word.startsWith("postern_") && !word.endsWith("…")),
		);
		const known: readonly string[] = Object.values(METRICS).map(({ name }) => name);
		expect(metrics.length).toBeGreaterThan(4);
		expect(metrics.filter((name) => !known.includes(name))).toEqual([]);
		const reasons = rowsUnder("| plugin | Postern |\n").flatMap(([, ours]) => words(ours));
		expect(reasons.length).toBeGreaterThan(7);
		expect(reasons.filter((reason) => !(reason in REASONS))).toEqual([]);
	});
});
