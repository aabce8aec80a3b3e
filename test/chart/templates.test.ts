import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { readConfig } from "../../src/config/load.ts";
import { chartRenderer, only, type Rendering, type Resource, valueSets } from "../support/chart/render.ts";

const SETS = new Map(valueSets());
const renderer = chartRenderer();
afterAll(() => renderer.close());

async function rendered(name: string, more: object = {}): Promise<Rendering> {
	const rendering = await renderer.render(JSON.stringify({ ...parse(SETS.get(name) ?? ""), ...more }));
	expect(rendering.error).toBe("");
	return rendering;
}

const podOf = ({ resources }: Rendering): Resource =>
	resources.find(({ kind }) => kind === "Deployment" || kind === "DaemonSet").spec.template;
const configOf = (rendering: Rendering, name = "t-postern"): Resource =>
	parse(
		rendering.resources.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name).data[
			"postern.yaml"
		],
	);

/** What the release is called in some of the value sets. */
const NAMES: Readonly<Record<string, string>> = { production: "gate", extras: "t-gatekeeper" };

describe("every value set", () => {
	test.each([...SETS.keys()].filter((name) => name !== "own-config"))(
		"%s: Postern takes the configuration",
		async (name) => {
			const folder = mkdtempSync(join(tmpdir(), "postern-chart-config-"));
			try {
				const file = join(folder, "postern.yaml");
				writeFileSync(file, JSON.stringify(configOf(await rendered(name), NAMES[name])));
				expect(readConfig({ file, env: {} })).toMatchObject({ ok: true });
			} finally {
				rmSync(folder, { recursive: true });
			}
		},
	);

	test.each([...SETS.keys()])("%s: restricted, without rights, labelled, and nothing twice", async (name) => {
		const rendering = await rendered(name);
		const { resources } = rendering;
		const pods = [podOf(rendering), ...resources.filter(({ kind }) => kind === "Pod")];
		for (const { spec } of pods) {
			expect(spec.automountServiceAccountToken).toBe(false);
			expect(spec.securityContext).toMatchObject({
				runAsNonRoot: true,
				seccompProfile: { type: "RuntimeDefault" },
			});
			expect(spec.securityContext.runAsUser).toBeGreaterThanOrEqual(10_000);
			const own = spec.containers.find((each: Resource) => ["postern", "probe"].includes(each.name));
			expect(own.securityContext).toEqual({
				allowPrivilegeEscalation: false,
				readOnlyRootFilesystem: true,
				capabilities: { drop: ["ALL"] },
			});
			expect(own.resources.limits.memory).toBeDefined();
			expect(own).not.toHaveProperty("command");
		}
		expect(resources.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
		const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
		expect(new Set(names).size).toBe(names.length);
		for (const { kind, metadata } of resources) {
			if (metadata.name.match(/^t-(?:more|text)$/)) continue;
			expect({ kind, labels: metadata.labels }).toEqual({
				kind,
				labels: expect.objectContaining({
					"app.kubernetes.io/instance": "t",
					"app.kubernetes.io/managed-by": "Helm",
				}),
			});
		}
	});

	test.each([...SETS.keys()])(
		"%s: what is mounted is there, and what selects finds the pods alone",
		async (name) => {
			const rendering = await rendered(name);
			const { resources } = rendering;
			const { spec, metadata } = podOf(rendering);
			const volumes = new Set(spec.volumes.map((each: Resource) => each.name));
			for (const container of spec.containers) {
				for (const mount of container.volumeMounts ?? []) expect(volumes).toContain(mount.name);
			}
			const probe = resources.find(({ kind }) => kind === "Pod");
			for (const { spec: service } of resources.filter(({ kind }) => kind === "Service")) {
				expect(metadata.labels).toMatchObject(service.selector);
				if (probe !== undefined) expect(probe.metadata.labels).not.toMatchObject(service.selector);
			}
		},
	);
});

describe("names", () => {
	test("of any length stay labels", async () => {
		const { resources } = await rendered("production", { fullnameOverride: "a".repeat(63) });
		for (const { metadata } of resources) expect(metadata.name.length).toBeLessThanOrEqual(63);
	});

	test("of release and chart are not repeated", async () => {
		const { resources } = await rendered("cert-manager", { nameOverride: "t" });
		expect(resources.find(({ kind }) => kind === "Deployment").metadata.name).toBe("t");
	});
});

describe("the workload", () => {
	test("has two replicas that no roll-out takes away at once", async () => {
		const { spec } = only(await rendered("cert-manager"), "Deployment");
		expect(spec).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } });
	});

	test("leaves replicas to the scaler", async () => {
		expect(only(await rendered("production"), "Deployment").spec).not.toHaveProperty("replicas");
	});

	test("is rolled by a change of the configuration, not of the policy or the chart's version", async () => {
		const sum = async (more: object) => JSON.stringify(podOf(await rendered("cert-manager", more)));
		const before = await sum({});
		expect(await sum({ config: { log: { level: "warn" } } })).not.toBe(before);
		expect(await sum({ policy: { inline: "AAAA" } })).toBe(before);
		expect(before).not.toContain("helm.sh/chart");
	});

	test("waits before SIGTERM, and is given time for its drain", async () => {
		const { spec } = podOf(await rendered("extras"));
		expect(spec.terminationGracePeriodSeconds).toBe(75);
		expect(spec.containers[0].lifecycle.preStop).toEqual({ sleep: { seconds: 10 } });
	});

	test("lays probes of one's own over the chart's", async () => {
		const [container] = podOf(await rendered("extras")).spec.containers;
		expect(container.livenessProbe).toMatchObject({ periodSeconds: 30, httpGet: { path: "/livez" } });
		expect(container.readinessProbe.httpGet.path).toBe("/readyz");
	});

	test("takes its image by digest, from the mirror", async () => {
		expect(podOf(await rendered("existing-everything")).spec.containers[0].image).toBe(
			`registry.example/mesh/postern@sha256:${"a".repeat(64)}`,
		);
		expect(podOf(await rendered("production")).spec.containers[0].image).toBe("mirror.example/postern:0.1.0");
	});

	test("spreads, unless told otherwise", async () => {
		const { spec } = podOf(await rendered("cert-manager"));
		expect(spec.topologySpreadConstraints).toHaveLength(2);
		expect(spec.topologySpreadConstraints[0].matchLabelKeys).toEqual(["pod-template-hash"]);
		expect(podOf(await rendered("extras")).spec.topologySpreadConstraints).toHaveLength(1);
	});
});

