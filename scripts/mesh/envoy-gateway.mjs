/**
 * Envoy Gateway with a real API server: the chart is installed as it is shipped, Envoy Gateway reads its resources there
 * and makes the real Envoy's configuration, and that Envoy reaches Postern over mutual TLS, by `BackendTLSPolicy` and the
 * client certificate of the `EnvoyProxy`, from another namespace.
 *
 * What differs from a cluster: Envoy Gateway starts Envoy itself, as there is no kubelet; pods and endpoints are announced
 * by hand, and nobody issues certificates.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { createAuthority } from "../../test/support/tls-authority.ts";
import { ENVOY } from "../setup/pins.mjs";
import { BIN } from "../setup/places.mjs";
import { EDGE, EDGE_TLS, LOOPBACK, POD, UPSTREAM } from "./addresses.mjs";
import { CALLS, downCases, POLICY, servedCases, startUpstream } from "./cases.mjs";
import { startCluster } from "./cluster.mjs";
import { checked, dumpOf, filtersInOrder } from "./envoy-dump.mjs";
import { helmIn } from "./helm.mjs";
import { gatewayConfig, hostPlaces } from "./host-gateway.mjs";
import {
	HOST,
	helmTest,
	installChart,
	makeNamespaces,
	NAME,
	NAMESPACE,
	runPostern,
} from "./installation.mjs";
import { announceEndpoint } from "./pod.mjs";
import { buildPolicy } from "./policy.mjs";
import { folderFor, inPrivateRoot } from "./private-root.mjs";
import { REQUEST_REMOVE, REQUEST_SET, RESPONSE_REMOVE } from "./route-headers.mjs";
import { until } from "./stage.mjs";

const OWN_NAMESPACE = "envoy-gateway-system";
const GROUP = "gateway.envoyproxy.io";
const VERSION = `${GROUP}/v1alpha1`;
const GATEWAY_API = "gateway.networking.k8s.io/v1";
const SITE = "edge.internal.example";

const VALUES = {
	tls: { existingSecret: "postern-tls" },
	callers: [`dns:${SITE}`],
	envoyGateway: {
		enabled: true,
		namespace: "edge",
		gateway: "edge",
		listeners: ["http", "https"],
		envoyProxy: { clientCertificateRef: { name: "postern-client" } },
		backendTLSPolicy: { caConfigMap: "authority" },
	},
	tests: { clientSecret: "probe-tls", calls: CALLS },
};

/** The Gateway, its route, and the service behind it. */
const AROUND = [
	{
		apiVersion: GATEWAY_API,
		kind: "GatewayClass",
		metadata: { name: "eg" },
		spec: { controllerName: `${GROUP}/gatewayclass-controller` },
	},
	{
		apiVersion: GATEWAY_API,
		kind: "Gateway",
		metadata: { name: "edge", namespace: "edge" },
		spec: {
			gatewayClassName: "eg",
			infrastructure: { parametersRef: { group: GROUP, kind: "EnvoyProxy", name: NAME } },
			listeners: [
				{ name: "http", protocol: "HTTP", port: EDGE },
				{
					name: "https",
					protocol: "HTTPS",
					port: EDGE_TLS,
					tls: { mode: "Terminate", certificateRefs: [{ name: "edge-tls" }] },
				},
			],
		},
	},
	{
		apiVersion: GATEWAY_API,
		kind: "HTTPRoute",
		metadata: { name: "app", namespace: "edge" },
		spec: {
			parentRefs: [{ name: "edge" }],
			rules: [
				{
					matches: [{ path: { type: "PathPrefix", value: "/" } }],
					filters: [
						{
							type: "RequestHeaderModifier",
							requestHeaderModifier: {
								set: Object.entries(REQUEST_SET).map(([name, value]) => ({ name, value })),
								remove: REQUEST_REMOVE,
							},
						},
						{ type: "ResponseHeaderModifier", responseHeaderModifier: { remove: RESPONSE_REMOVE } },
					],
					backendRefs: [{ name: "app", port: UPSTREAM }],
				},
			],
		},
	},
	{
		apiVersion: "v1",
		kind: "Service",
		metadata: { name: "app", namespace: "edge" },
		spec: { ports: [{ name: "http", port: UPSTREAM }] },
	},
];

/** @param {import("./stage.mjs").Stage} stage */
export async function envoyGateway(stage) {
	const { folder } = stage;
	const { api, kubeconfig } = await startCluster(stage, BIN);
	stage.say("the API server is ready");
	await makeNamespaces(api, ["edge", NAMESPACE, OWN_NAMESPACE]);
	const authority = await certificates(api);
	const stopUpstream = startUpstream(POD);
	try {
		for (const object of AROUND) await api.apply(object);
		await announceEndpoint(api, {
			namespace: "edge",
			service: "app",
			ports: [{ name: "http", port: UPSTREAM }],
		});
		const helm = helmIn(folder, kubeconfig);
		installChart(stage, helm, VALUES, buildPolicy(folder, POLICY).base64);
		const stopPostern = await runPostern(stage, api);
		await helmTest(stage, api, helm);
		await startGateway(stage, api, kubeconfig);
		await attached(stage, api);
		await servedCases(stage);
		const secure = await overTls(authority);
		stage.verdict(
			"the HTTPS listener masks, too",
			secure.status === 200 && secure.body === '{"id":7}',
			secure,
		);
		await configuration(stage);
		await stopPostern();
		await downCases(stage);
	} finally {
		stopUpstream();
	}
}

