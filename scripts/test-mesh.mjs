/**
 * `npm run test:mesh`: Envoy Gateway in host mode makes the real Envoy's configuration out of the policies that the chart
 * renders, and that Envoy is asked with Postern behind it: allow, deny, a changed header, a masked answer, and Postern
 * down. In a network of its own, for Envoy Gateway listens on every address. Needs Linux and root; skips loudly elsewhere.
 *
 * What differs from a cluster, and is not proved: Services are Backends, without TLS to Postern; and without an API server
 * Envoy Gateway leaves the kind out of the names of filters and clusters, so the patch's are changed to follow.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ENVOY } from "./setup/pins.mjs";
import { BIN, ROOT } from "./setup/places.mjs";
import { FOR_MESHES, setUpOrExit, withTools } from "./setup.mjs";

const EDGE = 18888;
const UPSTREAM = 18701;
const POSTERN = 19191;
const RELEASE = "t";
const NAME = "t-postern";

const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
const say = (text) => process.stdout.write(`[${seconds()}] ${text}\n`);

function skip(why) {
	process.stdout.write(`\nSKIPPED, NOTHING WAS TESTED: ${why}\n\n0 passed, 0 failed, 1 skipped\n`);
	process.exit(0);
}

const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "headers": {"x-added": "yes"}} if input.parsed_path == ["open"]

allow := {"allowed": true, "response": {"release": ["$.id"]}} if input.parsed_path == ["masked"]
`;

const VALUES = `tls: {existingSecret: postern-tls}
callers: [dns:edge.internal.example]
admin: {existingSecret: postern-admin}
envoyGateway:
  enabled: true
  namespace: default
  gateway: edge
  listeners: [http]
  envoyProxy: {enabled: false}
  backendTLSPolicy: {caConfigMap: authority}
`;

const backend = (name, port, more = {}) => ({
	apiVersion: "gateway.envoyproxy.io/v1alpha1",
	kind: "Backend",
	metadata: { name, namespace: "default" },
	spec: { endpoints: [{ ip: { address: "127.0.0.1", port } }], ...more },
});
const reference = (name) => ({ group: "gateway.envoyproxy.io", kind: "Backend", name });

/** What the cluster around the chart would hold. */
const AROUND = [
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "GatewayClass",
		metadata: { name: "eg" },
		spec: {
			controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
			parametersRef: {
				group: "gateway.envoyproxy.io",
				kind: "EnvoyProxy",
				name: "host",
				namespace: "default",
			},
		},
	},
	{
		apiVersion: "gateway.envoyproxy.io/v1alpha1",
		kind: "EnvoyProxy",
		metadata: { name: "host", namespace: "default" },
		spec: { provider: { type: "Host", host: { envoyVersion: ENVOY.version } } },
	},
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "Gateway",
		metadata: { name: "edge", namespace: "default" },
		spec: { gatewayClassName: "eg", listeners: [{ name: "http", protocol: "HTTP", port: EDGE }] },
	},
	{
		apiVersion: "gateway.networking.k8s.io/v1",
		kind: "HTTPRoute",
		metadata: { name: "app", namespace: "default" },
		spec: {
			parentRefs: [{ name: "edge" }],
			rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [reference("app")] }],
		},
	},
	backend("app", UPSTREAM),
	backend(NAME, POSTERN, { appProtocols: ["gateway.envoyproxy.io/h2c"] }),
];

/** The rendered policies as a control plane without an API server takes them. */
function resources(folder) {
	const { parseAllDocuments } = createRequire(join(ROOT, "package.json"))("yaml");
	const values = join(folder, "values.yaml");
	writeFileSync(values, VALUES);
	const chart = join(ROOT, "deploy", "helm", "postern");
	const args = ["template", RELEASE, chart, "-f", values, "--show-only", "templates/envoy-gateway.yaml"];
	const rendered = must(join(BIN, "helm"), args);
	const own = parseAllDocuments(rendered)
		.map((document) => document.toJS())
		.filter((each) => each !== null && each.kind !== "BackendTLSPolicy");
	const text = JSON.stringify(own, (key, value) =>
		key === "backendRefs" ? value.map(({ name }) => reference(name)) : value,
	)
		.replaceAll("ext_authz/securitypolicy/", "ext_authz//")
		.replaceAll("ext_proc/envoyextensionpolicy/", "ext_proc//")
		.replaceAll('"envoyextensionpolicy/', '"/');
	return [...AROUND, ...JSON.parse(text)].map((each) => JSON.stringify(each)).join("\n---\n");
}

function must(program, args, options = {}) {
	const result = spawnSync(program, args, { encoding: "utf8", ...options });
	if (result.status !== 0)
		throw new Error(`${program} ${args[0]}: ${result.stderr || result.stdout || result.error}`);
	return result.stdout;
}

const children = [];
function start(program, args, folder, log, env = process.env) {
	const output = openSync(join(folder, log), "w");
	const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", output, output] });
	children.push(child);
	return child;
}

async function stop(child) {
	if (child.exitCode !== null) return;
	const ended = new Promise((resolve) => child.on("close", resolve));
	child.kill("SIGTERM");
	await Promise.race([ended, sleep(10_000).then(() => child.kill("SIGKILL"))]);
}

