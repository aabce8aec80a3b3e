import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { loadConfig } from "../../src/config/load.ts";
import { buildApp } from "../../src/serve/app.ts";
import { type AppSetup, type RunningApp, startApp } from "../support/app-fixture.ts";
import { encodeMessage, schemaOf } from "../support/descriptors.ts";
import { readResponse, requestBytes, responseBody, responseHeaders } from "../support/ext-proc-messages.ts";
import { bundleOf } from "../support/policy.ts";
import { changedBundle, withoutNames } from "../support/stripped-bundle.ts";
import { createTokenIssuer, type TokenIssuer } from "../support/token-issuer.ts";
import { type TestedTransport, TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const BY_ROLE = `package envoy.authz

default allow := false

allow := {"allowed": true, "rules": ["agents"], "response": {
	"release": ["$.id", "$['it\\\\'s']"],
	"mask": [{"select": "$.email", "as": "hash"}],
}} if {
	"agent" in input.identity.roles
}

allow := {"allowed": true} if input.identity.method == "mtls"
`;
const ALLOW_ALL = "package envoy.authz\n\ndefault allow := true\n";
const DENY_ALL = "package envoy.authz\n\ndefault allow := false\n";

let issuer: TokenIssuer;
let running: RunningApp[] = [];
beforeAll(async () => {
	issuer = await createTokenIssuer();
});
afterEach(async () => {
	for (const one of running) await one.stop();
	running = [];
});

let transport: TestedTransport = "lane";

async function start(setup: AppSetup): Promise<RunningApp> {
	const one = await startApp({ transport, ...setup });
	running.push(one);
	return one;
}

function withIdentity(setup: AppSetup = {}): Promise<RunningApp> {
	return start({
		policy: BY_ROLE,
		...setup,
		files: { "keys.json": issuer.keySet, "hash.key": "canary-hash-key-0815\n" },
		yaml: `identity: {jwt: {issuer: "${issuer.issuer}", audiences: [${issuer.audience}], jwks: keys.json}, mtls: {enabled: true}}\nfields: {hash_key_file: hash.key}\n${setup.yaml ?? ""}`,
	});
}

describe.each(TRANSPORTS)("readiness (%s)", (each) => {
	beforeAll(() => {
		transport = each;
	});

	test("before a policy: alive, not ready, every call denied; with one: ready and serving", async () => {
		const one = await start({});
		expect((await one.admin("/livez")).status).toBe(200);
		const before = await one.admin("/readyz");
		expect(before.status).toBe(503);
		expect(before.text).toContain("no policy is active: ");
		expect(await one.health()).toBe("NOT_SERVING");
		const denied = await one.check();
		expect([denied.code === 0, denied.http]).toEqual([false, "ServiceUnavailable"]);
		await one.deploy((await bundleOf(ALLOW_ALL)).bytes);
		await until(async () => (await one.admin("/readyz")).status === 200);
		expect(await one.health()).toBe("SERVING");
		expect((await one.check()).code).toBe(0);
		expect(await one.records()).toMatchObject([
			{ type: "decision", verdict: "deny", reason: "no_policy", policy: { serial: 0 } },
			{ type: "decision", verdict: "allow", reason: "allowed", released: "whole", policy: { serial: 1 } },
		]);
	});

	test("a module whose answers may differ from OPA's is served; status and log say so", async () => {
		const one = await start({});
		await one.deploy(await changedBundle(ALLOW_ALL, withoutNames));
		await until(async () => (await one.admin("/readyz")).status === 200);
		const { policy } = JSON.parse((await one.admin("/status")).text) as {
			policy: { active: Record<string, unknown> };
		};
		expect(policy.active).toMatchObject({ mayDiffer: expect.stringContaining("opa_value_iter") });
		expect(one.silent.lines.filter((line) => /may differ from OPA/.test(line))).toHaveLength(1);
	});

	test("without keys: not ready, tokens are our failure, and callers without one meet the policy", async () => {
		const one = await start({
			policy: ALLOW_ALL,
			yaml: `identity: {jwt: {issuer: i, audiences: [a], jwks: missing.json}}\n`,
		});
		const readiness = await one.admin("/readyz");
		expect([readiness.status, readiness.text]).toEqual([503, expect.stringContaining("key set")]);
		expect(await one.health()).toBe("NOT_SERVING");
		expect((await one.check({ authorization: `Bearer ${await issuer.sign()}` })).http).toBe(
			"ServiceUnavailable",
		);
		expect((await one.check()).code).toBe(0);
	});
});

describe.each(TRANSPORTS)("a call (%s)", (each) => {
	beforeAll(() => {
		transport = each;
	});

	test("is decided by who calls, and the identity headers are ours alone", async () => {
		const one = await withIdentity();
		const token = await issuer.sign({ roles: ["agent"] });
		const allowed = await one.check({ authorization: `Bearer ${token}`, "x-postern-id": "root" });
		expect(allowed.code).toBe(0);
		expect(allowed.headers).toMatchObject({ "x-postern-id": "alice", "x-postern-issuer": issuer.issuer });
		expect(allowed.metadata).toMatchObject({ postern: "1", fields: "some" });
		const other = await one.check({ authorization: `Bearer ${await issuer.sign({ roles: ["guest"] })}` });
		expect([other.code === 0, other.http]).toEqual([false, "Forbidden"]);
		expect((await one.check({ authorization: "Bearer no.to.ken" })).http).toBe("Unauthorized");
		expect((await one.check({}, "spiffe://clinic/billing")).code).toBe(0);
		expect((await one.check({}, "CN=billing")).http).toBe("Forbidden");
		expect((await one.check()).http).toBe("Forbidden");
		const reasons = (await one.records()).map((record) => `${record["verdict"]} ${record["reason"]}`);
		expect(reasons).toEqual([
			"allow allowed",
			"deny policy_denied",
			"deny token_invalid",
			"allow allowed",
			"deny policy_denied",
			"deny policy_denied",
		]);
	});

	test("and its answer is masked under the decision's directive, with both recorded and no value in any record", async () => {
		const one = await withIdentity();
		const token = await issuer.sign({ roles: ["agent"], note: "canary-claim" });
		const { metadata } = await one.check({ authorization: `Bearer ${token}` });
		const stream = one.client.process();
		stream.send(responseHeaders({ metadata }));
		await stream.next();
		stream.send(
			responseBody(
				'{"id":7,"email":"canary@value.example","it\'s":1,"ann@canary.example":{"x":true},"extra":"canary-extra"}',
			),
		);
		const answer = readResponse((await stream.next()) as Buffer);
		const body = Buffer.from(answer.response_body.response.body_mutation.body).toString();
		expect(body).toMatch(/^\{"id":7,"email":"hmac:[\w-]{22}","it's":1\}$/);
		stream.halfClose();
		const records = await one.records();
		expect(records).toMatchObject([
			{
				type: "decision",
				verdict: "allow",
				released: "fields",
				rules: ["agents"],
				caller: { id: "alice", method: "jwt" },
			},
			{ type: "release", outcome: "released", decision_id: metadata["decision_id"] },
		]);
		const { fields } = records[1] as {
			fields: { released: unknown; masked: unknown; withheld: { path: string }[] };
		};
		expect(fields.released).toEqual(
			expect.arrayContaining([
				{ path: "$.id", count: 1 },
				{ path: "$['it\\'s']", count: 1 },
			]),
		);
		expect(fields.masked).toEqual([{ path: "$.email", as: "hash", count: 1 }]);
		expect(fields.withheld.map((entry) => entry.path).sort()).toEqual(["$.*", "$.extra"]);
		const said = [
			JSON.stringify(records),
			...one.silent.lines,
			(await one.admin("/metrics")).text,
			(await one.admin("/status")).text,
		];
		for (const text of said) {
			expect(text).not.toContain("canary");
			for (const part of token.split(".")) expect(text).not.toContain(part);
		}
	});

	test("and its gRPC answer is masked by the descriptor set in the bundle, also after the next bundle", async () => {
		const schema = (names: string) =>
			schemaOf(`
				syntax = "proto3";
				message Q { int32 id = 1; }
				message A { ${names} }
				service S { rpc Get(Q) returns (A); }
			`);
		const [first, second] = [
			schema("string name = 1; string ssn = 2;"),
			schema("string ssn = 1; string name = 2;"),
		];
		const policy = (revision: string, { bytes }: typeof first) =>
			bundleOf(
				'package envoy.authz\n\nallow := {"allowed": true, "response": {"release": ["$.name"], "media_types": ["application/grpc"]}}\n',
				undefined,
				revision,
				bytes,
			);
		const one = await start({ policy: DENY_ALL });
		await one.deploy((await policy("r1", first)).bytes);
		await until(async () => (await one.check({ ":path": "/S/Get" })).code === 0);
		const { metadata } = await one.check({ ":path": "/S/Get" });
		const masked = async (given: object, values: object): Promise<object> => {
			const stream = one.client.process();
			stream.send(
				responseHeaders({ metadata: given as never, headers: [["content-type", "application/grpc"]] }),
			);
			await stream.next();
			const message = encodeMessage(first, "A", values);
			stream.send(responseBody(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])));
			const answer = readResponse((await stream.next()) as Buffer);
			stream.halfClose();
			const body = Buffer.from(answer.response_body.response.body_mutation.body).subarray(5);
			return first.root.lookupType("A").decode(body).toJSON();
		};
		const person = { name: "Ada", ssn: "canary" };
		expect(await masked(metadata, person)).toEqual({ name: "Ada" });
		// The next set has other names for the numbers; what was decided under the first one is still read by it.
		await one.deploy((await policy("r2", second)).bytes);
		const revision = (): unknown =>
			(one.app.status() as { policy: { active: { revision: string } } }).policy.active.revision;
		await until(() => revision() === "r2");
		expect(await masked(metadata, person)).toEqual({ name: "Ada" });
		expect(await masked((await one.check({ ":path": "/S/Get" })).metadata, person)).toEqual({
			ssn: "canary",
		});
	});

	test("is refused when it cannot be recorded, and that is counted", async () => {
		let release = (): void => undefined;
		const gate = new Promise<void>((resolve) => {
			release = resolve;
		});
		const one = await start({
			policy: ALLOW_ALL,
			env: { POSTERN_AUDIT_MAX_QUEUE_BYTES: "131072" },
			overrides: { auditSink: { write: () => gate, close: async () => undefined } },
		});
		const answers = await Promise.all(Array.from({ length: 1000 }, () => one.check()));
		const allowed = answers.filter((answer) => answer.code === 0).length;
		expect(allowed).toBeGreaterThan(100);
		expect(allowed).toBeLessThan(131_072 / 200);
		const refused = await one.check();
		expect([refused.code === 0, refused.http]).toEqual([false, "ServiceUnavailable"]);
		const metrics = (await one.admin("/metrics")).text;
		expect(metrics).toMatch(/postern_audit_records_total\{result="refused"\} [1-9]/);
		expect(metrics).toMatch(/postern_checks_total\{verdict="deny",reason="audit_full"\} [1-9]/);
		release();
	});
});