describe("postern.yaml", () => {
	test("of a deployment: mutual TLS, pinned callers, an admin port that asks for a token", async () => {
		expect(configOf(await rendered("cert-manager"))).toEqual({
			policy: { bundle: "/etc/postern/policy/bundle.tar.gz" },
			serve: {
				grpc: ["0.0.0.0:9191"],
				tls: {
					certificate: "/etc/postern/tls/tls.crt",
					key: "/etc/postern/tls/tls.key",
					client_ca: "/etc/postern/tls/ca.crt",
				},
				callers: ["spiffe://cluster.local/ns/shop/sa/shop"],
				admin: "0.0.0.0:8181",
				admin_auth: { read_token_file: "/etc/postern/admin/read-token" },
				drain_seconds: 30,
				workers: 0,
			},
		});
	});

	test("of a daemonset: a unix socket, and no TCP port for Checks", async () => {
		const rendering = await rendered("daemonset");
		expect(configOf(rendering).serve).toMatchObject({
			grpc: ["unix:///run/postern/grpc.sock"],
			socket_mode: "0660",
		});
		expect(configOf(rendering).serve).not.toHaveProperty("tls");
		expect(only(rendering, "Service").metadata.name).toBe("t-postern-admin");
		expect(podOf(rendering).spec.volumes).toContainEqual({
			name: "socket",
			hostPath: { path: "/run/postern", type: "Directory" },
		});
	});

	test("holds the user's keys beside the chart's", async () => {
		expect(configOf(await rendered("production"), "gate")).toMatchObject({
			serve: { max_in_flight: 8192, workers: 2, grpc: ["[::]:9191"] },
			identity: { mtls: { enabled: true } },
			log: { level: "warn" },
		});
	});

	test("names the files as the secrets hold them", async () => {
		const rendering = await rendered("existing-everything");
		expect(configOf(rendering)).toMatchObject({
			serve: {
				tls: { certificate: "/etc/postern/tls/server.pem", client_ca: "/etc/postern/tls/envoys.pem" },
				admin_auth: { write_token_file: "/etc/postern/admin/write-token" },
			},
			fields: { hash_key_file: "/etc/postern/hash-key/hash-key" },
		});
		const volume = (name: string) =>
			podOf(rendering).spec.volumes.find((each: Resource) => each.name === name);
		expect(volume("admin").secret).toMatchObject({
			secretName: "tokens",
			items: [
				{ key: "read", path: "read-token" },
				{ key: "write", path: "write-token" },
			],
		});
		expect(volume("hash-key").secret).toMatchObject({
			secretName: "pseudonyms",
			items: [{ key: "current" }],
		});
		expect(volume("tls").secret.secretName).toBe("postern-tls");
		expect(volume("policy").persistentVolumeClaim.claimName).toBe("policies");
		expect(rendering.resources.filter(({ kind }) => ["Secret", "ServiceAccount"].includes(kind))).toEqual([]);
	});

	test("reads Istio's certificates where its sidecar writes them", async () => {
		const rendering = await rendered("istio-sidecar");
		expect(configOf(rendering).serve.tls.certificate).toBe("/etc/postern/tls/cert-chain.pem");
		const { annotations, labels } = podOf(rendering).metadata;
		expect(labels["sidecar.istio.io/inject"]).toBe("true");
		expect(annotations["traffic.sidecar.istio.io/includeInboundPorts"]).toBe("");
		expect(JSON.parse(annotations["sidecar.istio.io/userVolumeMount"])).toEqual([
			{ name: "tls", mountPath: "/etc/istio-output-certs" },
		]);
	});
});

