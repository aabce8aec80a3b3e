import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runCli } from "../../src/cli/run.ts";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import { ioOf } from "../support/command-io.ts";
import { createCertificates } from "../support/envoy/certificates.ts";

const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true} if input.attributes.request.http.path == "/open"

allow := {"allowed": true, "response": {"release": ["$.id"]}} if {
	input.attributes.request.http.path == "/cards/7"
	input.attributes.request.http.headers["x-team"] == "billing"
	input.attributes.source.principal == "spiffe://shop.example/billing"
}

allow := {"allowed": false, "http_status": 404} if input.attributes.request.http.path == "/gone"
`;

const CALLS = `calls:
- path: /open
  expect: allow
  answer: {body: {id: 7, notes: x}, shown: {id: 7, notes: x}}
- name: billing
  path: /cards/7
  headers: {X-Team: billing}
  principal: spiffe://shop.example/billing
  expect: allow
  answer: {body: '{"id": 7, "notes": "x"}', shown: '{"id": 7}'}
- {path: /cards/7, expect: deny}
- {path: /gone, expect: deny, status: 404}
`;

let folder: string;
let app: RunningApp;
let address: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "postern-probe-"));
	app = await startApp({ policy: POLICY });
	address = app.addresses.grpc[0] ?? "";
});
afterAll(async () => {
	await app.stop();
	rmSync(folder, { recursive: true, force: true });
});

async function run(...argv: readonly string[]) {
	const io = ioOf("");
	const code = await runCli(["probe", ...argv], io.io);
	return { code, stdout: io.stdout(), stderr: io.stderr() };
}

function calls(text: string): string {
	const file = join(folder, "calls.yaml");
	writeFileSync(file, text);
	return file;
}

describe("postern probe", () => {
	test("without calls it asks for health alone", async () => {
		const { code, stdout } = await run("--address", address);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^ok {4}health .*SERVING .*\n/);
		expect(stdout).toContain(`2 of 2 as expected at ${address}`);
	});

	test("what is allowed, denied and masked as expected is exit code 0", async () => {
		const { code, stdout } = await run("--address", address, "--calls", calls(CALLS), "--json");
		expect(JSON.parse(stdout)).toMatchObject({
			ok: true,
			results: [
				{ kind: "health" },
				{ kind: "health" },
				{ kind: "check", name: "allow GET /open", message: "allowed" },
				{ kind: "mask", message: "20 of 20 bytes shown" },
				{ kind: "check", name: "billing", message: "allowed" },
				{ kind: "mask", name: "answer of billing", message: "9 of 23 bytes shown" },
				{ kind: "check", message: "denied with 403" },
				{ kind: "check", message: "denied with 404" },
			],
		});
		expect(code).toBe(0);
	});

	test.each([
		["an allow where a denial was expected", "{path: /open, expect: deny}", "allowed, expected: denied"],
		[
			"a denial where an allow was expected",
			"{path: /x, expect: allow}",
			"denied with 403, expected: allowed",
		],
		[
			"another status",
			"{path: /gone, expect: deny, status: 403}",
			"denied with 404, expected: denied with 403",
		],
		[
			"an answer that is not masked",
			"{path: /open, expect: allow, answer: {body: {a: 1}, shown: {}}}",
			"7 of 7 bytes shown: the whole answer, unmasked; not what was expected",
		],
		[
			"an answer that is masked otherwise",
			`{path: /cards/7, headers: {x-team: billing}, principal: "spiffe://shop.example/billing", expect: allow, answer: {body: {id: 1, b: 2}, shown: {b: 2}}}`,
			"8 of 14 bytes shown; not what was expected",
		],
		[
			"an answer that is replaced",
			`{path: /cards/7, headers: {x-team: billing}, principal: "spiffe://shop.example/billing", expect: allow, answer: {body: "{", shown: "{"}}`,
			"replaced by 502, expected: shown",
		],
	])("%s is exit code 1", async (_, call, message) => {
		const { code, stdout } = await run("--address", address, "--calls", calls(`calls: [${call}]`));
		expect(stdout).toContain(`FAIL`);
		expect(stdout).toContain(message);
		expect(code).toBe(1);
	});

	test("calls may be options; --health-only leaves them out", async () => {
		const given = ["--address", address, "--allow", "GET /open", "--deny", "DELETE /open?x=1"];
		expect(await run(...given)).toMatchObject({ code: 0, stdout: expect.stringContaining("4 of 4") });
		expect(await run(...given, "--health-only")).toMatchObject({ stdout: expect.stringContaining("2 of 2") });
	});

	test("where nothing answers it is exit code 1, and no call is tried", async () => {
		const nobody = `unix://${join(folder, "nobody.sock")}`;
		const { code, stdout } = await run("--address", nobody, "--allow", "GET /");
		expect(code).toBe(1);
		expect(stdout).toContain("FAIL  health  failed: ");
		expect(stdout).toContain("0 of 1 as expected");
	});

	test("a policy that is not there yet is NOT_SERVING", async () => {
		const empty = await startApp({});
		const { code, stdout } = await run("--address", empty.addresses.grpc[0] ?? "");
		await empty.stop();
		expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining("NOT_SERVING") });
	});

	test.each([
		[["--address", "nowhere"], 2, '"nowhere" is no HOST:PORT'],
		[["--timeout", "0"], 2, "--timeout is a number of seconds"],
		[["--allow", "/open"], 2, "--allow takes a method and a path"],
		[["--tls-cert", "x"], 2, "--tls-cert and --tls-key go together"],
		[["--tls-ca", "/nowhere.pem"], 3, "file_unreadable"],
		[["--calls", "/nowhere.yaml"], 3, "file_unreadable"],
	])("%j is refused", async (argv, code, message) => {
		expect(await run(...argv)).toMatchObject({ code, stderr: expect.stringContaining(message) });
	});

	test.each([
		["calls: [{path: /x}]", ":1:9: calls.0.expect: is required"],
		["calls: [{path: x, expect: allow}]", "calls.0.path: must begin with /"],
		["calls: [{expect: allow, status: 403}]", "`status` belongs to a denial"],
		["calls: [{expect: deny, answer: {body: a, shown: b}}]", "a denied call has no `answer`"],
		["calls: [{expect: allow, answer: {body: a}}]", "calls.0.answer.shown: is required"],
		["calls: [{expect: allow, methd: GET}]", "calls.0.methd: unknown key"],
		["calls: 1", "calls: must be a list of calls"],
		["calls: [", "calls.yaml:1:"],
	])("the calls %s are refused with their place", async (text, message) => {
		const { code, stderr } = await run("--address", address, "--calls", calls(text));
		expect(stderr).toContain(message);
		expect(stderr).toContain("config_invalid");
		expect(code).toBe(2);
	});
});