describe.each(TRANSPORTS)("the policy (%s)", (each) => {
	beforeAll(() => {
		transport = each;
	});

	test("is swapped while calls go on, and a broken bundle leaves the last good one in force", async () => {
		const one = await start({ policy: ALLOW_ALL });
		expect((await one.check()).code).toBe(0);
		await one.deploy(Buffer.from("no bundle"));
		await until(() => one.silent.lines.some((line) => line.includes("was not activated")));
		expect((await one.check()).code).toBe(0);
		expect((await one.admin("/readyz")).status).toBe(200);
		const status = JSON.parse((await one.admin("/status")).text);
		expect(status.policy).toMatchObject({
			active: { serial: 1 },
			lastError: { code: expect.any(String) },
			failures: 1,
		});
		expect((await one.admin("/metrics")).text).toContain('postern_policy_reloads_total{result="failed"} 1');
		await one.deploy((await bundleOf(DENY_ALL)).bytes);
		await until(async () => (await one.check()).code !== 0);
		expect(JSON.parse((await one.admin("/status")).text).policy.active.serial).toBe(2);
	});
});

describe.each(TRANSPORTS)("the end (%s)", (each) => {
	beforeAll(() => {
		transport = each;
	});

	test("an idle process reports NOT_SERVING, closes its ports and writes what is queued", async () => {
		const one = await start({ policy: ALLOW_ALL });
		await one.check();
		await one.app.stop("test");
		expect(await one.health()).not.toBe("SERVING");
		await expect(one.admin("/livez")).rejects.toThrow();
		expect((await one.records()).length).toBe(1);
		expect(one.app.missing()).toEqual([expect.stringContaining("draining")]);
	});

	test("a stream that owes a body may finish while draining, and then the process ends at once", async () => {
		const one = await withIdentity({ drainSeconds: 60 });
		const { metadata } = await one.check({
			authorization: `Bearer ${await issuer.sign({ roles: ["agent"] })}`,
		});
		const stream = one.client.process();
		stream.send(responseHeaders({ metadata }));
		await stream.next();
		const began = Date.now();
		const stopped = one.app.stop("test");
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect((await one.admin("/readyz")).text).toContain("draining");
		stream.send(responseBody('{"id":1,"b":2}'));
		const answer = readResponse((await stream.next()) as Buffer);
		expect(Buffer.from(answer.response_body.response.body_mutation.body).toString()).toBe('{"id":1}');
		stream.halfClose();
		await stopped;
		expect(Date.now() - began).toBeLessThan(20_000);
		expect((await one.records()).map((record) => record["type"])).toEqual(["decision", "release"]);
	});

	test("a stream that still owes a body at the deadline ends with an error, never with OK", async () => {
		const one = await withIdentity();
		const { metadata } = await one.check({
			authorization: `Bearer ${await issuer.sign({ roles: ["agent"] })}`,
		});
		const stream = one.client.process();
		stream.send(responseHeaders({ metadata }));
		await stream.next();
		await one.app.stop("test");
		expect(await stream.next()).toMatchObject({ code: 14 });
	});

	test("a second signal does not wait for the deadline", async () => {
		const one = await withIdentity({ drainSeconds: 60 });
		const stream = one.client.process();
		stream.send(
			requestBytes({ request_headers: {}, protocol_config: { request_body_mode: 0, response_body_mode: 2 } }),
		);
		await stream.next();
		const began = Date.now();
		const stopped = one.app.stop("test");
		one.app.force();
		const end = await stream.next();
		await stopped;
		expect(end).toMatchObject({ code: 14 });
		expect(Date.now() - began).toBeLessThan(20_000);
	});
});

describe("a start that fails", () => {
	test("says why and leaves no port open", async () => {
		const taken = createServer();
		await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
		const port = (taken.address() as { port: number }).port;
		const failing = startApp({ policy: ALLOW_ALL, yaml: "", grpc: `127.0.0.1:${port}` });
		await expect(failing).rejects.toMatchObject({ code: "address_in_use" });
		taken.close();
	});

	test("with a hash key that is too short, or missing", async () => {
		for (const [files, message] of [
			[{ "hash.key": "short\n" }, /5 bytes; it must have 16 to/],
			[{}, /ENOENT/],
		] as const) {
			await expect(
				startApp({ policy: ALLOW_ALL, files, yaml: "fields: {hash_key_file: hash.key}\n" }),
			).rejects.toThrow(message);
		}
	});

	test("hash and mtls are refused where strangers may call", () => {
		const env = { POSTERN_POLICY_BUNDLE: "b", POSTERN_SERVE_GRPC: "127.0.0.1:0" };
		expect(() =>
			buildApp(
				loadConfig({ folder: join("/", "nowhere"), env: { ...env, POSTERN_IDENTITY_MTLS_ENABLED: "true" } }),
			),
		).toThrow(/trust_loopback/);
	});
});
