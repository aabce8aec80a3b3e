import { expect, test } from "@jest/globals";
import { METRICS } from "../../../src/telemetry/metric-table.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

test("every declared metric is in the exposition, under its name and no other of ours", async () => {
	const registry = createMetrics({ processMetrics: false });
	const text = await registry.render();
	const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
	expect(names.sort()).toEqual(
		Object.values(METRICS)
			.map((spec) => spec.name)
			.sort(),
	);
	for (const spec of Object.values(METRICS)) {
		expect(spec.name).toMatch(/^postern_[a-z_]+$/);
		if (spec.kind === "counter") expect(spec.name).toMatch(/_total$/);
	}
	expect(Object.keys(registry.metrics).sort()).toEqual(Object.keys(METRICS).sort());
});

test("an undeclared or missing label never throws and never shows", async () => {
	const registry = createMetrics({ processMetrics: false });
	registry.metrics.checks.inc({ verdict: "deny", user: "canary" });
	registry.metrics.checkSeconds.observe(0.002, {});
	const text = await registry.render();
	expect(text).toContain('postern_checks_total{verdict="deny",reason=""} 1');
	expect(text).not.toContain("canary");
});

test("the info of a revision replaces the one before", async () => {
	const registry = createMetrics({ processMetrics: false });
	registry.metrics.policyInfo.set(1, { revision: "a" });
	registry.metrics.policyInfo.set(1, { revision: "b" });
	const text = await registry.render();
	expect(text).toContain('postern_policy_info{revision="b"} 1');
	expect(text).not.toContain('revision="a"');
});

test("scrapes refresh what is measured at scrape time, and two registries do not mix", async () => {
	const one = createMetrics({ processMetrics: false });
	const two = createMetrics({ processMetrics: false });
	one.onScrape(() => one.metrics.keySetAge.set(7));
	expect(await one.render()).toContain("postern_key_set_age_seconds 7");
	expect(await two.render()).toContain("postern_key_set_age_seconds 0");
});