/** What cert-manager would have issued. @param {import("./api-server.mjs").Api} api */
async function certificates(api) {
	const authority = await createAuthority("company");
	for (const [name, namespace, dns] of [
		["postern-tls", NAMESPACE, HOST],
		["postern-client", "edge", SITE],
		["probe-tls", NAMESPACE, SITE],
		["edge-tls", "edge", SITE],
	]) {
		const { certificate, key } = await authority.issue({ dns: [dns] });
		await api.apply({
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name, namespace },
			type: "kubernetes.io/tls",
			stringData: { "tls.crt": certificate, "tls.key": key, "ca.crt": authority.pem },
		});
	}
	await api.apply({
		apiVersion: "v1",
		kind: "ConfigMap",
		metadata: { name: "authority", namespace: NAMESPACE },
		data: { "ca.crt": authority.pem },
	});
	return authority.pem;
}

/** Envoy Gateway looks for its certificates at `/certs`. @param {import("./stage.mjs").Stage} stage @param {import("./api-server.mjs").Api} api @param {string} kubeconfig */
async function startGateway(stage, api, kubeconfig) {
	const { folder } = stage;
	const host = hostPlaces(folder, ENVOY.version);
	// The same secrets that it made for itself in files.
	for (const name of ["envoy", "envoy-oidc-hmac"]) {
		const source = join(host.configHome, "certs", name);
		const files = readdirSync(source).filter((file) => /^(ca|tls|hmac)/.test(file));
		const data = files.map((file) => [file, readFileSync(join(source, file)).toString("base64")]);
		await api.apply({
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name, namespace: OWN_NAMESPACE },
			data: Object.fromEntries(data),
		});
	}
	const root = join(folder, "roots", "gateway");
	cpSync(join(host.configHome, "certs", "envoy-gateway"), folderFor(join(root, "certs")), {
		recursive: true,
		dereference: true,
	});
	const config = join(folder, "gateway.json");
	const resource = { type: "Kubernetes", kubernetes: { leaderElection: { disable: true } } };
	writeFileSync(config, JSON.stringify(gatewayConfig(resource, host)));
	const { program, args } = inPrivateRoot(root, [folder, BIN], join(BIN, "envoy-gateway"), [
		...["server", "--config-path", config],
	]);
	stage.start("gateway", program, args, {
		env: {
			...process.env,
			HOME: folder,
			USER: "root",
			KUBECONFIG: kubeconfig,
			// The chart's EnvoyProxy is for Kubernetes, and names none.
			ENVOY_VERSION: ENVOY.version,
		},
	});
}

/** Every policy of the chart says that it is taken. @param {import("./stage.mjs").Stage} stage @param {import("./api-server.mjs").Api} api */
async function attached({ verdict }, api) {
	for (const [apiVersion, kind, namespace, wanted] of [
		[VERSION, "SecurityPolicy", "edge", ["Accepted"]],
		[VERSION, "EnvoyExtensionPolicy", "edge", ["Accepted"]],
		[VERSION, "ClientTrafficPolicy", "edge", ["Accepted"]],
		[VERSION, "BackendTrafficPolicy", "edge", ["Accepted"]],
		[VERSION, "EnvoyPatchPolicy", "edge", ["Accepted", "Programmed"]],
		[GATEWAY_API, "BackendTLSPolicy", NAMESPACE, ["Accepted", "ResolvedRefs"]],
	]) {
		const conditions = (answer) =>
			(answer.body?.status?.ancestors ?? []).flatMap((ancestor) => ancestor.conditions);
		const good = (answer) =>
			wanted.every((type) =>
				conditions(answer).some((each) => each.type === type && each.status === "True"),
			) && !conditions(answer).some(({ status }) => status === "False");
		const answer = await until(() => api.get(apiVersion, kind, NAME, namespace), good, 30);
		verdict(`${kind} is ${wanted.join(" and ")}`, good(answer), answer.body?.status ?? "it has no status");
	}
}

/** What Envoy Gateway made of the chart's resources, as Envoy has it. @param {import("./stage.mjs").Stage} stage */
async function configuration(stage) {
	const file = readdirSync(join(stage.folder, "host"), { recursive: true }).find((each) =>
		String(each).endsWith("admin-address.txt"),
	);
	if (file === undefined) throw new Error("Envoy does not say where its admin port is");
	const dump = await dumpOf(readFileSync(join(stage.folder, "host", String(file)), "utf8"));
	for (const listener of ["http", "https"]) filtersInOrder(stage, dump, `edge/edge/${listener}`);
	checked(stage, dump, [
		// Notes: the cluster of a policy has the policy's name, and each listener has a filter of its own.
		...["postern_ambiguous", "chain_counters_shared"],
		// Notes, too: Envoy Gateway has no keepalive for HTTP/2, and the chart no probes.
		...["cluster_keepalive_missing", "cluster_probe_missing"],
	]);
}

/** A masked call at the HTTPS listener. @param {string} authority @returns {Promise<{ status?: number, body: string }>} */
function overTls(authority) {
	return new Promise((resolve, reject) => {
		const options = { host: LOOPBACK, port: EDGE_TLS, path: "/masked", ca: authority, servername: SITE };
		const asked = request({ ...options, headers: { host: SITE }, timeout: 5000 }, (response) => {
			let body = "";
			response.on("data", (chunk) => {
				body += chunk;
			});
			response.on("end", () => resolve({ status: response.statusCode, body }));
		});
		asked.on("timeout", () => asked.destroy(new Error("no answer")));
		asked.on("error", reject);
		asked.end();
	});
}
