import { jsonSchema } from "../../src/config/leaves.ts";
import { readValues, type ValueEntry } from "./values-file.ts";

type Schema = { readonly [key: string]: unknown };

const text = (pattern?: string, more: Schema = {}): Schema => ({
	type: "string",
	...(pattern === undefined ? {} : { pattern }),
	...more,
});
const choice = (...values: readonly (string | null)[]): Schema => ({ enum: values });
const list = (items: Schema, more: Schema = {}): Schema => ({ type: "array", items, ...more });
const integer = (minimum: number, maximum?: number): Schema => ({
	type: "integer",
	minimum,
	...(maximum === undefined ? {} : { maximum }),
});
const strict = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
	type: "object",
	additionalProperties: false,
	properties,
	...(required.length === 0 ? {} : { required }),
});
const object: Schema = { type: "object" };
const texts: Schema = { type: "object", additionalProperties: { type: "string" } };
const port = integer(1, 65_535);
const countOrPercent: Schema = {
	anyOf: [integer(0), text("^(100|[1-9]?[0-9])%$"), { type: "null" }],
};
/** A path inside a volume: no way out of it. */
const fileName = text("^[A-Za-z0-9][A-Za-z0-9._-]*$");
const label = text("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$");
const dnsName = "[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*";
const seconds = text("^[0-9]+(\\.[0-9]+)?s$");
const goDuration = text("^([0-9]+(h|m|s|ms))+$");
const image = "^[a-z0-9]+([._/-]+[a-z0-9]+)*$";
const reference = strict({ name: text(), kind: text(), group: text(), namespace: text() }, ["name"]);

/** Keys of `postern.yaml` that the chart writes by itself. */
const OWN: Readonly<Record<string, readonly string[]>> = {
	serve: ["grpc", "admin", "admin_auth", "tls", "callers", "workers", "drain_seconds", "socket_mode"],
	policy: ["bundle"],
	fields: ["hash_key_file"],
};

/** What the defaults do not show. */
const KNOWN: Readonly<Record<string, Schema>> = {
	commonLabels: texts,
	commonAnnotations: texts,
	podLabels: texts,
	podAnnotations: texts,
	nodeSelector: texts,
	"serviceAccount.annotations": texts,
	"service.annotations": texts,
	"service.labels": texts,
	"serviceMonitor.additionalLabels": texts,
	"prometheusRule.additionalLabels": texts,
	"prometheusRule.alertLabels": texts,
	"grafanaDashboard.labels": texts,
	"grafanaDashboard.annotations": texts,
	clusterDomain: text(`^${dnsName}$`),
	mode: choice("deployment", "daemonset"),
	"image.repository": text(image),
	"image.digest": text("^(sha256:[0-9a-f]{64})?$"),
	"image.tag": text("^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$"),
	"image.pullPolicy": choice("Always", "IfNotPresent", "Never"),
	imagePullSecrets: list(strict({ name: text() }, ["name"])),
	"global.imagePullSecrets": list(strict({ name: text() }, ["name"])),
	replicaCount: integer(0),
	revisionHistoryLimit: integer(0),
	minReadySeconds: integer(0),
	hostUsers: { type: ["boolean", "null"] },
	tolerations: list(object),
	topologySpreadConstraints: list(object),
	drainSeconds: integer(0, 3600),
	preStopSeconds: integer(0, 600),
	terminationGracePeriodSeconds: integer(1),
	"autoscaling.minReplicas": integer(1),
	"autoscaling.maxReplicas": integer(1),
	"autoscaling.targetCPUUtilizationPercentage": integer(1, 100),
	"autoscaling.metrics": list(object),
	"podDisruptionBudget.minAvailable": countOrPercent,
	"podDisruptionBudget.maxUnavailable": countOrPercent,
	"podDisruptionBudget.unhealthyPodEvictionPolicy": choice("AlwaysAllow", "IfHealthyBudget"),
	"grpc.port": port,
	"grpc.address": text("^([0-9.]+|\\[[0-9A-Fa-f:.]+\\])$"),
	"service.type": choice("ClusterIP", "NodePort", "LoadBalancer"),
	"service.ipFamilyPolicy": choice("", "SingleStack", "PreferDualStack", "RequireDualStack"),
	"service.ipFamilies": list(choice("IPv4", "IPv6")),
	"service.trafficDistribution": choice("", "PreferClose", "PreferSameZone", "PreferSameNode"),
	callers: list(text(`^(spiffe://[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*|dns:${dnsName})$`), {
		uniqueItems: true,
	}),
	"tls.files.certificate": fileName,
	"tls.files.key": fileName,
	"tls.files.clientCa": fileName,
	"tls.certManager.issuerRef": { anyOf: [strict({}), reference] },
	"tls.certManager.duration": goDuration,
	"tls.certManager.renewBefore": goDuration,
	"tls.certManager.dnsNames": list(text()),
	"tls.certManager.clients": list(
		strict({ name: text(), namespace: text(), uris: list(text("^spiffe://")), dnsNames: list(text()) }, [
			"name",
		]),
	),
	"admin.port": port,
	"policy.inline": text("^[A-Za-z0-9+/\\s]*={0,2}\\s*$", { maxLength: 700_000 }),
	"policy.file": fileName,
	config: config(),
	workers: integer(0, 256),
	"daemonset.hostPath": text("^/[^/].*$"),
	"daemonset.socketMode": text("^0?[0-7]{2}[0145]$"),
	"networkPolicy.envoys": list(object),
	"networkPolicy.prometheus": list(object),
	"networkPolicy.egress": list(object),
	"serviceMonitor.interval": goDuration,
	"serviceMonitor.scrapeTimeout": goDuration,
	"serviceMonitor.relabelings": list(object),
	"serviceMonitor.metricRelabelings": list(object),
	"prometheusRule.disabled": list(text()),
	"prometheusRule.additionalGroups": list(object),
	"istio.provider": label,
	"istio.targets": list(
		strict(
			{
				name: label,
				namespace: label,
				context: choice("sidecar", "gateway", "waypoint"),
				selector: texts,
				targetRefs: list(strict({ group: text(), kind: text(), name: text() }, ["kind", "name"])),
			},
			["name", "namespace", "context"],
		),
	),
	"istio.timeout": seconds,
	"istio.messageTimeout": seconds,
	"istio.maxRequestBytes": integer(0, 64 * 1024 * 1024),
	"istio.destinationRule.mode": choice("ISTIO_MUTUAL", "MUTUAL"),
	"istio.destinationRule.tls": strict({
		credentialName: text(),
		clientCertificate: text(),
		privateKey: text(),
		caCertificates: text(),
	}),
	"envoyGateway.listeners": list(label),
	"envoyGateway.timeout": goDuration,
	"envoyGateway.messageTimeout": goDuration,
	"envoyGateway.bufferLimit": text("^[0-9]+(Ki|Mi)?$"),
	"envoyGateway.envoyProxy.clientCertificateRef": {
		anyOf: [strict({}), strict({ name: text(), namespace: text() }, ["name"])],
	},
	"tests.calls": list(object),
	extraEnv: list(object),
	extraEnvFrom: list(object),
	extraArgs: list(text()),
	extraVolumes: list(object),
	extraVolumeMounts: list(object),
	extraInitContainers: list(object),
	extraContainers: list(object),
	extraObjects: list({ type: ["object", "string"] }),
};

