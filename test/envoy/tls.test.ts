import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCertificates, type KeyPair } from "../support/envoy/certificates.ts";
import { callHttp1, callHttp2, SECRET } from "../support/envoy/client.ts";
import { type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { freePorts } from "../support/envoy/free-ports.ts";
import { underLoad } from "../support/envoy/load.ts";
import { type EnvoySecrets, envoySecrets } from "../support/envoy/mutual-tls.ts";
import { patient } from "../support/envoy/patient.ts";
import { type PosternProcess, startPosternProcess } from "../support/envoy/postern-process.ts";
import { startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { times } from "../support/test-size.ts";
import { createTlsFolder, type TlsFolder } from "../support/tls-app.ts";
import { createAuthority, type TestAuthority } from "../support/tls-authority.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "response": {"release": ["$.id"]}} if input.attributes.request.http.path == "/records"
`;
const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const MASKED = '{"id":7}';
const ENVOY = { uris: ["spiffe://mesh/ns/edge/sa/envoy"] };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(TRANSPORTS)("mutual TLS over %s", (transport) => {
	let clients: TestAuthority;
	let servers: TestAuthority;
	let pair: KeyPair;
	let files: TlsFolder;
	let secrets: EnvoySecrets;
	let postern: PosternProcess;
	let upstream: Upstream;
	let envoy: EnvoyProcess;

	beforeAll(async () => {
		servers = await createAuthority("servers");
		clients = await createAuthority("clients");
		pair = await clients.issue(ENVOY);
		files = createTlsFolder(await servers.issue({ dns: ["postern"] }), clients.pem, [
			"spiffe://mesh/ns/edge/*",
		]);
		secrets = envoySecrets(files.folder, pair, servers.pem);
		const [port = 0] = await freePorts(1);
		postern = await startPosternProcess(POLICY, {
			drainSeconds: 5,
			transport,
			address: `0.0.0.0:${port}`,
			serve: files.serve,
		});
		upstream = await startUpstream();
		upstream.reply("/records", whole({ body: BODY }));
		envoy = await startEnvoy({
			postern: `127.0.0.1:${port}`,
			upstream: upstream.address,
			certificates: await createCertificates(),
			change: (config) => {
				patient(config);
				secrets.change(config);
			},
		});
		await until(async () => (await callHttp1(envoy.port, { path: "/records" })).status === 200);
	}, 60_000);
	afterAll(async () => {
		postern.kill("SIGKILL");
		await envoy.stop();
		await upstream.close();
	}, 30_000);

	test("access and fields are decided for an Envoy that is listed", async () => {
		for (const call of [callHttp1, callHttp2]) {
			expect(await call(envoy.port, { path: "/records" })).toMatchObject({ status: 200, body: MASKED });
			expect(await call(envoy.port, { path: "/other" })).toMatchObject({ status: 403 });
		}
	});

	test("certificates renewed on both sides under load: no call fails", async () => {
		const rounds = times(4, 60);
		const { outcomes, calls, leaked } = await underLoad(envoy.port, ["/records"], 4, async () => {
			for (let round = 0; round < rounds; round++) {
				files.putPair(await servers.issue({ dns: ["postern"] }));
				if (round % 2 === 1) secrets.put(await clients.issue(ENVOY), servers.pem);
				await pause(times(400, 1000));
			}
		});
		process.stdout.write(
			`${rounds} renewals under load over ${transport}: ${calls} calls, ${JSON.stringify(outcomes)}\n`,
		);
		expect(postern.told()).toContain("certificate renewed");
		expect(leaked).toBe(0);
		expect(Object.keys(outcomes)).toEqual([`/records 200 ${MASKED}`]);
	}, 120_000);

	test("bad files under load change nothing", async () => {
		const good = await servers.issue({ dns: ["postern"] });
		const { outcomes } = await underLoad(envoy.port, ["/records"], 4, async () => {
			files.putPair({ certificate: good.certificate.slice(0, 300), key: good.key });
			await pause(1200);
			files.putPair({ certificate: good.certificate, key: pair.key });
			await pause(1200);
			files.putPair(good);
			await pause(300);
		});
		expect(postern.told()).toContain("ends in the middle of a certificate");
		expect(postern.told()).toContain("is not the certificate's");
		expect(Object.keys(outcomes)).toEqual([`/records 200 ${MASKED}`]);
	}, 30_000);

	test("authorities replaced under load, the old ones beside the new for a while: no call fails", async () => {
		const next = await createAuthority("next clients");
		const { outcomes, leaked } = await underLoad(envoy.port, ["/records"], 4, async () => {
			files.putAuthorities(clients.pem + next.pem);
			await pause(800);
			secrets.put(await next.issue(ENVOY), servers.pem);
			await pause(800);
			files.putAuthorities(next.pem);
			await pause(1000);
		});
		expect(leaked).toBe(0);
		expect(Object.keys(outcomes)).toEqual([`/records 200 ${MASKED}`]);
	}, 30_000);

	test("an Envoy whose name is not listed gets nothing through, masked or not", async () => {
		const { key, certificate } = await (await createAuthority("x")).issue(ENVOY);
		secrets.put({ key, certificate }, servers.pem);
		files.putAuthorities(clients.pem);
		await until(async () => (await callHttp1(envoy.port, { path: "/records" })).status === 503);
		const before = upstream.seen.length;
		expect(await callHttp1(envoy.port, { path: "/records" })).toMatchObject({ status: 503, leaked: 0 });
		secrets.put(await clients.issue({ uris: ["spiffe://mesh/ns/other/sa/envoy"] }), servers.pem);
		await until(async () => {
			expect(await callHttp1(envoy.port, { path: "/records" })).toMatchObject({ status: 503, leaked: 0 });
			return postern.told().includes('"reason":"caller"');
		});
		expect(await callHttp1(envoy.port, { path: "/records" })).toMatchObject({ status: 503, leaked: 0 });
		expect(upstream.seen.length).toBe(before);
		secrets.put(await clients.issue(ENVOY), servers.pem);
		await until(async () => (await callHttp1(envoy.port, { path: "/records" })).status === 200);
	}, 40_000);
});
