import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCertificates } from "../support/envoy/certificates.ts";
import { type ClientAnswer, callHttp1, callHttp2, SECRET } from "../support/envoy/client.ts";
import { type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { answerBytes, startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { TRANSPORTS } from "../support/transports.ts";

const BODY = `{"id":7,"card":{"number":"4111111111111111"},"ssn":"${SECRET}"}`;
const MASKED = '{"id":7,"card":{"number":"************1111"}}';
const POLICY = `package envoy.authz

default allow := false

allow := {
	"allowed": true,
	"rules": ["records"],
	"response": {
		"release": ["$.id"],
		"mask": [{"select": "$.card.number", "as": "partial", "keep_end": 4}],
	},
} if {
	startswith(input.attributes.request.http.path, "/records/")
}

allow := {"allowed": true} if {
	input.attributes.request.http.path == "/status"
}
`;

let upstream: Upstream;
let envoy: EnvoyProcess;
let postern: Awaited<ReturnType<typeof startPosternProcess>>;
const answers: ClientAnswer[] = [];

describe.each(TRANSPORTS)("over %s", (transport) => {
	beforeAll(async () => {
		upstream = await startUpstream();
		upstream.reply("/records/1", whole({ body: BODY }));
		upstream.reply("/records/slow", (socket) => {
			const bytes = answerBytes({ body: BODY });
			socket.write(bytes.subarray(0, bytes.length - 10));
			setTimeout(() => socket.write(bytes.subarray(bytes.length - 10)), 900);
		});
		upstream.reply("/status", whole({ body: '{"up":true}' }));
		upstream.reply("/other", whole({ body: BODY }));
		postern = await startPosternProcess(POLICY, { drainSeconds: 10, transport });
		envoy = await startEnvoy({
			postern: postern.address,
			upstream: upstream.address,
			certificates: await createCertificates(),
		});
	}, 60_000);
	afterAll(async () => {
		postern.kill("SIGKILL");
		await envoy.stop();
		await upstream.close();
		const leaked = answers.reduce((sum, answer) => sum + answer.leaked, 0);
		process.stdout.write(
			`serve over ${transport}: ${answers.length} answers through Envoy, ${leaked} unmasked marks at the caller\n`,
		);
		expect(leaked).toBe(0);
		answers.length = 0;
	}, 30_000);

	async function get(path: string, call: typeof callHttp1 = callHttp1): Promise<ClientAnswer> {
		const answer = await call(envoy.port, { path });
		answers.push(answer);
		return answer;
	}

	const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

	async function restart(drainSeconds: number): Promise<void> {
		await postern.ended;
		postern = await startPosternProcess(POLICY, { drainSeconds, folder: postern.folder, transport });
	}

	test("one policy decides access and fields, over a unix socket, and the records tell both", async () => {
		for (const call of [callHttp1, callHttp2])
			expect(await get("/records/1", call)).toMatchObject({ status: 200, body: MASKED, complete: true });
		expect(await get("/status")).toMatchObject({ status: 200, body: '{"up":true}' });
		expect(await get("/other")).toMatchObject({ status: 403 });
		await pause(1200);
		const records = await postern.records();
		const release = records.find((record) => record["type"] === "release");
		const decision = records.find(
			(each) => each["type"] === "decision" && each["decision_id"] === release?.["decision_id"],
		);
		expect(decision).toMatchObject({ verdict: "allow", rules: ["records"], released: "fields" });
		expect(release).toMatchObject({
			outcome: "released",
			op: "GET example.test /records/1",
			fields: {
				released: [{ path: "$.id", count: 1 }],
				masked: [{ path: "$.card.number", as: "partial", count: 1 }],
				withheld: [{ count: 1 }],
			},
		});
		expect(records.find((record) => record["released"] === "whole")).toBeDefined();
		expect(JSON.stringify(records)).not.toContain(SECRET);
		expect(JSON.stringify(records)).not.toContain("4111");
	}, 20_000);

	test("SIGTERM in the middle of a body: it is finished, masked, and the process ends with 0", async () => {
		const answer = get("/records/slow");
		await pause(300);
		postern.kill("SIGTERM");
		expect(await answer).toMatchObject({ status: 200, body: MASKED, complete: true });
		expect(await postern.ended).toBe(0);
		expect(await get("/records/1")).toMatchObject({ status: 503, complete: true });
		await restart(0);
	}, 20_000);

	test("SIGTERM without patience: the body ends as an error", async () => {
		const answer = get("/records/slow");
		await pause(300);
		postern.kill("SIGTERM");
		expect(await answer).toMatchObject({ status: 502, complete: true });
		await restart(0);
	}, 20_000);

	test.each([
		["HTTP/1.1", callHttp1],
		["HTTP/2", callHttp2],
	] as const)(
		"SIGKILL in the middle of a body: an error, and masking goes on afterwards (%s)",
		async (_name, call) => {
			const answer = get("/records/slow", call);
			await pause(300);
			postern.kill("SIGKILL");
			expect(await answer).toMatchObject({ status: 502, complete: true });
			await restart(0);
			expect(await get("/records/1", call)).toMatchObject({ status: 200, body: MASKED });
		},
		20_000,
	);
});
