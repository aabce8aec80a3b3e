import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCertificates } from "../support/envoy/certificates.ts";
import { callHttp1, callHttp2, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { underLoad } from "../support/envoy/load.ts";
import { patient } from "../support/envoy/patient.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { answerBytes, startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { times } from "../support/test-size.ts";
import { TRANSPORTS } from "../support/transports.ts";

const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "response": {"release": ["$.id"]}} if {
	startswith(input.attributes.request.http.path, "/records")
}
`;
const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const MASKED = '{"id":7}';
const GOOD = [`/records 200 ${MASKED}`, "/refused 403"];
const CALLERS = 4;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
type Replica = Awaited<ReturnType<typeof startPosternProcess>>;

describe.each(TRANSPORTS)("two replicas behind Envoy, over %s", (transport) => {
	let replicas: Replica[] = [];
	let upstream: Upstream;
	let envoy: EnvoyProcess;

	beforeAll(async () => {
		const start = () => startPosternProcess(POLICY, { drainSeconds: 20, transport });
		replicas = await Promise.all([start(), start()]);
		upstream = await startUpstream();
		upstream.reply("/records", whole({ body: BODY }));
		upstream.reply("/records/slow", (socket) => {
			const bytes = answerBytes({ body: BODY });
			socket.write(bytes.subarray(0, bytes.length - 10));
			setTimeout(() => socket.write(bytes.subarray(bytes.length - 10)), 3000);
		});
		upstream.reply("/refused", whole({ body: BODY }));
		envoy = await startEnvoy({
			postern: replicas[0]?.address ?? "",
			upstream: upstream.address,
			certificates: await createCertificates(),
			change: (config) => {
				patient(config);
				const cluster = config.static_resources.clusters.find((each: EnvoyConfig) => each.name === "postern");
				cluster.load_assignment.endpoints[0].lb_endpoints = replicas.map(({ folder }) => ({
					endpoint: { address: { pipe: { path: `${folder}/postern.sock` } } },
				}));
			},
		});
		for (let warm = 0; warm < 20; warm++) await callHttp1(envoy.port, { path: "/records" });
	}, 60_000);
	afterAll(async () => {
		for (const replica of replicas) replica.kill("SIGKILL");
		await envoy.stop();
		await upstream.close();
	}, 30_000);

	async function restart(at: number, signal: "SIGTERM" | "SIGKILL"): Promise<number | string> {
		const replica = replicas[at] as Replica;
		replica.kill(signal);
		const ended = await replica.ended;
		replicas[at] = await startPosternProcess(POLICY, { drainSeconds: 20, transport, folder: replica.folder });
		return ended;
	}

	test("restarts in turn under load: no call fails, no body goes out unmasked", async () => {
		// Five in all.
		const rounds = times(transport === "lane" ? 3 : 2, 50);
		const ends: (number | string)[] = [];
		const { outcomes, calls, leaked } = await underLoad(
			envoy.port,
			["/records", "/refused"],
			CALLERS,
			async () => {
				for (let round = 0; round < rounds; round++) {
					ends.push(await restart(round % 2, "SIGTERM"));
					// As a roll-out waits until the new one has proved itself.
					await pause(300);
				}
			},
		);
		process.stdout.write(
			`${rounds} restarts under load over ${transport}: ${calls} calls, ${JSON.stringify(outcomes)}, ${leaked} unmasked\n`,
		);
		expect(leaked).toBe(0);
		expect(Object.keys(outcomes).sort()).toEqual(GOOD);
		expect(ends).toEqual(Array(rounds).fill(0));
	}, 300_000);

	test("killed under load: no more calls fail than were under way, and none is allowed that is not", async () => {
		const rounds = times(2, 20);
		const { outcomes, calls, leaked } = await underLoad(
			envoy.port,
			["/records", "/refused"],
			CALLERS,
			async () => {
				for (let round = 0; round < rounds; round++) await restart(round % 2, "SIGKILL");
			},
		);
		const failed = Object.entries(outcomes).filter(([outcome]) => !GOOD.includes(outcome));
		process.stdout.write(
			`${rounds} kills under load over ${transport}: ${calls} calls, failed ${JSON.stringify(failed)}\n`,
		);
		expect(leaked).toBe(0);
		expect(Object.keys(outcomes).filter((each) => each.startsWith("/refused 2"))).toEqual([]);
		for (const [outcome] of failed) expect(outcome).toMatch(/^\/\w+ 50[0234]$/);
		expect(failed.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(rounds * CALLERS);
	}, 200_000);

	test.each([
		["HTTP/1.1", callHttp1],
		["HTTP/2", callHttp2],
	] as const)(
		"a second SIGTERM hurries: the body under way ends as an error, unmasked in no byte (%s)",
		async (_name, call) => {
			const [one, two] = replicas as [Replica, Replica];
			// One replica alone, so that it is known which of them has the body.
			two.kill("SIGTERM");
			await two.ended;
			const answer = call(envoy.port, { path: "/records/slow" });
			await pause(500);
			one.kill("SIGTERM");
			await pause(500);
			const hurried = performance.now();
			one.kill("SIGTERM");
			expect(await answer).toMatchObject({ status: 502, complete: true, leaked: 0 });
			expect([0, 143]).toContain(await one.ended);
			expect(performance.now() - hurried).toBeLessThan(10_000);
			replicas = await Promise.all(
				[one, two].map(({ folder }) => startPosternProcess(POLICY, { drainSeconds: 20, transport, folder })),
			);
			expect(await call(envoy.port, { path: "/records" })).toMatchObject({ status: 200, body: MASKED });
		},
		30_000,
	);
});
