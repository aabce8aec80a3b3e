/**
 * Istio: the chart is installed as it is shipped, the part of the mesh configuration that its notes print goes to istiod,
 * and the real Envoys of an ingress gateway and of a workload's sidecar, started by Istio's own agents, reach Postern over
 * Istio's mutual TLS. Postern's certificate is what another agent writes to files.
 *
 * What differs from a cluster: there is no kubelet, so the sidecar of Postern's pod is not injected but started with the
 * setting that the pod's annotation asks for, and traffic is not redirected to a sidecar but comes to a port that a Sidecar
 * resource opens; pods and endpoints are announced by hand; and the Envoys are Envoy's own instead of Istio's, so that
 * Istio's filters for telemetry and peer metadata, which only its build has, are switched off.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../test/support/tls-authority.ts";
import { BIN } from "../setup/places.mjs";
import {
	EDGE,
	GATEWAY_ADMIN,
	GATEWAY_POD,
	ISTIOD,
	LOOPBACK,
	POD,
	POSTERN_AGENT,
	SHOP,
	SHOP_ADMIN,
	SHOP_POD,
	UPSTREAM,
} from "./addresses.mjs";
import { downCases, POLICY, servedCases, startUpstream } from "./cases.mjs";
import { startCluster } from "./cluster.mjs";
import { checked, dumpOf, filtersInOrder } from "./envoy-dump.mjs";
import { helmIn, objectsOf } from "./helm.mjs";
import { HOST, installChart, makeNamespaces, NAME, NAMESPACE, runPostern } from "./installation.mjs";
import { startAgent } from "./istio-agent.mjs";
import { announceEndpoint } from "./pod.mjs";
import { buildPolicy } from "./policy.mjs";
import { until } from "./stage.mjs";

const INGRESS = "istio-ingress";
const SYSTEM = "istio-system";
const EDGE_LABELS = { istio: "edge" };
const SHOP_LABELS = { app: "shop" };

const VALUES = {
	tls: { istio: { enabled: true } },
	callers: [`spiffe://cluster.local/ns/${INGRESS}/sa/edge`, "spiffe://cluster.local/ns/shop/sa/shop"],
	istio: {
		enabled: true,
		targets: [
			{ name: "edge", namespace: INGRESS, context: "gateway", selector: EDGE_LABELS },
			{ name: "shop", namespace: "shop", context: "sidecar", selector: SHOP_LABELS },
		],
	},
};

/** The gateway and what it leads to, and the workload with a sidecar. */
const AROUND = [
	{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "edge", namespace: INGRESS } },
	{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "shop", namespace: "shop" } },
	{
		apiVersion: "networking.istio.io/v1",
		kind: "Sidecar",
		metadata: { name: "shop", namespace: "shop" },
		spec: {
			workloadSelector: { labels: SHOP_LABELS },
			ingress: [
				{
					port: { number: SHOP, name: "http", protocol: "HTTP" },
					bind: SHOP_POD,
					captureMode: "NONE",
					defaultEndpoint: `${LOOPBACK}:${UPSTREAM}`,
				},
			],
		},
	},
	{
		apiVersion: "networking.istio.io/v1",
		kind: "Gateway",
		metadata: { name: "edge", namespace: INGRESS },
		spec: {
			selector: EDGE_LABELS,
			servers: [{ port: { number: EDGE, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
		},
	},
	{
		apiVersion: "networking.istio.io/v1",
		kind: "VirtualService",
		metadata: { name: "app", namespace: INGRESS },
		spec: {
			hosts: ["*"],
			gateways: ["edge"],
			http: [
				{
					route: [{ destination: { host: `app.${INGRESS}.svc.cluster.local`, port: { number: UPSTREAM } } }],
				},
			],
		},
	},
	{
		apiVersion: "v1",
		kind: "Service",
		metadata: { name: "app", namespace: INGRESS },
		spec: { ports: [{ name: "http", port: UPSTREAM }] },
	},
];

/** Istio has no keepalive for HTTP/2, and the chart no probes. */
const NOTES = ["cluster_keepalive_missing", "cluster_probe_missing"];

/** The Envoys that ask Postern. */
const PROXIES = [
	{
		name: "the ingress gateway",
		agent: {
			...{ namespace: INGRESS, account: "edge", labels: EDGE_LABELS },
			...{ role: /** @type {const} */ ("router"), address: GATEWAY_POD, admin: GATEWAY_ADMIN },
		},
		edge: `${LOOPBACK}:${EDGE}`,
		listener: `0.0.0.0_${EDGE}`,
		ignored: NOTES,
	},
	{
		name: "a sidecar",
		agent: {
			...{ namespace: "shop", account: "shop", labels: SHOP_LABELS },
			...{ role: /** @type {const} */ ("sidecar"), address: SHOP_POD, admin: SHOP_ADMIN },
		},
		edge: `${SHOP_POD}:${SHOP}`,
		listener: `${SHOP_POD}_${SHOP}`,
		// What Istio's sidecars believe of who comes from the mesh; the guide says so.
		ignored: [...NOTES, "edge_address_believed", "edge_certificate_header_believed"],
	},
];

/** @param {import("./stage.mjs").Stage} stage */
export async function istio(stage) {
	const { folder, verdict } = stage;
	const { api, kubeconfig } = await startCluster(stage, BIN);
	stage.say("the API server is ready");
	await makeNamespaces(api, [INGRESS, "shop", NAMESPACE, SYSTEM]);
	for (const object of AROUND) await api.apply(object);
	const endpoint = { namespace: INGRESS, service: "app", ports: [{ name: "http", port: UPSTREAM }] };
	await announceEndpoint(api, endpoint);
	const helm = helmIn(folder, kubeconfig);
	const policy = buildPolicy(folder, POLICY).base64;
	const notes = installChart(stage, helm, VALUES, policy);
	const stopUpstreams = [startUpstream(POD), startUpstream(LOOPBACK)];
	try {
		await startIstiod(stage, api, { kubeconfig, notes });
		const stopPostern = await runPostern(stage, api, {
			volumes: { tls: await certificateFiles(stage, api) },
		});
		for (const { name, agent, edge, listener, ignored } of PROXIES) {
			stage.say(name);
			await startAgent(stage, api, agent);
			await servedCases(stage, edge);
			const dump = await dumpOf(`${LOOPBACK}:${agent.admin}`);
			filtersInOrder(stage, dump, listener);
			checked(stage, dump, ignored);
		}
		await stopPostern();
		for (const { edge } of PROXIES) await downCases(stage, edge);
		stage.say("an upgrade to certificates of one's own, by DestinationRule MUTUAL");
		installChart(stage, helm, await ownCertificates(stage, api), policy);
		const stopSecond = await runPostern(stage, api, { replica: 1 });
		for (const { edge } of PROXIES) await servedCases(stage, edge);
		await stopSecond();
		for (const { edge } of PROXIES) await downCases(stage, edge);
		const complaints = stage
			.log("istiod")
			.match(/^.*(?:unknown field|Failed to generate|failed to apply).*$/gim);
		verdict("istiod knows every field", complaints === null, complaints?.slice(0, 3));
	} finally {
		for (const stop of stopUpstreams) stop();
	}
}

/**
 * With the mesh configuration of the notes, and what an Envoy without Istio's filters needs.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {{ kubeconfig: string, notes: string }} options
 */
async function startIstiod(stage, api, { kubeconfig, notes }) {
	const printed = notes.match(/^ {2}meshConfig:\n(?: {4}.*\n)+/m)?.[0];
	if (printed === undefined) throw new Error("the notes print no mesh configuration");
	const [{ meshConfig }] = objectsOf(printed.replaceAll(/^ {2}/gm, ""));
	const file = join(stage.folder, "mesh.json");
	writeFileSync(file, JSON.stringify({ ...meshConfig, defaultProviders: { metrics: [] } }));
	const at = (port) => `${LOOPBACK}:${port}`;
	stage.start(
		"istiod",
		join(BIN, "pilot-discovery"),
		[
			...["discovery", "--registries", "Kubernetes", "--kubeconfig", kubeconfig],
			...["--meshConfig", file, "--networksConfig", "/dev/null", "--ctrlz_port", "0"],
			...["--httpAddr", at(ISTIOD.http), "--httpsAddr", "", "--monitoringAddr", at(ISTIOD.monitoring)],
			...["--grpcAddr", at(ISTIOD.grpc), "--secureGRPCAddr", at(ISTIOD.secure)],
		],
		{
			env: {
				...process.env,
				POD_NAME: "istiod-0",
				POD_NAMESPACE: SYSTEM,
				PILOT_ENABLE_METADATA_EXCHANGE: "false",
				PILOT_ENABLE_ALPN_FILTER: "false",
			},
		},
	);
	const ready = await until(
		() => fetch(`http://${at(ISTIOD.http)}/ready`),
		({ status }) => status === 200,
	);
	if (ready.status !== 200) throw new Error(`istiod is not ready:\n${stage.log("istiod").slice(-2000)}`);
	for (const namespace of [INGRESS, "shop", NAMESPACE]) {
		const known = await until(
			() => api.get("v1", "ConfigMap", "istio-ca-root-cert", namespace),
			({ status }) => status === 200,
		);
		if (known.status !== 200) throw new Error("istiod does not publish its authority");
	}
	stage.say("istiod is ready, with the mesh configuration of the chart's notes");
}

/** What the sidecar of Postern's pod does: it writes the workload's certificate to the volume `tls`. @param {import("./stage.mjs").Stage} stage @param {import("./api-server.mjs").Api} api */
async function certificateFiles(stage, api) {
	const { body } = await api.get("apps/v1", "Deployment", NAME, NAMESPACE);
	const { annotations, labels } = body.spec.template.metadata;
	const [{ proxyMetadata }] = objectsOf(annotations["proxy.istio.io/config"]);
	const [mount] = JSON.parse(annotations["sidecar.istio.io/userVolumeMount"]);
	stage.verdict(
		"the sidecar is told to write its certificate into the volume tls",
		mount.name === "tls" && mount.mountPath === proxyMetadata.OUTPUT_CERTS,
		annotations,
	);
	const folder = join(stage.folder, "tls");
	mkdirSync(folder);
	const env = { OUTPUT_CERTS: folder, DISABLE_ENVOY: "true" };
	await startAgent(stage, api, {
		namespace: NAMESPACE,
		account: NAME,
		labels,
		role: "sidecar",
		address: POD,
		admin: POSTERN_AGENT,
		env,
	});
	return folder;
}

/** Values for which Istio issues nothing, and what they name. @param {import("./stage.mjs").Stage} stage @param {import("./api-server.mjs").Api} api */
async function ownCertificates(stage, api) {
	const authority = await createAuthority("company");
	const server = await authority.issue({ dns: [HOST] });
	await api.apply({
		apiVersion: "v1",
		kind: "Secret",
		metadata: { name: "postern-tls", namespace: NAMESPACE },
		type: "kubernetes.io/tls",
		stringData: { "tls.crt": server.certificate, "tls.key": server.key, "ca.crt": authority.pem },
	});
	const client = await authority.issue({ dns: ["edge.internal.example"] });
	const file = (name, text) => {
		const path = join(stage.folder, name);
		writeFileSync(path, text);
		return path;
	};
	const tls = {
		clientCertificate: file("client.crt", client.certificate),
		privateKey: file("client.key", client.key),
		caCertificates: file("ca.crt", authority.pem),
	};
	return {
		tls: { existingSecret: "postern-tls" },
		callers: ["dns:edge.internal.example"],
		istio: { ...VALUES.istio, destinationRule: { mode: "MUTUAL", tls } },
	};
}