describe("postern probe over TLS", () => {
	const asIs = (bytes: Buffer): Buffer => bytes;
	let server: Server;
	let port: number;
	let files: Awaited<ReturnType<typeof createCertificates>>["files"];

	beforeAll(async () => {
		({ files } = await createCertificates());
		server = new Server();
		const method = { requestStream: false, responseStream: false } as const;
		const passThrough = {
			requestSerialize: asIs,
			requestDeserialize: asIs,
			responseSerialize: asIs,
			responseDeserialize: asIs,
		};
		server.addService(
			{ Check: { path: "/grpc.health.v1.Health/Check", ...method, ...passThrough } },
			// biome-ignore lint/suspicious/noExplicitAny: the definition has no types of its own
			{ Check: (_: unknown, done: any) => done(null, Buffer.from([8, 1])) },
		);
		const pair = { cert_chain: readFileSync(files.certificate), private_key: readFileSync(files.key) };
		const credentials = ServerCredentials.createSsl(readFileSync(files.authority), [pair], true);
		port = await new Promise((resolve, reject) =>
			server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
				error ? reject(error) : resolve(bound),
			),
		);
	});
	afterAll(() => server.forceShutdown());

	test("shows its certificate and checks the server's", async () => {
		const tls = ["--address", `localhost:${port}`, "--tls-ca", files.authority];
		const shown = ["--tls-cert", files.certificate, "--tls-key", files.key];
		expect(await run(...tls, ...shown)).toMatchObject({ code: 0 });
		expect(await run(...tls, "--timeout", "2")).toMatchObject({ code: 1 });
		expect(await run(...tls, ...shown, "--tls-name", "other.test", "--timeout", "2")).toMatchObject({
			code: 1,
		});
		expect(await run("--address", `localhost:${port}`, "--timeout", "2")).toMatchObject({ code: 1 });
	});

	test("files that are no PEM are refused", async () => {
		const none = join(folder, "none.pem");
		writeFileSync(none, "none");
		const argv = ["--address", `localhost:${port}`, "--tls-cert", none, "--tls-key", none];
		expect(await run(...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining("hold no PEM") });
	});
});
