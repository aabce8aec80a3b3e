/**
 * The chart at a real API server with the definitions of both meshes, cert-manager and the Prometheus operator: every
 * value set of the chart's own tests is installed and taken away again; one release is upgraded and rolled back.
 *
 * There is no kubelet: that pods start was not run. Their specs are held against the `restricted` standard by the API
 * server's own admission.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { BIN, ROOT } from "../setup/places.mjs";
import { startCluster } from "./cluster.mjs";
import { CHART, helmIn, objectsOf } from "./helm.mjs";

const SETS = join(ROOT, "test", "chart", "values");
/** Where the value sets put things, beside `default`. */
const NAMESPACES = ["edge", "istio-ingress", "security", "shop"];
const RELEASE = "t";

/** @param {import("./stage.mjs").Stage} stage */
export async function kubernetes(stage) {
	const { api, kubeconfig } = await startCluster(stage, BIN);
	stage.say("the API server is ready");
	const helm = helmIn(stage.folder, kubeconfig);
	await surroundings(api);
	for (const file of readdirSync(SETS)) await valueSet(stage, { api, helm }, join(SETS, file));
	await life(stage, { api, helm });
}

/** @typedef {{ api: import("./api-server.mjs").Api, helm: ReturnType<typeof helmIn> }} Tools */

/** What is there before the chart: namespaces, and what some value sets name. @param {import("./api-server.mjs").Api} api */
async function surroundings(api) {
	for (const name of ["default", ...NAMESPACES]) {
		const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
		await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
	}
	const open = { name: "open", labels: { "pod-security.kubernetes.io/enforce": "privileged" } };
	await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: open });
	for (const [name, namespace] of [
		["gatekeeper", "default"],
		["t-postern", "open"],
	]) {
		await api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
	}
	await api.apply({
		apiVersion: "node.k8s.io/v1",
		kind: "RuntimeClass",
		metadata: { name: "gvisor" },
		handler: "runsc",
	});
}

/** Installs one value set, looks at every object of it, and takes it away. @param {import("./stage.mjs").Stage} stage @param {Tools} tools @param {string} file */
async function valueSet({ verdict }, { api, helm }, file) {
	const set = basename(file, ".yaml");
	const where = ["--namespace", "default", "-f", file];
	const dry = helm("install", RELEASE, CHART, ...where, "--dry-run=server");
	verdict(`${set}: a dry run at the server`, dry.ok, dry.error);
	const installed = helm("install", RELEASE, CHART, ...where);
	verdict(
		`${set}: installs without a warning`,
		installed.ok && warnings(installed.error) === "",
		installed.error,
	);
	if (!installed.ok) return;
	const objects = objectsOf(helm("get", "manifest", RELEASE, "--namespace", "default").output);
	const differences = [];
	for (const object of objects) {
		const { status, body } = await find(api, object);
		if (status !== 200) differences.push(`${object.kind} ${object.metadata.name}: ${status}`);
		else differences.push(...missing(object, body, `${object.kind} ${object.metadata.name}`));
	}
	verdict(
		`${set}: its ${objects.length} objects are there, with every field`,
		differences.length === 0 && objects.length > 0,
		differences.slice(0, 5),
	);
	const workload = objects.find(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
	const restricted = await podOf(api, workload, workload.metadata.namespace);
	if (workload.kind === "Deployment") {
		verdict(`${set}: its pod meets the restricted standard`, restricted.status === 201, restricted.text);
	} else {
		const refused = restricted.status === 403 && restricted.text.includes("hostPath");
		verdict(`${set}: its pod is outside the restricted standard, by its hostPath`, refused, restricted.text);
		const elsewhere = await podOf(api, workload, "open");
		verdict(`${set}: and is accepted where that is allowed`, elsewhere.status === 201, elsewhere.text);
	}
	const gone = helm("uninstall", RELEASE, "--namespace", "default", "--wait");
	const left = [];
	for (const object of objects) {
		if ((await find(api, object)).status !== 404) left.push(`${object.kind} ${object.metadata.name}`);
	}
	verdict(`${set}: is taken away whole`, gone.ok && left.length === 0, { error: gone.error, left });
}

/** @param {import("./api-server.mjs").Api} api @param {any} object */
const find = async (api, object) => api.call("GET", await api.place(object));

/** Beside those of the pod standard, which is looked at apart. @param {string} printed */
const warnings = (printed) => printed.replaceAll(/^.*would violate PodSecurity.*\n/gm, "");

/** Whether the API server would take a pod with a workload's own container. @param {import("./api-server.mjs").Api} api @param {any} workload @param {string} namespace */
async function podOf(api, { spec }, namespace) {
	const { metadata, spec: pod } = spec.template;
	return api.call("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
		apiVersion: "v1",
		kind: "Pod",
		metadata: { ...metadata, name: "one" },
		// What a value set adds is its user's to make safe.
		spec: { ...pod, initContainers: [], containers: pod.containers.filter(({ name }) => name === "postern") },
	});
}

