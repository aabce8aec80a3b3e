/**
 * Envoy Gateway in host mode, without an API server: it makes the real Envoy's configuration out of the policies that the
 * chart renders, and that Envoy is asked with Postern behind it.
 *
 * What differs from a cluster: Services are Backends, without TLS to Postern; and without an API server Envoy Gateway
 * leaves the kind out of the names of filters and clusters, so the patch's are changed to follow.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENVOY } from "../setup/pins.mjs";
import { BIN, ROOT } from "../setup/places.mjs";
import { EDGE, LOOPBACK, POSTERN, UPSTREAM } from "./addresses.mjs";
import { downCases, POLICY, servedCases, startUpstream } from "./cases.mjs";
import { CHART, helmIn, objectsOf } from "./helm.mjs";
import { buildPolicy } from "./policy.mjs";
import { must } from "./stage.mjs";

const RELEASE = "t";
const NAME = "t-postern";
const GROUP = "gateway.envoyproxy.io";

const VALUES = {
	tls: { existingSecret: "postern-tls" },
	callers: ["dns:edge.internal.example"],
	admin: { existingSecret: "postern-admin" },
	envoyGateway: {
		enabled: true,
		namespace: "default",
		gateway: "edge",
		listeners: ["http"],
		envoyProxy: { enabled: false },
		backendTLSPolicy: { caConfigMap: "authority" },
	},
};

const backend = (name, port, more = {}) => ({
	apiVersion: "gateway.envoyproxy.io/v1alpha1",
	kind: "Backend",
	metadata: { name, namespace: "default" },
	spec: { endpoints: [{ ip: { address: LOOPBACK, port } }], ...more },
});
const reference = (name) => ({ group: GROUP, kind: "Backend", name });

/** What the cluster around the chart would hold. */
const AROUND = [
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "GatewayClass",
		metadata: { name: "eg" },
		spec: {
			controllerName: `${GROUP}/gatewayclass-controller`,
			parametersRef: { group: GROUP, kind: "EnvoyProxy", name: "host", namespace: "default" },
		},
	},
	{
		apiVersion: "gateway.envoyproxy.io/v1alpha1",
		kind: "EnvoyProxy",
		metadata: { name: "host", namespace: "default" },
		spec: { provider: { type: "Host", host: { envoyVersion: ENVOY.version } } },
	},
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "Gateway",
		metadata: { name: "edge", namespace: "default" },
		spec: { gatewayClassName: "eg", listeners: [{ name: "http", protocol: "HTTP", port: EDGE }] },
	},
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "HTTPRoute",
		metadata: { name: "app", namespace: "default" },
		spec: {
			parentRefs: [{ name: "edge" }],
			rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [reference("app")] }],
		},
	},
	backend("app", UPSTREAM),
	backend(NAME, POSTERN, { appProtocols: [`${GROUP}/h2c`] }),
];

/** The rendered policies as a control plane without an API server takes them. @param {string} folder */
function resources(folder) {
	const values = join(folder, "values.json");
	writeFileSync(values, JSON.stringify(VALUES));
	const rendered = helmIn(folder)(
		"template",
		RELEASE,
		CHART,
		...["--namespace", "default", "-f", values, "--show-only", "templates/envoy-gateway.yaml"],
	);
	if (!rendered.ok) throw new Error(rendered.error);
	const own = objectsOf(rendered.output).filter(({ kind }) => kind !== "BackendTLSPolicy");
	const text = JSON.stringify(own, (key, value) =>
		key === "backendRefs" ? value.map(({ name }) => reference(name)) : value,
	)
		.replaceAll("ext_authz/securitypolicy/", "ext_authz//")
		.replaceAll("ext_proc/envoyextensionpolicy/", "ext_proc//")
		.replaceAll('"envoyextensionpolicy/', '"/');
	return [...AROUND, ...JSON.parse(text)].map((each) => JSON.stringify(each)).join("\n---\n");
}

/**
 * Where Envoy Gateway in host mode keeps its things, with its certificates and an Envoy of that version.
 *
 * @param {string} folder
 * @param {string} version what Envoy Gateway asks for; it gets the project's
 */
export function hostPlaces(folder, version) {
	const paths = { configHome: "config", dataHome: "data", stateHome: "state", runtimeDir: "run" };
	const host = Object.fromEntries(
		Object.entries(paths).map(([key, name]) => [key, join(folder, "host", name)]),
	);
	const binary = join(host.dataHome, "envoy-versions", version, "bin");
	mkdirSync(binary, { recursive: true });
	cpSync(join(BIN, "envoy"), join(binary, "envoy"), { dereference: true });
	must(join(BIN, "envoy-gateway"), ["certgen", "--local", "--config-home", host.configHome], {
		env: { ...process.env, HOME: folder },
	});
	return host;
}

/**
 * The configuration of Envoy Gateway.
 *
 * @param {object} resource where it finds resources
 * @param {object} host
 */
export const gatewayConfig = (resource, host) => ({
	apiVersion: "gateway.envoyproxy.io/v1alpha1",
	kind: "EnvoyGateway",
	gateway: { controllerName: `${GROUP}/gatewayclass-controller` },
	provider: { type: "Custom", custom: { resource, infrastructure: { type: "Host", host } } },
	extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: true },
});

/** @param {import("./stage.mjs").Stage} stage */
export async function hostGateway(stage) {
	const { folder, verdict } = stage;
	const { bundle } = buildPolicy(folder, POLICY);
	writeFileSync(
		join(folder, "postern.yaml"),
		`serve: {grpc: ["${LOOPBACK}:${POSTERN}"], trust_loopback: true, admin: "off", drain_seconds: 1}\npolicy: {bundle: ${bundle}}\naudit: {sink: audit.jsonl}\n`,
	);
	const stopUpstream = startUpstream(LOOPBACK);
	const served = stage.start("postern", join(BIN, "node"), [
		join(ROOT, "bin", "postern"),
		...["serve", "--config", "postern.yaml"],
	]);
	const host = hostPlaces(folder, ENVOY.version);
	mkdirSync(join(folder, "resources"));
	writeFileSync(join(folder, "resources", "all.yaml"), resources(folder));
	const resource = { type: "File", file: { paths: [join(folder, "resources")] } };
	writeFileSync(join(folder, "gateway.yaml"), JSON.stringify(gatewayConfig(resource, host)));
	stage.start("gateway", join(BIN, "envoy-gateway"), ["server", "--config-path", "gateway.yaml"], {
		env: { ...process.env, HOME: folder },
	});
	try {
		await servedCases(stage);
		await stage.stop(served);
		await downCases(stage);
		const failed = stage.log("gateway").match(/^.*Failed to process JSON patches.*$/m);
		verdict("the patch applies", failed === null, failed?.[0]);
	} finally {
		stopUpstream();
	}
}
