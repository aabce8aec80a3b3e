import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../test/support/tls-authority.ts";
import { CRDS } from "../setup/places.mjs";
import { API_SERVER, ETCD, ETCD_PEERS, LOOPBACK } from "./addresses.mjs";
import { createApi } from "./api-server.mjs";
import { until } from "./stage.mjs";

const TOKEN = "mesh-run";

/**
 * A real API server on a real etcd, with the definitions of everything that the chart can make. There is no controller,
 * no scheduler and no kubelet: a Deployment has no pods but those that the run makes.
 *
 * @typedef {{ api: import("./api-server.mjs").Api, kubeconfig: string }} Cluster
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {string} bin
 * @returns {Promise<Cluster>}
 */
export async function startCluster(stage, bin) {
	const file = (name, text) => {
		writeFileSync(join(stage.folder, name), text);
		return join(stage.folder, name);
	};
	startEtcd(stage, bin);
	const authority = await createAuthority("cluster");
	// By name: the certificate is for no address.
	const { certificate, key } = await authority.issue({ dns: ["localhost"] });
	const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
	const signer = file("sa.key", signing.export({ type: "pkcs8", format: "pem" }));
	stage.start("kube-apiserver", join(bin, "kube-apiserver"), [
		`--etcd-servers=http://${LOOPBACK}:${ETCD}`,
		`--bind-address=${LOOPBACK}`,
		`--advertise-address=${LOOPBACK}`,
		`--secure-port=${API_SERVER}`,
		`--cert-dir=${join(stage.folder, "certificates")}`,
		`--tls-cert-file=${file("api.crt", certificate)}`,
		`--tls-private-key-file=${file("api.key", key)}`,
		"--service-account-issuer=https://kubernetes.default.svc",
		`--service-account-key-file=${signer}`,
		`--service-account-signing-key-file=${signer}`,
		`--token-auth-file=${file("tokens.csv", `${TOKEN},admin,admin,"system:masters"\n`)}`,
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.97.0.0/16",
		"--endpoint-reconciler-type=none",
	]);
	const api = createApi(authority.pem, TOKEN);
	const ready = await until(
		() => api.call("GET", "/readyz"),
		({ status }) => status === 200,
		120,
	);
	if (ready.status !== 200) throw new Error(`the API server is not ready: ${JSON.stringify(ready)}`);
	await define(api);
	return { api, kubeconfig: file("kubeconfig.json", kubeconfig(authority.pem)) };
}

/** @param {import("./stage.mjs").Stage} stage @param {string} bin */
function startEtcd(stage, bin) {
	const clients = `http://${LOOPBACK}:${ETCD}`;
	const peers = `http://${LOOPBACK}:${ETCD_PEERS}`;
	stage.start("etcd", join(bin, "etcd"), [
		`--data-dir=${join(stage.folder, "etcd")}`,
		`--listen-client-urls=${clients}`,
		`--advertise-client-urls=${clients}`,
		`--listen-peer-urls=${peers}`,
		`--initial-advertise-peer-urls=${peers}`,
		`--initial-cluster=default=${peers}`,
		"--unsafe-no-fsync",
	]);
}

/** @param {string} authority */
const kubeconfig = (authority) =>
	JSON.stringify({
		apiVersion: "v1",
		kind: "Config",
		"current-context": "run",
		contexts: [{ name: "run", context: { cluster: "run", user: "admin" } }],
		users: [{ name: "admin", user: { token: TOKEN } }],
		clusters: [
			{
				name: "run",
				cluster: {
					server: `https://${LOOPBACK}:${API_SERVER}`,
					"tls-server-name": "localhost",
					"certificate-authority-data": Buffer.from(authority).toString("base64"),
				},
			},
		],
	});

/** Makes the definitions known and waits until they are served. @param {import("./api-server.mjs").Api} api */
async function define(api) {
	const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
	for (const name of readdirSync(CRDS)) {
		if (!name.endsWith(".yaml")) continue;
		// Some are templates of a chart: their first and last lines are conditions.
		const text = readFileSync(join(CRDS, name), "utf8").replaceAll(/^\{\{.*$/gm, "");
		for (const definition of text.split(/^---$/m)) {
			if (!definition.includes("kind: CustomResourceDefinition")) continue;
			const { status, text: answer } = await api.call("POST", path, definition);
			if (status !== 201) throw new Error(`${name}: ${answer}`);
		}
	}
	const established = ({ body }) =>
		body.items.every(({ status }) =>
			status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"),
		);
	const answer = await until(() => api.call("GET", path), established);
	if (!established(answer)) throw new Error("a definition is not established");
}