/** The schema of `postern.yaml` without those keys. */
function config(): Schema {
	const { properties } = jsonSchema() as { readonly properties: Readonly<Record<string, Schema>> };
	return strict(
		Object.fromEntries(
			Object.entries(properties).map(([name, section]) => [name, without(section, OWN[name] ?? [])]),
		),
	);
}

function without(section: Schema, keys: readonly string[]): Schema {
	const {
		properties,
		required,
		default: _,
		...rest
	} = section as {
		readonly properties?: Readonly<Record<string, Schema>>;
		readonly required?: readonly string[];
		readonly default?: unknown;
	};
	if (properties === undefined) return section;
	const left = (required ?? []).filter(
		(key) => !keys.includes(key) && properties[key]?.["default"] === undefined,
	);
	return {
		...rest,
		properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key))),
		...(left.length === 0 ? {} : { required: left }),
	};
}

/** `values.schema.json`: strict, made from `values.yaml` and the table above. */
export function valuesSchema(): Schema {
	const entries = readValues();
	const stale = Object.keys(KNOWN).filter((key) => !entries.some((entry) => entry.key === key));
	if (stale.length > 0) throw new Error(`values.yaml has no ${stale.join(", ")}`);
	return {
		$schema: "https://json-schema.org/draft/2020-12/schema",
		title: "Values of the chart postern",
		...section("", entries),
	};
}

function section(prefix: string, entries: readonly ValueEntry[]): Schema {
	const own = entries.filter(({ key }) => key.startsWith(prefix) && !key.slice(prefix.length).includes("."));
	return strict(
		Object.fromEntries(
			own.map((entry) => {
				const described = entry.description === "" ? {} : { description: entry.description };
				return [entry.key.slice(prefix.length), { ...described, ...schemaOf(entry, entries) }];
			}),
		),
	);
}

function schemaOf(entry: ValueEntry, entries: readonly ValueEntry[]): Schema {
	if (entry.isSection) return section(`${entry.key}.`, entries);
	const known = KNOWN[entry.key];
	if (known !== undefined) return known;
	if (typeof entry.value === "string") return { type: "string" };
	if (typeof entry.value === "boolean") return { type: "boolean" };
	if (typeof entry.value === "object" && entry.value !== null && !Array.isArray(entry.value)) return object;
	throw new Error(`values-schema.ts says nothing about ${entry.key}`);
}
