import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse, stringify } from "yaml";
import { chartRenderer, type Rendering, valueSets } from "../support/chart/render.ts";
import { checkTexts } from "../support/mesh-check.ts";
import { ROOT } from "../support/source-tree.ts";

const SETS = new Map(valueSets());
const renderer = chartRenderer();
afterAll(() => renderer.close());

async function rendered(name: string, more: object = {}): Promise<Rendering> {
	const rendering = await renderer.render(JSON.stringify({ ...parse(SETS.get(name) ?? ""), ...more }));
	expect(rendering.error).toBe("");
	return rendering;
}

const MESH = /^(?:networking|security)\.istio\.io\/|^gateway\.(?:envoyproxy|networking)\./;

/** What `postern check --envoy` finds in the resources of a mesh, with the mesh configuration that the notes print. */
function findings({ resources, meshConfig }: Rendering, facts = {}, mesh = meshConfig) {
	const own = resources.filter(({ apiVersion }) => MESH.test(apiVersion));
	expect(own.length).toBeGreaterThan(0);
	const texts = { "rendered.yaml": own.map((each) => stringify(each)).join("---\n") };
	const isIstio = own.some(({ apiVersion }) => apiVersion.includes("istio"));
	const operator = `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n${mesh.replace(/^/gm, "  ")}\n`;
	const report = checkTexts(isIstio ? { ...texts, "mesh.yaml": operator } : texts, facts);
	return report.findings.map(({ code, severity }) => `${severity} ${code}`);
}

describe("postern check --envoy accepts what is rendered for", () => {
	test.each([
		["istio-sidecar", []],
		["istio-gateway", []],
		// That no caller has a certificate behind a waypoint is Istio's, and said in the guide.
		["istio-waypoint", ["note istio_waypoint_identity"]],
		// The cluster has the name of the policy, and each listener a filter of its own.
		["envoy-gateway", ["note postern_ambiguous", "note chain_counters_shared"]],
	])("%s", async (name, notes) => {
		expect(findings(await rendered(name))).toEqual(notes);
	});

	test.each(["istio-access-only", "envoy-gateway-access-only"])("%s", async (name) => {
		const facts = { known: true, fields: false, identityHeaders: [] };
		expect(findings(await rendered(name), facts)).toEqual([]);
	});

	test("several targets, of all contexts at once, with names of their own", async () => {
		const targets = [
			{ name: "shop", namespace: "shop", context: "sidecar", selector: { app: "shop" } },
			{ name: "cards", namespace: "shop", context: "sidecar", selector: { app: "cards" } },
			{ name: "edge", namespace: "edge", context: "gateway", selector: { istio: "edge" } },
		];
		const rendering = await rendered("istio-sidecar", { istio: { enabled: true, targets } });
		const filters = rendering.resources.filter(({ kind }) => kind === "EnvoyFilter");
		expect(filters.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort()).toEqual([
			"edge/t-postern-edge",
			"shop/t-postern-cards",
			"shop/t-postern-shop",
		]);
		for (const filter of filters) {
			const resources = rendering.resources.filter((each) => each.kind !== "EnvoyFilter" || each === filter);
			expect(findings({ ...rendering, resources })).toEqual([]);
		}
	});
});

describe("postern check --envoy finds what is taken away", () => {
	test("a mesh configuration without the provider", async () => {
		const rendering = await rendered("istio-sidecar");
		expect(findings(rendering, {}, "meshConfig: {}")).toContain("warning istio_provider_unknown");
	});

	test("the time limit, without which Istio waits for 600 s", async () => {
		const rendering = await rendered("istio-sidecar");
		const without = rendering.meshConfig.replace(/ *timeout: .*\n/, "");
		expect(findings(rendering, {}, without)).toEqual(["warning authz_timeout_long"]);
	});

	test("the EnvoyFilter", async () => {
		const rendering = await rendered("istio-sidecar");
		const resources = rendering.resources.filter(({ kind }) => kind !== "EnvoyFilter");
		expect(findings({ ...rendering, resources })).toEqual(
			expect.arrayContaining(["warning authz_mutations_unvalidated", "warning authz_headers_joined"]),
		);
	});

	test.each([
		["EnvoyPatchPolicy", "error proc_trailers_skipped"],
		["ClientTrafficPolicy", "warning edge_buffer_small"],
		["BackendTrafficPolicy", "error chain_upgrades"],
		["BackendTLSPolicy", "error cluster_plaintext"],
	])("%s", async (kind, finding) => {
		const rendering = await rendered("envoy-gateway");
		const resources = rendering.resources.filter((each) => each.kind !== kind);
		expect(findings({ ...rendering, resources })).toContain(finding);
	});
});

