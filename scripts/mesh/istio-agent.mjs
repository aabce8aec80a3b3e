import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, ISTIO_FILES } from "../setup/places.mjs";
import { ISTIOD, LOOPBACK } from "./addresses.mjs";
import { folderFor } from "./private-root.mjs";

/**
 * Istio's agent of one workload: with the token of its service account it gets a certificate from istiod, and gives it to
 * the Envoy that it starts, or to files.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {{
 *   namespace: string,
 *   account: string,
 *   labels: Record<string, string>,
 *   role: "router" | "sidecar",
 *   address: string,
 *   admin: number,
 *   env?: NodeJS.ProcessEnv,
 * }} workload `address`: where istiod believes it to be; `admin`: port of its Envoy, from which other
 *   ports are counted
 */
export async function startAgent(stage, api, { namespace, account, labels, role, address, admin, env = {} }) {
	const name = `agent-${account}`;
	const folder = join(stage.folder, name);
	mkdirSync(folder);
	const file = (path, text) => writeFileSync(folderFor(join(folder, path)), text);
	file("var/run/secrets/tokens/istio-token", await tokenOf(api, namespace, account));
	const { body } = await api.get("v1", "ConfigMap", "istio-ca-root-cert", namespace);
	file("var/run/secrets/istio/root-cert.pem", body.data["root-cert.pem"]);
	const lines = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}\n`);
	file("etc/istio/pod/labels", lines.join(""));
	const config = {
		discoveryAddress: `${LOOPBACK}:${ISTIOD.secure}`,
		binaryPath: join(BIN, "envoy"),
		configPath: "./etc/istio/proxy",
		proxyBootstrapTemplatePath: join(ISTIO_FILES, "envoy_bootstrap.json"),
		proxyAdminPort: admin,
		statusPort: admin + 20,
		concurrency: 1,
		terminationDrainDuration: "1s",
	};
	mkdirSync(join(folder, config.configPath), { recursive: true });
	return stage.start(name, join(BIN, "pilot-agent"), ["proxy", role], {
		cwd: folder,
		env: {
			PATH: process.env.PATH,
			HOME: folder,
			POD_NAME: `${account}-0`,
			POD_NAMESPACE: namespace,
			SERVICE_ACCOUNT: account,
			INSTANCE_IP: address,
			ENVOY_STATUS_PORT: String(admin + 21),
			ENVOY_PROMETHEUS_PORT: String(admin + 90),
			ISTIO_META_CLUSTER_ID: "Kubernetes",
			ISTIOD_SAN: "istiod.istio-system.svc",
			PROXY_CONFIG: JSON.stringify(config),
			...env,
		},
	});
}

/** As the kubelet mounts it for the agent. @param {import("./api-server.mjs").Api} api @param {string} namespace @param {string} account */
async function tokenOf(api, namespace, account) {
	const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
	const { status, body, text } = await api.call("POST", path, {
		apiVersion: "authentication.k8s.io/v1",
		kind: "TokenRequest",
		spec: { audiences: ["istio-ca"], expirationSeconds: 3600 },
	});
	if (status !== 201) throw new Error(`token of ${namespace}/${account}: ${text}`);
	return body.status.token;
}