async function ask(path) {
	const response = await fetch(`http://127.0.0.1:${EDGE}${path}`, { signal: AbortSignal.timeout(5000) });
	return { status: response.status, body: await response.text() };
}

/** Waits until an answer is as it must be; what came last otherwise. */
async function until(path, good) {
	let last = {};
	for (let waited = 0; waited < 120; waited++) {
		last = await ask(path).catch((error) => ({ error: String(error.cause ?? error) }));
		if (good(last)) return last;
		await sleep(500);
	}
	return last;
}

const results = [];
function verdict(name, good, seen) {
	results.push(good);
	say(`${good ? "ok   " : "FAIL "} ${name}${good ? "" : `: ${JSON.stringify(seen)}`}`);
}

async function envoyGateway(folder, bin) {
	const paths = { configHome: "config", dataHome: "data", stateHome: "state", runtimeDir: "run" };
	const host = Object.fromEntries(
		Object.entries(paths).map(([key, name]) => [key, join(folder, "host", name)]),
	);
	const binary = join(host.dataHome, "envoy-versions", ENVOY.version, "bin");
	mkdirSync(binary, { recursive: true });
	cpSync(join(bin, "envoy"), join(binary, "envoy"), { dereference: true });
	mkdirSync(join(folder, "resources"));
	writeFileSync(join(folder, "resources", "all.yaml"), resources(folder));
	const config = {
		apiVersion: "gateway.envoyproxy.io/v1alpha1",
		kind: "EnvoyGateway",
		gateway: { controllerName: "gateway.envoyproxy.io/gatewayclass-controller" },
		provider: {
			type: "Custom",
			custom: {
				resource: { type: "File", file: { paths: [join(folder, "resources")] } },
				infrastructure: { type: "Host", host },
			},
		},
		extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: true },
	};
	writeFileSync(join(folder, "gateway.yaml"), JSON.stringify(config));
	const env = { ...process.env, HOME: folder };
	must(join(bin, "envoy-gateway"), ["certgen", "--local", "--config-home", host.configHome], { env });
	return start(
		join(bin, "envoy-gateway"),
		["server", "--config-path", "gateway.yaml"],
		folder,
		"gateway.log",
		env,
	);
}

async function inside() {
	must("ip", ["link", "set", "lo", "up"]);
	const bin = BIN;
	const folder = mkdtempSync(join(tmpdir(), "postern-mesh-"));
	const upstream = createServer((request, response) => {
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify({ id: 7, notes: "secret", added: request.headers["x-added"] ?? null }));
	}).listen(UPSTREAM, "127.0.0.1");
	try {
		mkdirSync(join(folder, "policy"));
		writeFileSync(join(folder, "policy", "policy.rego"), POLICY);
		const env = withTools(bin);
		const node = join(bin, "node");
		const postern = join(ROOT, "bin", "postern");
		must(node, [postern, "build", "policy", "-o", "bundle.tar.gz"], { cwd: folder, env });
		writeFileSync(
			join(folder, "postern.yaml"),
			`serve: {grpc: ["127.0.0.1:${POSTERN}"], trust_loopback: true, admin: "off", drain_seconds: 1}\npolicy: {bundle: bundle.tar.gz}\naudit: {sink: audit.jsonl}\n`,
		);
		const served = start(node, [postern, "serve", "--config", "postern.yaml"], folder, "postern.log", env);
		const gateway = await envoyGateway(folder, bin);
		const open = await until("/open", ({ status }) => status === 200);
		verdict("an allowed call passes", open.status === 200, open);
		verdict("with the header that the decision adds", open.body?.includes('"added":"yes"'), open);
		const masked = await ask("/masked");
		verdict("an answer is masked", masked.status === 200 && masked.body === '{"id":7}', masked);
		const denied = await ask("/other");
		verdict("a denied call is 403", denied.status === 403 && denied.body === "", denied);
		const log = () => readFileSync(join(folder, "gateway.log"), "utf8");
		verdict(
			"the patch applies",
			!log().includes("Failed to process JSON patches"),
			log().match(/^.*JSON patches.*$/m),
		);
		await stop(served);
		for (const path of ["/open", "/masked"]) {
			const down = await ask(path);
			// 503 is ext_authz's own; 502 would be ext_proc's, and show that its matcher is not there.
			verdict(`with Postern down ${path} is 503`, down.status === 503 && !down.body.includes("secret"), down);
		}
		await stop(gateway);
	} finally {
		for (const child of children) await stop(child);
		upstream.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

const INSIDE = "--inside";
if (process.argv.includes(INSIDE)) {
	try {
		await inside();
	} catch (error) {
		results.push(false);
		process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	}
	const failed = results.filter((good) => !good).length;
	process.stdout.write(`\n${results.length - failed} passed, ${failed} failed\n`);
	process.exit(failed === 0 && results.length > 0 ? 0 : 1);
} else {
	if (process.platform !== "linux") skip("not Linux");
	if (spawnSync("unshare", ["--net", "true"]).status !== 0)
		skip("no right to a network of its own (unshare --net)");
	const { node } = await setUpOrExit(FOR_MESHES);
	say("set-up done");
	const { status } = spawnSync("unshare", ["--net", node, join(ROOT, "scripts", "test-mesh.mjs"), INSIDE], {
		stdio: "inherit",
	});
	process.stdout.write(`in all ${seconds()}\n`);
	process.exit(status ?? 1);
}
