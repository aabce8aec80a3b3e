import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, ROOT } from "../setup/places.mjs";
import { POD } from "./addresses.mjs";
import { folderFor, inPrivateRoot } from "./private-root.mjs";

/**
 * What a kubelet would do with Postern's container: its volumes at their places, out of the API server, and its arguments.
 * The image is the checkout here; `npm run test:image` is about the real one.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {import("./api-server.mjs").Api} api
 * @param {{ namespace: string, spec: any, log: string, volumes?: Record<string, string>, hosts?: readonly string[] }} pod
 *   `volumes`: folders of this machine in place of volumes; `hosts`: names of services, which lead to the pods' address
 */
export async function startContainer(stage, api, { namespace, spec, log, volumes = {}, hosts = [] }) {
	const [container] = spec.containers;
	const root = join(stage.folder, "roots", log);
	writeFileSync(folderFor(join(root, "etc", "hosts")), `127.0.0.1 localhost\n${POD} ${hosts.join(" ")}\n`);
	const bound = [];
	for (const { name, mountPath } of container.volumeMounts) {
		const volume = spec.volumes.find((each) => each.name === name);
		if (volumes[name] === undefined) {
			await writeVolume(api, namespace, volume, join(root, mountPath));
		} else {
			folderFor(join(root, mountPath));
			symlinkSync(volumes[name], join(root, mountPath));
			bound.push(volumes[name]);
		}
	}
	const { program, args } = inPrivateRoot(root, [ROOT, ...bound], join(BIN, "node"), [
		join(ROOT, "bin", "postern"),
		...container.args,
	]);
	return stage.start(log, program, args);
}

/** @param {import("./api-server.mjs").Api} api @param {string} namespace @param {any} volume @param {string} folder */
async function writeVolume(api, namespace, volume, folder) {
	const kind = volume.configMap === undefined ? "Secret" : "ConfigMap";
	const name = volume.configMap?.name ?? volume.secret?.secretName;
	if (name === undefined)
		throw new Error(`volume ${volume.name}: ${JSON.stringify(volume)} is none of the API's`);
	const { status, body, text } = await api.get("v1", kind, name, namespace);
	if (status !== 200) throw new Error(`volume ${volume.name}: ${text}`);
	const bytes = kind === "Secret" ? body.data : body.binaryData;
	const files = new Map(
		Object.entries(bytes ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]),
	);
	if (kind === "ConfigMap") {
		for (const [key, value] of Object.entries(body.data ?? {})) files.set(key, Buffer.from(value));
	}
	const items =
		(volume.configMap ?? volume.secret).items ?? [...files.keys()].map((key) => ({ key, path: key }));
	for (const { key, path } of items) {
		const content = files.get(key);
		if (content === undefined) throw new Error(`volume ${volume.name}: ${kind} ${name} holds no ${key}`);
		writeFileSync(folderFor(join(folder, path)), content);
	}
}

/**
 * Tells the API server of a pod of a workload, as if it were running at the pods' address, and of the endpoints that
 * come of it: what a controller, a scheduler and a kubelet would do.
 *
 * @param {import("./api-server.mjs").Api} api
 * @param {{ namespace: string, name: string, template: any, service: string, ports: readonly { name: string, port: number, appProtocol?: string }[] }} pod
 */
export async function announcePod(api, { namespace, name, template, service, ports }) {
	const pod = await api.apply({
		apiVersion: "v1",
		kind: "Pod",
		metadata: {
			name,
			namespace,
			labels: template.metadata.labels,
			annotations: template.metadata.annotations,
		},
		spec: { ...template.spec, nodeName: "node" },
	});
	await api.setStatus({
		apiVersion: "v1",
		kind: "Pod",
		metadata: { name, namespace },
		status: {
			phase: "Running",
			podIP: POD,
			podIPs: [{ ip: POD }],
			conditions: [{ type: "Ready", status: "True" }],
		},
	});
	await announceEndpoint(api, {
		namespace,
		service,
		ports,
		targetRef: { kind: "Pod", name, namespace, uid: pod.metadata.uid },
	});
}

/**
 * @param {import("./api-server.mjs").Api} api
 * @param {{ namespace: string, service: string, ports: readonly object[], targetRef?: object }} endpoint
 */
export async function announceEndpoint(api, { namespace, service, ports, targetRef }) {
	await api.apply({
		apiVersion: "discovery.k8s.io/v1",
		kind: "EndpointSlice",
		metadata: { name: service, namespace, labels: { "kubernetes.io/service-name": service } },
		addressType: "IPv4",
		ports,
		endpoints: [
			{
				addresses: [POD],
				conditions: { ready: true, serving: true, terminating: false },
				...(targetRef === undefined ? {} : { targetRef }),
			},
		],
	});
}
