/**
 * Certificates of OpenBao's PKI, renewed on both sides under load through the real Envoy: `openbao-rotation.ts [ROUNDS]`.
 * Ends with 1 when a call failed or a body went out unmasked.
 */
import process from "node:process";
import { createCertificates } from "../support/envoy/certificates.ts";
import { callHttp1, SECRET } from "../support/envoy/client.ts";
import { startEnvoy } from "../support/envoy/envoy-process.ts";
import { freePorts } from "../support/envoy/free-ports.ts";
import { underLoad } from "../support/envoy/load.ts";
import { envoySecrets } from "../support/envoy/mutual-tls.ts";
import { patient } from "../support/envoy/patient.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { startUpstream, whole } from "../support/envoy/upstream.ts";
import { startOpenBao } from "../support/openbao.ts";
import { createTlsFolder } from "../support/tls-app.ts";
import { until } from "../support/until.ts";

const ROUNDS = Number(process.argv[2] ?? "60");
const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "response": {"release": ["$.id"]}} if input.attributes.request.http.path == "/records"
`;
const SERVER = { common_name: "postern" };
const CLIENT = { common_name: "", uri_sans: "spiffe://mesh/ns/edge/sa/envoy" };

const bao = await startOpenBao();
const upstream = await startUpstream();
upstream.reply("/records", whole({ body: `{"id":7,"ssn":"${SECRET}"}` }));
const files = createTlsFolder(await bao.issue("server", SERVER), bao.authority, ["spiffe://mesh/ns/edge/*"]);
const secrets = envoySecrets(files.folder, await bao.issue("client", CLIENT), bao.authority);
const [port = 0] = await freePorts(1);
const postern = await startPosternProcess(POLICY, {
	drainSeconds: 5,
	address: `0.0.0.0:${port}`,
	serve: files.serve,
});
const envoy = await startEnvoy({
	postern: `127.0.0.1:${port}`,
	upstream: upstream.address,
	certificates: await createCertificates(),
	change: (config) => {
		patient(config);
		secrets.change(config);
	},
});
let good = false;
try {
	await until(async () => (await callHttp1(envoy.port, { path: "/records" })).status === 200);
	const { outcomes, calls, leaked } = await underLoad(envoy.port, ["/records"], 4, async () => {
		for (let round = 0; round < ROUNDS; round++) {
			files.putPair(await bao.issue("server", SERVER));
			if (round % 2 === 1) secrets.put(await bao.issue("client", CLIENT), bao.authority);
			await new Promise((resolve) => setTimeout(resolve, 1000));
		}
	});
	const renewed = postern.told().split("certificate renewed").length - 1;
	good = leaked === 0 && renewed > 0 && Object.keys(outcomes).join() === '/records 200 {"id":7}';
	process.stdout.write(
		`${ROUNDS} certificates of OpenBao under load, ${renewed} taken: ${calls} calls, ${JSON.stringify(outcomes)}, ${leaked} unmasked marks\n`,
	);
} finally {
	postern.kill("SIGKILL");
	await envoy.stop();
	await upstream.close();
	await bao.stop();
}
process.exit(good ? 0 : 1);
