import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { POD, POSTERN, POSTERN_ADMIN } from "./addresses.mjs";
import { CHART, objectsOf } from "./helm.mjs";
import { announcePod, startContainer } from "./pod.mjs";
import { until } from "./stage.mjs";

/** Where the meshes' parts of the run have Postern, apart from what it guards. */
export const NAMESPACE = "postern";
export const NAME = "gate-postern";
export const HOST = `${NAME}.${NAMESPACE}.svc.cluster.local`;

/** @param {import("./api-server.mjs").Api} api @param {readonly string[]} names */
export async function makeNamespaces(api, names) {
	for (const name of names) await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
}

/**
 * Installs the chart as it is, or upgrades it to other values.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {ReturnType<typeof import("./helm.mjs").helmIn>} helm
 * @param {object} values
 * @param {string} policy a file with the bundle as base64
 * @returns {string} what helm tells the operator
 */
export function installChart(stage, helm, values, policy) {
	const file = join(stage.folder, "values.json");
	writeFileSync(file, JSON.stringify({ drainSeconds: 1, ...values }));
	const given = ["--namespace", NAMESPACE, "-f", file, "--set-file", `policy.inline=${policy}`];
	const { ok, output, error } = helm("upgrade", "--install", "gate", CHART, ...given);
	stage.verdict("the chart installs", ok && error === "", error);
	if (!ok) throw new Error(error);
	return output;
}

/**
 * Runs the pod that the chart's Deployment asks for, and announces it.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {{ volumes?: Record<string, string>, replica?: number }} [options] `volumes`: folders in place of volumes that the
 *   API server does not hold
 * @returns {Promise<() => Promise<void>>} ends it
 */
export async function runPostern(stage, api, { volumes, replica = 0 } = {}) {
	const log = `postern-${replica}`;
	const { body } = await api.get("apps/v1", "Deployment", NAME, NAMESPACE);
	const { template } = body.spec;
	const pod = { namespace: NAMESPACE, spec: template.spec, log, volumes };
	const served = await startContainer(stage, api, pod);
	const ready = await until(
		() => fetch(`http://${POD}:${POSTERN_ADMIN}/readyz`, { signal: AbortSignal.timeout(2000) }),
		({ status }) => status === 200,
		30,
	);
	if (ready.status !== 200) throw new Error(`Postern does not get ready:\n${stage.log(log)}`);
	stage.say("Postern runs with the arguments and volumes of its Deployment");
	await announcePod(api, {
		namespace: NAMESPACE,
		name: `${NAME}-${replica}`,
		template,
		service: NAME,
		ports: [{ name: "grpc", port: POSTERN, appProtocol: "grpc" }],
	});
	return async () => {
		await stage.stop(served);
		await api.call("DELETE", `/api/v1/namespaces/${NAMESPACE}/pods/${NAME}-${replica}?gracePeriodSeconds=0`);
	};
}

/**
 * `helm test`, whose pod asks Postern as Envoy would.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {ReturnType<typeof import("./helm.mjs").helmIn>} helm
 */
export async function helmTest(stage, api, helm) {
	const hooks = objectsOf(helm("get", "hooks", "gate", "--namespace", NAMESPACE).output);
	for (const object of hooks) if (object.kind !== "Pod") await api.apply(object);
	const { spec } = hooks.find(({ kind }) => kind === "Pod");
	const pod = { namespace: NAMESPACE, spec, log: "probe", hosts: [HOST] };
	const probe = await startContainer(stage, api, pod);
	const code = await new Promise((resolve) => probe.on("close", resolve));
	stage.verdict(
		"helm test: a pod's calls are decided and masked as they must be",
		code === 0,
		stage.log("probe"),
	);
}