/**
 * What was asked for and is not there: an API server drops the fields that a definition does not know.
 *
 * @param {any} asked
 * @param {any} is
 * @param {string} place
 * @returns {string[]}
 */
function missing(asked, is, place) {
	if (Array.isArray(asked)) {
		if (asked.length === 0 && is === undefined) return [];
		if (!Array.isArray(is) || is.length !== asked.length) return [`${place}: ${JSON.stringify(is)}`];
		return asked.flatMap((each, at) => missing(each, is[at], `${place}[${at}]`));
	}
	if (typeof asked === "object" && asked !== null) {
		if (Object.keys(asked).length === 0 && is === undefined) return [];
		if (typeof is !== "object" || is === null) return [`${place}: ${JSON.stringify(is)}`];
		return Object.entries(asked).flatMap(([key, value]) => missing(value, is[key], `${place}.${key}`));
	}
	return asked === is || asked === null
		? []
		: [`${place}: ${JSON.stringify(is)} instead of ${JSON.stringify(asked)}`];
}

/** One release from its installation to its end. @param {import("./stage.mjs").Stage} stage @param {Tools} tools */
async function life({ folder, verdict }, { api, helm }) {
	const name = "gate-postern";
	mkdirSync(join(folder, "life"));
	let count = 0;
	const values = (more) => {
		const file = join(folder, "life", `${count++}.json`);
		writeFileSync(
			file,
			JSON.stringify({
				tls: { existingSecret: "postern-tls" },
				callers: ["spiffe://cluster.local/ns/shop/sa/shop"],
				policy: { inline: "AAAA" },
				...more,
			}),
		);
		return file;
	};
	const upgrade = (more) => helm("upgrade", "gate", CHART, "--namespace", "default", "-f", values(more));
	const state = async () => {
		const { body } = await api.get("apps/v1", "Deployment", name, "default");
		const config = await api.get("v1", "ConfigMap", name, "default");
		const token = await api.get("v1", "Secret", `${name}-admin`, "default");
		return {
			template: JSON.stringify(body.spec.template),
			checksum: body.spec.template.metadata.annotations["checksum/config"],
			generation: body.metadata.generation,
			config: config.body.data["postern.yaml"],
			token: token.body.data["read-token"],
			policy: (await api.get("v1", "ConfigMap", `${name}-policy`, "default")).body.binaryData[
				"bundle.tar.gz"
			],
		};
	};
	const installed = helm("install", "gate", CHART, "--namespace", "default", "-f", values({}));
	verdict("a release is installed", installed.ok, installed.error);
	const first = await state();
	const same = upgrade({});
	const second = await state();
	verdict(
		"an upgrade that changes nothing restarts no pod",
		same.ok && second.generation === first.generation,
		{
			error: same.error,
			first,
			second,
		},
	);
	verdict("and keeps the admin token", second.token === first.token && first.token.length > 40);
	const policy = upgrade({ policy: { inline: "AAAAAAAA" } });
	const third = await state();
	verdict(
		"another policy reaches its ConfigMap and restarts no pod",
		policy.ok && third.policy === "AAAAAAAA" && third.template === first.template,
		{ error: policy.error, third },
	);
	const config = upgrade({ config: { log: { level: "warn" } } });
	const fourth = await state();
	verdict(
		"another configuration rolls the pods by its checksum",
		config.ok && fourth.checksum !== first.checksum && fourth.config.includes("level: warn"),
		{ error: config.error, fourth },
	);
	for (const [what, wrong, message] of [
		["an unknown value", { replicas: 3 }, "additional properties 'replicas'"],
		["nobody who may ask", { callers: [] }, "callers: name the certificates"],
	]) {
		const refused = upgrade(wrong);
		const now = await state();
		const unchanged = now.template === fourth.template && now.config === fourth.config;
		verdict(
			`${what} is refused and changes nothing`,
			!refused.ok && refused.error.includes(message) && unchanged,
			{
				error: refused.error,
				unchanged,
			},
		);
	}
	// Helm goes object by object: what came before the refused one is changed, and the release is marked as failed.
	const late = upgrade({ priorityClassName: "Not A Name" });
	const during = await state();
	verdict(
		"what the API server alone refuses restarts no pod",
		!late.ok && late.error.includes("Not A Name") && during.template === fourth.template,
		{ error: late.error },
	);
	const back = helm("rollback", "gate", "1", "--namespace", "default");
	const last = await state();
	verdict(
		"a rollback brings everything back",
		back.ok && ["checksum", "config", "token", "policy", "template"].every((key) => last[key] === first[key]),
		{ error: back.error, last, first },
	);
	const tests = helm("get", "hooks", "gate", "--namespace", "default");
	verdict(
		"without a client's certificate there is no test",
		tests.ok && objectsOf(tests.output).length === 0,
		tests,
	);
	const gone = helm("uninstall", "gate", "--namespace", "default", "--wait");
	verdict(
		"and it is taken away",
		gone.ok && (await api.get("apps/v1", "Deployment", name, "default")).status === 404,
	);
}
