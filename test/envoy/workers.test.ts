import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { blocksOf } from "../support/doc-blocks.ts";
import { createCertificates } from "../support/envoy/certificates.ts";
import { type ClientAnswer, callHttp1, SECRET } from "../support/envoy/client.ts";
import { type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { until } from "../support/until.ts";
import { type Fleet, metric, startFleet } from "../support/worker-fleet.ts";

const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "response": {"release": ["$.id"]}} if {
	startswith(input.attributes.request.http.path, "/records/")
}

allow := {"allowed": true} if {
	startswith(input.attributes.request.http.path, "/hang/")
	count([1 | some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); i * j == 0 - 1]) > 0
}
`;

let fleet: Fleet;
let upstream: Upstream;
let envoy: EnvoyProcess;
const seen: ClientAnswer[] = [];

beforeAll(async () => {
	upstream = await startUpstream();
	upstream.reply("/records/1", whole({ body: BODY }));
	upstream.reply("/hang/1", whole({ body: BODY }));
	fleet = await startFleet({ policy: POLICY });
	const guide = blocksOf("docs/guides/operate.md").find(({ words }) => words.includes("cluster"))?.text ?? "";
	envoy = await startEnvoy({
		postern: `unix://${fleet.folder}/p-1.sock`,
		upstream: upstream.address,
		certificates: await createCertificates(),
		change(config) {
			const cluster = config.static_resources.clusters.find(
				({ name }: { name: string }) => name === "postern",
			);
			cluster.load_assignment = parse(
				guide.replaceAll("/run/postern/postern", join(fleet.folder, "p")),
			).load_assignment;
		},
	});
}, 60_000);
afterAll(async () => {
	await envoy?.stop();
	await upstream?.close();
	await fleet?.clear();
	expect(seen.reduce((sum, { leaked }) => sum + leaked, 0)).toBe(0);
});

async function get(path: string): Promise<ClientAnswer> {
	const answer = await callHttp1(envoy.port, { path });
	seen.push(answer);
	return answer;
}

test("Envoy spreads calls over the endpoints of all workers, and any of them masks what another one decided", async () => {
	let good = 0;
	for (let times = 0; times < 200 && good < 40; times++) {
		const { status, body } = await get("/records/1");
		// On a busy machine Envoy may wait in vain for one.
		expect(`${status} ${body}`).toMatch(/^(?:200 \{"id":7\}|503 )$/);
		if (status === 200) good++;
	}
	expect(good).toBe(40);
	const { text } = await fleet.admin("/metrics");
	expect(metric(text, 'postern_checks_total{verdict="allow",reason="allowed"}')).toBeGreaterThanOrEqual(40);
	const used = await envoy.stats("cluster.postern.membership_healthy");
	expect(used).toContain("membership_healthy: 2");
	for (const worker of [1, 2]) expect((await connections(worker)) > 0).toBe(true);
});

test("a worker that hangs fails what it was doing; everything else is answered, masked, while it is replaced", async () => {
	const hung = get("/hang/1");
	const began = Date.now();
	const outcomes: string[] = [];
	while (Date.now() - began < 4000) {
		const { status, body } = await get("/records/1");
		outcomes.push(`${status} ${status === 200 ? body : ""}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	expect((await hung).status).toBeGreaterThanOrEqual(500);
	// Calls that Envoy had given to the worker that hung fail; none passes unmasked.
	for (const outcome of outcomes) expect(outcome).toMatch(/^(?:200 \{"id":7\}|50[0-9] )$/);
	await until(async () => (await fleet.workers()).every(({ state }) => state === "ready"));
	const restarts = (await fleet.workers()).reduce((sum, worker) => sum + worker.restarts, 0);
	// Envoy repeats what is late. A machine that is very busy gives the word of the hang its turn after that.
	expect(restarts).toBeGreaterThanOrEqual(1);
	expect(restarts).toBeLessThanOrEqual(2);
	expect((await get("/hang/1")).status).toBe(503);
	const { text } = await fleet.admin("/metrics");
	expect(text).toMatch(/^postern_checks_total\{verdict="deny",reason="poison"\} [1-9]/m);
	expect((await fleet.workers()).reduce((sum, worker) => sum + worker.restarts, 0)).toBe(restarts);
	await until(async () => (await get("/records/1")).status === 200);
}, 60_000);

async function connections(worker: number): Promise<number> {
	const { text } = await fleet.admin("/metrics");
	return Number(new RegExp(`^postern_lane_connections\\{worker="${worker}"\\} (\\d+)$`, "m").exec(text)?.[1]);
}
