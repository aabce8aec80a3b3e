import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { REASONS } from "../../src/decision/reasons.ts";
import { METRICS, type MetricSpec } from "../../src/telemetry/metric-table.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { CHART, chartRenderer, only, type Resource, valueSets } from "../support/chart/render.ts";

const PRODUCTION = parse(new Map(valueSets()).get("production") ?? "");
const renderer = chartRenderer();
afterAll(() => renderer.close());

/** Names of series, each with the labels that it has, from the table of metrics and from what a process exports. */
async function series(): Promise<ReadonlyMap<string, readonly string[]>> {
	const found = new Map<string, readonly string[]>();
	for (const { name, labels, kind } of Object.values<MetricSpec>(METRICS)) {
		const suffixes = kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
		for (const suffix of suffixes)
			found.set(`${name}${suffix}`, suffix === "_bucket" ? [...labels, "le"] : labels);
	}
	for (const line of (await createMetrics({ processMetrics: true }).render()).split("\n")) {
		const name = /^# TYPE (\S+)/.exec(line)?.[1];
		if (name !== undefined && !found.has(name)) found.set(name, []);
	}
	return found;
}

/** Labels that Prometheus adds. */
const TARGET = ["namespace", "pod"];

/** What a query names that nothing exports. */
function unknownIn(query: string, known: ReadonlyMap<string, readonly string[]>): readonly string[] {
	const wrong: string[] = [];
	const used = new Set<string>();
	for (const [, name = "", selector = ""] of query.matchAll(/\b(postern_\w+)(?:\{([^}]*)\})?/g)) {
		const labels = known.get(name);
		if (labels === undefined) wrong.push(name);
		for (const each of [...(labels ?? []), ...TARGET]) used.add(each);
		for (const [, label = ""] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
			if (labels !== undefined && ![...labels, ...TARGET].includes(label)) wrong.push(`${name}{${label}}`);
		}
	}
	for (const [, list = ""] of query.matchAll(/\bby \(([^)]*)\)/g)) {
		for (const label of list.split(",").map((each) => each.trim()))
			if (!used.has(label)) wrong.push(`by (${label})`);
	}
	return wrong;
}

async function alerts(more: object = {}): Promise<readonly Resource[]> {
	const { prometheusRule } = PRODUCTION;
	const values = { ...PRODUCTION, prometheusRule: { ...prometheusRule, disabled: [], ...more } };
	return only(await renderer.render(JSON.stringify(values)), "PrometheusRule").spec.groups[0].rules;
}

describe("alerts", () => {
	test("name what is exported, and only pods of the release", async () => {
		const known = await series();
		const rules = await alerts();
		expect(rules.length).toBeGreaterThan(8);
		for (const { alert, expr, annotations, labels } of rules) {
			expect({ alert, unknown: unknownIn(expr, known) }).toEqual({ alert, unknown: [] });
			for (const [whole] of expr.matchAll(/postern_\w+(?:\{[^}]*\})?/g)) {
				expect(whole).toContain('namespace="security", pod=~"gate-.*"');
			}
			expect(annotations.summary).toMatch(/\S/);
			expect(labels).toMatchObject({
				team: "platform",
				severity: expect.stringMatching(/^(warning|critical)$/),
			});
		}
	});

	test("count every reason of ours as a fault, and none of a caller's", async () => {
		const { expr } = (await alerts()).find(({ alert }) => alert === "PosternRefusesByFault");
		const pattern = new RegExp(`^(?:${/reason=~"([^"]+)"/.exec(expr)?.[1]})$`);
		const excepted = /reason!="([^"]+)"/.exec(expr)?.[1];
		const counted = Object.keys(REASONS).filter((reason) => pattern.test(reason) && reason !== excepted);
		// What a caller can bring about, what ends by itself, and what a route says.
		const left = ["input_too_large", "draining", "allowance_invalid"];
		const faults = Object.entries(REASONS).flatMap(([reason, status]) => (status === 503 ? [reason] : []));
		expect(counted.sort()).toEqual(faults.filter((reason) => !left.includes(reason)).sort());
	});

	test("can be left out by name", async () => {
		const names = (await alerts({ disabled: ["PosternSlow"] })).map(({ alert }) => alert);
		expect(names).not.toContain("PosternSlow");
		expect(names).toContain("PosternNotReady");
	});
});

describe("the dashboard", () => {
	const dashboard = JSON.parse(readFileSync(join(CHART, "files", "dashboard.json"), "utf8"));

	test("names what is exported", async () => {
		const known = await series();
		for (const { title, targets } of dashboard.panels) {
			for (const { expr } of targets)
				expect({ title, unknown: unknownIn(expr, known) }).toEqual({ title, unknown: [] });
		}
	});

	test("shows every metric of ours but those that are marked", () => {
		const text = JSON.stringify(dashboard.panels);
		const left = [
			"postern_decision_ignored_keys_total",
			"postern_projection_mismatches_total",
			"postern_policy_memo_entries",
			"postern_policy_memo_bytes",
			"postern_key_set_refreshes_total",
		];
		const missing = Object.values(METRICS)
			.map(({ name }) => name)
			.filter((name) => !text.includes(name));
		expect(missing.sort()).toEqual(left.sort());
	});

	test("draws no panel over another", () => {
		const places = dashboard.panels.map(({ gridPos }: Resource) => `${gridPos.x},${gridPos.y}`);
		expect(new Set(places).size).toBe(places.length);
	});

	test("reaches its ConfigMap as it is", async () => {
		const { resources } = await renderer.render(JSON.stringify(PRODUCTION));
		const config = resources.find(({ metadata }) => metadata.name === "gate-dashboard");
		expect(JSON.parse(config.data["postern.json"])).toEqual(dashboard);
		expect(config.metadata.labels.grafana_dashboard).toBe("1");
	});
});

describe("the check of queries itself", () => {
	test("finds names and labels that nothing exports", async () => {
		const known = await series();
		expect(unknownIn("rate(postern_check_total[5m])", known)).toEqual(["postern_check_total"]);
		expect(unknownIn('postern_checks_total{decision="x"}', known)).toEqual([
			"postern_checks_total{decision}",
		]);
		expect(unknownIn("sum by (who) (postern_ready)", known)).toEqual(["by (who)"]);
	});
});

describe("the service monitor", () => {
	test("finds the admin service alone, and shows the token", async () => {
		const rendering = await renderer.render(JSON.stringify(PRODUCTION));
		const { spec } = only(rendering, "ServiceMonitor");
		const services = rendering.resources.filter(({ kind }) => kind === "Service");
		const matched = services.filter(({ metadata }) =>
			Object.entries(spec.selector.matchLabels).every(([name, value]) => metadata.labels[name] === value),
		);
		expect(matched.map(({ metadata }) => metadata.name)).toEqual(["gate-admin"]);
		expect(spec.endpoints[0].authorization.credentials).toEqual({ name: "gate-admin", key: "read-token" });
	});
});
