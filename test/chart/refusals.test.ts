import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { chartRenderer, valueSets } from "../support/chart/render.ts";

const GOOD = parse(new Map(valueSets()).get("cert-manager") ?? "") as object;
const renderer = chartRenderer();
afterAll(() => renderer.close());

async function refusal(values: object): Promise<string> {
	const { ok, error } = await renderer.render(JSON.stringify({ ...GOOD, ...values }));
	return ok ? "accepted" : error;
}

describe("a wrong value is refused by the schema, with its place", () => {
	test.each<[string, object, string]>([
		["an unknown key", { replicas: 3 }, "additional properties 'replicas' not allowed"],
		[
			"an unknown key inside",
			{ image: { tagg: "1" } },
			"at '/image': additional properties 'tagg' not allowed",
		],
		["a mode", { mode: "sidecar" }, "at '/mode': value must be one of 'deployment', 'daemonset'"],
		["a text for a number", { replicaCount: "two" }, "at '/replicaCount': got string, want integer"],
		["a negative count", { replicaCount: -1 }, "at '/replicaCount': minimum: got -1, want 0"],
		["a port", { grpc: { port: 70000 } }, "at '/grpc/port': maximum"],
		["an address that is a name", { grpc: { address: "localhost" } }, "at '/grpc/address'"],
		["a digest", { image: { digest: "abc" } }, "at '/image/digest'"],
		["a tag with a line break", { image: { tag: "1\n2" } }, "at '/image/tag'"],
		["a pull policy", { image: { pullPolicy: "Sometimes" } }, "at '/image/pullPolicy'"],
		["a caller that is anybody", { callers: ["*"] }, "at '/callers/0': '*' does not match pattern"],
		[
			"a caller twice",
			{ callers: ["dns:a.test", "dns:a.test"] },
			"at '/callers': items at 0 and 1 are equal",
		],
		["a file outside its volume", { policy: { file: "../key" } }, "at '/policy/file'"],
		["a bundle that is no base64", { policy: { inline: "{}" } }, "at '/policy/inline'"],
		[
			"a bundle that no ConfigMap holds",
			{ policy: { inline: "A".repeat(700_004) } },
			"at '/policy/inline': maxLength",
		],
		["a socket for everybody", { daemonset: { socketMode: "0666" } }, "at '/daemonset/socketMode'"],
		["a relative folder of the node", { daemonset: { hostPath: "run" } }, "at '/daemonset/hostPath'"],
		[
			"an unknown key of postern.yaml",
			{ config: { serve: { max_inflight: 1 } } },
			"at '/config/serve': additional properties 'max_inflight'",
		],
		[
			"a key that the chart writes",
			{ config: { serve: { grpc: [] } } },
			"at '/config/serve': additional properties 'grpc' not allowed",
		],
		[
			"the bundle's place",
			{ config: { policy: { bundle: "x" } } },
			"at '/config/policy': additional properties 'bundle'",
		],
		[
			"a value of postern.yaml",
			{ config: { fields: { without_decision: "maybe" } } },
			"at '/config/fields/without_decision': value must be one of 'block', 'pass'",
		],
		[
			"an Istio context",
			{ istio: { targets: [{ name: "a", namespace: "b", context: "any" }] } },
			"at '/istio/targets/0/context'",
		],
		[
			"a target without namespace",
			{ istio: { targets: [{ name: "a", context: "sidecar" }] } },
			"missing property 'namespace'",
		],
		["a provider in capitals", { istio: { provider: "Postern" } }, "at '/istio/provider'"],
		["no time limit", { istio: { timeout: "" } }, "at '/istio/timeout'"],
		["a buffer in gigabytes", { envoyGateway: { bufferLimit: "1Gi" } }, "at '/envoyGateway/bufferLimit'"],
		["labels that are no texts", { podLabels: { a: 1 } }, "at '/podLabels/a': got number, want string"],
		[
			"an eviction policy",
			{ podDisruptionBudget: { unhealthyPodEvictionPolicy: "Never" } },
			"at '/podDisruptionBudget/unhealthyPodEvictionPolicy'",
		],
		[
			"a budget of 200 %",
			{ podDisruptionBudget: { maxUnavailable: "200%" } },
			"at '/podDisruptionBudget/maxUnavailable'",
		],
	])("%s", async (_, values, message) => {
		const error = await refusal(values);
		expect(error).toContain("don't meet the specifications of the schema");
		expect(error).toContain(message);
	});
});

