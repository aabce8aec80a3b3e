import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHART } from "./helm.mjs";
import { announcePod, startContainer } from "./pod.mjs";
import { until } from "./stage.mjs";
import { POD, POSTERN, POSTERN_ADMIN } from "./addresses.mjs";

const NAMESPACE = "postern";
const RELEASE = "gate";
export const NAME = "gate-postern";
export const HOST = `${NAME}.${NAMESPACE}.svc.cluster.local`;

/** @param {import("./api-server.mjs").Api} api @param {readonly string[]} names */
export async function makeNamespaces(api, names) {
	for (const name of names) await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
}

/**
 * Installs the chart, and runs the pod that its Deployment asks for.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {ReturnType<typeof import("./helm.mjs").helmIn>} helm
 * @param {{ values: object, policy: string, volumes?: Record<string, string> }} options `policy`: a file with the bundle as base64
 */
export async function install(stage, api, helm, { values, policy, volumes }) {
	const file = join(stage.folder, "values.json");
	writeFileSync(file, JSON.stringify({ drainSeconds: 1, ...values }));
	const installed = helm(
		"install",
		RELEASE,
		CHART,
		...["--namespace", NAMESPACE, "-f", file, "--set-file", `policy.inline=${policy}`],
	);
	stage.verdict("the chart installs", installed.ok && installed.error === "", installed.error);
	if (!installed.ok) throw new Error(installed.error);
	const { body: deployment } = await api.get("apps/v1", "Deployment", NAME, NAMESPACE);
	const { template } = deployment.spec;
	const served = await startContainer(stage, api, {
		namespace: NAMESPACE,
		spec: template.spec,
		log: "postern",
		volumes,
	});
	const ready = await until(
		() => fetch(`http://${POD}:${POSTERN_ADMIN}/readyz`, { signal: AbortSignal.timeout(2000) }),
		({ status }) => status === 200,
		30,
	);
	if (ready.status !== 200) throw new Error(`Postern does not get ready:\n${stage.log("postern")}`);
	stage.say("Postern runs with the arguments and volumes of its Deployment");
	await announcePod(api, {
		namespace: NAMESPACE,
		name: `${NAME}-0`,
		template,
		service: NAME,
		ports: [{ name: "grpc", port: POSTERN, appProtocol: "grpc" }],
	});
	return { notes: installed.output, stopPostern: () => stage.stop(served) };
}