describe("secrets", () => {
	test("the admin token is made where none is named, and long", async () => {
		const rendering = await rendered("cert-manager", { admin: {} });
		const token = Buffer.from(only(rendering, "Secret").data["read-token"], "base64").toString();
		expect(token).toMatch(/^[A-Za-z0-9]{43}$/);
		expect(JSON.stringify(podOf(rendering))).not.toContain(token);
	});

	test("the bundle reaches its ConfigMap without line breaks", async () => {
		const rendering = await rendered("cert-manager", { policy: { inline: "AAAA\nBBBB\n" } });
		const config = rendering.resources.find(({ metadata }) => metadata.name === "t-postern-policy");
		expect(config.binaryData).toEqual({ "bundle.tar.gz": "AAAABBBB" });
	});
});

describe("certificates", () => {
	test("without an issuer the chart has an authority of its own", async () => {
		const { resources } = await rendered("cert-manager");
		expect(
			resources
				.filter(({ kind }) => kind === "Issuer")
				.map(({ metadata }) => metadata.name)
				.sort(),
		).toEqual(["t-postern-authority", "t-postern-root"]);
		const server = resources.find(({ metadata }) => metadata.name === "t-postern-tls");
		expect(server.spec).toMatchObject({
			usages: ["digital signature", "server auth"],
			issuerRef: { name: "t-postern-authority", kind: "Issuer" },
		});
		expect(server.spec.dnsNames).toContain("t-postern.default.svc.cluster.local");
	});

	test("the probe's has the name of a caller, and no right to serve", async () => {
		const { resources } = await rendered("cert-manager");
		const probe = resources.find(
			({ kind, metadata }) => kind === "Certificate" && metadata.name === "t-postern-probe",
		);
		expect(probe.spec).toMatchObject({
			uris: ["spiffe://cluster.local/ns/shop/sa/shop"],
			usages: ["digital signature", "client auth"],
		});
	});
});