describe("the resources of one release", () => {
	test.each(["istio-sidecar", "istio-waypoint", "envoy-gateway"])(
		"%s: calls carry an :authority that HTTP/2 allows, which the clusters' names are not",
		async (name) => {
			const { resources } = await rendered(name);
			const services = [...JSON.stringify(resources).matchAll(/"envoy_grpc":(\{[^}]*\})/g)].map(
				([, text = ""]) => JSON.parse(text),
			);
			expect(services.length).toBeGreaterThan(0);
			for (const { authority } of services) expect(authority).toBe("t-postern.default.svc.cluster.local");
		},
	);

	test.each(["istio-sidecar", "istio-gateway", "istio-waypoint"])("%s call one cluster", async (name) => {
		const { resources, meshConfig } = await rendered(name);
		const text = JSON.stringify(resources);
		const [, cluster] = /"cluster_name":"([^"]+)"/.exec(text) ?? [];
		const service = /service: (\S+)/.exec(meshConfig)?.[1];
		expect(cluster).toBe(`outbound|9191||${service}`);
		expect(resources.find(({ kind }) => kind === "DestinationRule").spec.host).toBe(service);
	});

	test.each([
		["istio-sidecar", "SIDECAR_INBOUND"],
		["istio-gateway", "GATEWAY"],
	])("%s: routes to an upstream refuse WebSockets, which Istio allows everywhere", async (name, context) => {
		const { resources } = await rendered(name);
		const patches = resources.find(({ kind }) => kind === "EnvoyFilter").spec.configPatches;
		const [patch, ...more] = patches.filter(({ applyTo }: { applyTo: string }) => applyTo === "HTTP_ROUTE");
		expect(more).toEqual([]);
		expect(patch.match).toEqual({ context, routeConfiguration: { vhost: { route: { action: "ROUTE" } } } });
		expect(patch.patch.value.route).toEqual({
			upgrade_configs: [{ upgrade_type: "websocket", enabled: false }],
		});
	});

	test.each(["istio-access-only", "istio-waypoint"])("%s: routes are as they were", async (name) => {
		const { resources } = await rendered(name);
		expect(JSON.stringify(resources.filter(({ kind }) => kind === "EnvoyFilter"))).not.toContain(
			"HTTP_ROUTE",
		);
	});

	test("say of routes what envoy/authz-and-fields.yaml says", async () => {
		const { resources } = await rendered("istio-gateway");
		const patches = resources.find(({ kind }) => kind === "EnvoyFilter").spec.configPatches;
		const { route: _, ...headers } = patches.at(-1).patch.value;
		const text = readFileSync(join(ROOT, "envoy", "authz-and-fields.yaml"), "utf8");
		const example = parse(text.replaceAll(/\$\{[^}]*\}/g, "1"));
		const manager = example.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
		expect(manager.route_config.virtual_hosts[0].routes[0]).toMatchObject(headers);
		expect(Object.keys(headers)).toHaveLength(3);
	});

	test("name filters and cluster as Envoy Gateway names them", async () => {
		const { resources } = await rendered("envoy-gateway");
		const patches = resources.find(({ kind }) => kind === "EnvoyPatchPolicy").spec.jsonPatches;
		const paths = new Set(
			patches.map((each: { operation: { jsonPath: string } }) => each.operation.jsonPath),
		);
		expect([...paths]).toEqual([
			"$..http_filters[?(@.name == 'envoy.filters.http.ext_authz/securitypolicy/edge/t-postern')]",
			"$..http_filters[?(@.name == 'envoy.filters.http.ext_proc/envoyextensionpolicy/edge/t-postern/extproc/0')]",
		]);
		expect(JSON.stringify(patches)).toContain(
			'"cluster_name":"envoyextensionpolicy/edge/t-postern/extproc/0"',
		);
		expect(new Set(patches.map((each: { name: string }) => each.name))).toEqual(
			new Set(["edge/edge/http", "edge/edge/https"]),
		);
	});
});