describe("values that do not fit together are refused with what to do", () => {
	test.each<[string, object, string]>([
		["no TLS", { tls: {} }, "tls: give one source"],
		[
			"two sources of TLS",
			{ tls: { certManager: { enabled: true }, existingSecret: "x" } },
			"tls: give one source",
		],
		["nobody who may ask", { callers: [] }, "callers: name the certificates"],
		["a folder of the node that was not meant", { mode: "daemonset" }, "daemonset.allowHostPath"],
		[
			"two policies",
			{ policy: { inline: "AAAA", existingConfigMap: "x" } },
			"policy: inline, existingConfigMap and existingVolume exclude",
		],
		[
			"two configurations",
			{ existingConfigMap: "x", config: { log: { level: "warn" } } },
			"config would not be read",
		],
		[
			"a drain that is cut off",
			{ drainSeconds: 60 },
			"terminationGracePeriodSeconds: 45 is less than preStopSeconds + drainSeconds + 5 = 70",
		],
		[
			"two budgets",
			{ podDisruptionBudget: { minAvailable: 1, maxUnavailable: 1 } },
			"podDisruptionBudget: minAvailable and maxUnavailable exclude",
		],
		[
			"a scaling without room",
			{ autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } },
			"autoscaling: minReplicas is more",
		],
		[
			"a network policy that lets nobody in",
			{ networkPolicy: { enabled: true } },
			"networkPolicy.envoys: name who reaches",
		],
		[
			"a client elsewhere of an authority here",
			{ tls: { certManager: { enabled: true, clients: [{ name: "a", namespace: "b" }] } } },
			"tls.certManager.clients: the chart's own authority",
		],
		["Istio without targets", { istio: { enabled: true } }, "istio.targets: name what is guarded"],
		[
			"MUTUAL without certificates",
			{
				istio: {
					enabled: true,
					destinationRule: { mode: "MUTUAL" },
					targets: [{ name: "a", namespace: "b", context: "sidecar", selector: { app: "a" } }],
				},
			},
			"istio.destinationRule.tls: mode MUTUAL needs",
		],
		[
			"a waypoint by selector",
			{
				istio: {
					enabled: true,
					targets: [{ name: "a", namespace: "b", context: "waypoint", selector: { app: "a" } }],
				},
			},
			"a is a waypoint; name it by targetRefs",
		],
		[
			"a target that is everything",
			{ istio: { enabled: true, targets: [{ name: "a", namespace: "b", context: "sidecar" }] } },
			"a needs one of selector and targetRefs",
		],
		[
			"Envoy Gateway without a Gateway",
			{ envoyGateway: { enabled: true, namespace: "a" } },
			"envoyGateway.gateway is required",
		],
		[
			"Envoy Gateway without an authority",
			{ envoyGateway: { enabled: true, namespace: "a", gateway: "b", listeners: ["http"] } },
			"envoyGateway.backendTLSPolicy.caConfigMap",
		],
		[
			"a mesh that would have to reach a unix socket",
			{ mode: "daemonset", daemonset: { allowHostPath: true }, istio: { enabled: true } },
			"use mode deployment",
		],
	])("%s", async (_, values, message) => {
		expect(await refusal(values)).toContain(message);
	});

	test("the set that they are laid over is good", async () => {
		expect(await refusal({})).toBe("accepted");
	});
});