describe("helm test", () => {
	test("runs the probe with the calls that were given", async () => {
		const rendering = await rendered("production");
		const pod = only(rendering, "Pod");
		expect(pod.metadata.annotations["helm.sh/hook"]).toBe("test");
		expect(pod.spec.containers[0].args).toEqual([
			"probe",
			"--address",
			"gate.security.svc.cluster.local:9191",
			"--tls-ca",
			"/etc/postern/probe/ca.crt",
			"--tls-cert",
			"/etc/postern/probe/tls.crt",
			"--tls-key",
			"/etc/postern/probe/tls.key",
			"--calls",
			"/etc/postern/calls/calls.yaml",
		]);
		const calls = rendering.resources.find(
			({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "gate-probe",
		);
		expect(parse(calls.data["calls.yaml"]).calls).toHaveLength(3);
	});

	test("needs a client certificate over the network", async () => {
		const { resources } = await rendered("own-config");
		expect(resources.filter(({ kind }) => kind === "Pod")).toEqual([]);
	});
});

describe("the network policy", () => {
	test("lets in who is named, and out to DNS and what is named", async () => {
		const { spec } = only(await rendered("production"), "NetworkPolicy");
		expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
		expect(spec.ingress.map((rule: Resource) => rule.ports[0].port)).toEqual(["grpc", "admin"]);
		expect(spec.egress).toHaveLength(2);
		expect(spec.egress[0].ports.map((each: Resource) => each.port)).toEqual([53, 53]);
	});
});

describe("the notes", () => {
	test("warn loudly of a trial", async () => {
		const { notes } = await rendered("trial");
		expect(notes.match(/^WARNING: .*$/gm)).toEqual([
			expect.stringContaining("no policy is given"),
			expect.stringContaining("dry_run: denials are recorded and NOT enforced"),
			expect.stringContaining("pass UNMASKED"),
			expect.stringContaining("audit.sink: off"),
			expect.stringContaining("records are lost"),
			expect.stringContaining("replicaCount: 1"),
		]);
		expect(notes).toContain("postern build DIR -o bundle.tar.gz");
	});

	test("do not warn of a good installation", async () => {
		for (const name of ["cert-manager", "production", "istio-sidecar", "envoy-gateway"]) {
			expect((await rendered(name)).notes).not.toContain("WARNING");
		}
	});

	test("warn of the folder of the node", async () => {
		expect((await rendered("daemonset")).notes).toContain(
			"WARNING: mode daemonset uses a folder of the node",
		);
	});

	test.each([
		[{ patchPolicy: { enabled: false } }, "trailers pass UNMASKED"],
		[{ clientTrafficPolicy: { enabled: false } }, "answers above 32 KiB become 500"],
		[{ backendTrafficPolicy: { enabled: false } }, "WebSocket passes UNMASKED"],
		[{ fields: false }, "answers are not masked"],
	])("warn of Envoy Gateway with %j", async (more, warning) => {
		const { envoyGateway } = parse(SETS.get("envoy-gateway") ?? "");
		const { notes } = await rendered("envoy-gateway", { envoyGateway: { ...envoyGateway, ...more } });
		expect(notes).toContain("WARNING: ");
		expect(notes).toContain(warning);
	});

	test("print the part of the mesh configuration, with a time limit", async () => {
		const { notes } = await rendered("istio-gateway");
		expect(notes).toContain("    - name: gate\n");
		expect(notes).toContain("timeout: 1s");
		expect(notes).toContain(
			"includeRequestBodyInCheck: {maxRequestBytes: 1048576, allowPartialMessage: false, packAsBytes: true}",
		);
	});
});
