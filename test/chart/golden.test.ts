import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { CHART, chartRenderer, helm, type Rendering, valueSets } from "../support/chart/render.ts";
import { kubeconform } from "../support/chart/schemas.ts";
import { ROOT } from "../support/source-tree.ts";

const GOLDEN = join(import.meta.dirname, "golden");
const SETS = valueSets();
const renderer = chartRenderer();
const renderings = new Map<string, Rendering>();

beforeAll(async () => {
	await Promise.all(SETS.map(async ([name, values]) => renderings.set(name, await renderer.render(values))));
});
afterAll(() => renderer.close());

const rendering = (name: string): Rendering => {
	const found = renderings.get(name);
	if (found === undefined) throw new Error(`no ${name}`);
	return found;
};

describe("the chart renders as it did", () => {
	test.each(SETS.map(([name]) => name))("%s", (name) => {
		const { ok, error, text, notes } = rendering(name);
		expect({ ok, error }).toEqual({ ok: true, error: "" });
		// After a change that is meant: node scripts/run.mjs test/chart/update-golden.ts
		expect(text).toBe(readFileSync(join(GOLDEN, `${name}.yaml`), "utf8"));
		expect(`${notes}\n`).toBe(readFileSync(join(GOLDEN, `${name}.notes.txt`), "utf8"));
	});

	test("and no golden file is left of a value set that is gone", () => {
		const names = new Set(readdirSync(GOLDEN).map((file) => file.replace(/\.(notes\.txt|yaml)$/, "")));
		expect([...names].sort()).toEqual(SETS.map(([name]) => name).sort());
		expect(names.size).toBeGreaterThanOrEqual(12);
	});
});

describe("what is rendered", () => {
	test("holds against the schemas of Kubernetes, the meshes, cert-manager and Prometheus", () => {
		const text = SETS.map(([name]) => rendering(name).text).join("");
		const verdicts = kubeconform(text);
		expect(verdicts.filter(({ status }) => status !== "statusValid")).toEqual([]);
		const kinds = new Set(verdicts.map(({ resource }) => resource.split("/")[0]));
		expect([...kinds].sort()).toEqual(KINDS);
	});

	test("a wrong field is found, in every kind", () => {
		for (const kind of KINDS) {
			const found = [...renderings.values()]
				.flatMap(({ resources }) => resources)
				.find((each) => each.kind === kind);
			const wrong = JSON.stringify({ ...found, spec: { ...found.spec, nonsense: 1 }, nonsense: 1 });
			expect({ kind, verdicts: kubeconform(wrong) }).toEqual({
				kind,
				verdicts: [expect.objectContaining({ status: "statusInvalid" })],
			});
		}
	});

	test("and so does the fragment for a sidecar, whose socket and volumes fit together", () => {
		const text = readFileSync(join(ROOT, "deploy", "sidecar", "pod.yaml"), "utf8");
		expect(kubeconform(text).filter(({ status }) => status !== "statusValid")).toEqual([]);
		const [pod, config] = parseAllDocuments(text).map((document) => document.toJS());
		const [postern] = pod.spec.initContainers;
		const volumes = pod.spec.volumes.map(({ name }: { readonly name: string }) => name);
		for (const { name } of [...postern.volumeMounts, ...pod.spec.containers[0].volumeMounts]) {
			expect(volumes).toContain(name);
		}
		const { serve } = parse(config.data["postern.yaml"]);
		expect(serve.grpc).toEqual(["unix:///run/postern/grpc.sock"]);
		expect(pod.spec.containers[0].securityContext.runAsGroup).toBe(pod.spec.securityContext.fsGroup);
		expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(serve.drain_seconds + 5);
	});

	test("passes helm lint with every value set", async () => {
		const values = join(import.meta.dirname, "values");
		const outcomes = await Promise.all(
			SETS.map(([name]) => helm("lint", "--strict", "--quiet", CHART, "-f", join(values, `${name}.yaml`))),
		);
		expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
	});
});

const KINDS = [
	"AuthorizationPolicy",
	"BackendTLSPolicy",
	"BackendTrafficPolicy",
	"Certificate",
	"ClientTrafficPolicy",
	"ConfigMap",
	"DaemonSet",
	"Deployment",
	"DestinationRule",
	"EnvoyExtensionPolicy",
	"EnvoyFilter",
	"EnvoyPatchPolicy",
	"EnvoyProxy",
	"HorizontalPodAutoscaler",
	"Issuer",
	"NetworkPolicy",
	"Pod",
	"PodDisruptionBudget",
	"PrometheusRule",
	"ReferenceGrant",
	"SecurityPolicy",
	"Service",
	"ServiceAccount",
	"ServiceMonitor",
];
