import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { checkCommand } from "../../../src/cli/check.ts";
import { runCli } from "../../../src/cli/run.ts";
import { ioOf } from "../../support/command-io.ts";
import { bundleOf } from "../../support/policy.ts";
import { changedBundle, withoutNames } from "../../support/stripped-bundle.ts";
import { createTokenIssuer } from "../../support/token-issuer.ts";

let folder = "";
let bundle: Buffer;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "postern-check-"));
	bundle = Buffer.from(
		(await bundleOf("package envoy.authz\n\ndefault allow := false\n", undefined, "r7")).bytes,
	);
	writeFileSync(join(folder, "keys.json"), (await createTokenIssuer()).keySet);
	writeFileSync(join(folder, "hash.key"), "0123456789abcdef0123\n");
});
beforeEach(() => writeFileSync(join(folder, "bundle.tar.gz"), bundle));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = `serve:
  grpc: ["unix:p.sock"]
policy:
  bundle: bundle.tar.gz
identity:
  jwt: {issuer: i, audiences: [a], jwks: keys.json}
fields:
  hash_key_file: hash.key
`;

async function check(yaml: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
	const file = join(folder, "postern.yaml");
	writeFileSync(file, yaml);
	const { io, stdout, stderr } = ioOf("");
	const code = await runCli(["check", "--config", file, ...argv], io, [
		{ name: "check", summary: "", load: async () => checkCommand },
	]);
	return { code, out: stdout().replaceAll(`${folder}/`, ""), err: stderr() };
}

test("nothing to find: exit 0 and the revision", async () => {
	expect(await check(GOOD)).toEqual({ code: 0, out: "nothing found; policy revision r7\n", err: "" });
	const { code, out } = await check(GOOD, "--json");
	expect([code, JSON.parse(out)]).toEqual([
		0,
		{
			ok: true,
			findings: [],
			policy: {
				revision: "r7",
				digest: expect.stringMatching(/^[0-9a-f]{64}$/),
				entrypoints: ["envoy/authz/allow"],
			},
		},
	]);
});

test("everything that is wrong at once, each with its place and code: exit 1", async () => {
	writeFileSync(join(folder, "bundle.tar.gz"), "no bundle");
	const { code, out } = await check(GOOD.replace("keys.json", "none.json").replace("hash.key", "short.key"));
	expect(code).toBe(1);
	expect(out.split("\n")).toEqual([
		expect.stringMatching(/^postern\.yaml:4:3: policy\.bundle: bundle\.tar\.gz: .*\(bundle_invalid\)$/),
		expect.stringMatching(/^postern\.yaml:6:36: identity\.jwt\.jwks: ENOENT.*\(key_set_unreadable\)$/),
		expect.stringMatching(/^postern\.yaml:8:3: fields\.hash_key_file: .*\(hash_key_unusable\)$/),
		"3 findings",
		"",
	]);
});

test("a decision path that the bundle lacks", async () => {
	const { code, out } = await check(GOOD.replace("bundle.tar.gz", "bundle.tar.gz\n  path: envoy/authz/alow"));
	expect(code).toBe(1);
	expect(out).toContain(
		"postern.yaml:5:3: policy.path: the bundle has no decision path envoy/authz/alow; it has envoy/authz/allow (decision_path_missing)",
	);
	expect((await check(GOOD, "--path", "other/path")).out).toContain(
		"--path: policy.path: the bundle has no decision path other/path",
	);
});

test("a configuration that does not load is a finding, not a failure; a wrong option is usage", async () => {
	const { code, out } = await check("polcy: {}\n", "--json");
	expect(code).toBe(1);
	expect(JSON.parse(out).findings).toMatchObject([
		{ code: "config_invalid", key: "policy", message: "is required" },
		{
			code: "config_invalid",
			line: 1,
			column: 1,
			key: "polcy",
			message: 'unknown key; did you mean "policy"?',
		},
	]);
	expect(await check(GOOD, "--jsn")).toMatchObject({
		code: 2,
		err: expect.stringContaining('did you mean "--json"'),
	});
	expect(await check(GOOD, "extra")).toMatchObject({ code: 2 });
});

test("what the policy may not mean is a warning at its line, and an error where it is asked to be", async () => {
	const rules = 'package envoy.authz\n\nallow := {"allowed": true, "response": {"withhold": ["$.x"]}}\n';
	writeFileSync(join(folder, "bundle.tar.gz"), (await bundleOf(rules)).bytes);
	const { code, out } = await check(GOOD);
	expect([code, out]).toEqual([
		0,
		expect.stringMatching(
			/^\S*policy\.rego:3:\d+: warning: .*write "release" \(policy_directive_open\)\n1 finding\n$/,
		),
	]);
	expect((await check(GOOD, "--strict")).code).toBe(1);
	const { ok, findings } = JSON.parse((await check(GOOD, "--json")).out) as Record<string, unknown>;
	expect([ok, findings]).toMatchObject([true, [{ severity: "warning", line: 3 }]]);
});

test("a module whose answers may differ from OPA's is a warning", async () => {
	const bytes = await changedBundle("package envoy.authz\n\nallow := count(input.a) > 1\n", withoutNames);
	writeFileSync(join(folder, "bundle.tar.gz"), bytes);
	const { code, out } = await check(GOOD);
	expect(code).toBe(0);
	expect(out).toMatch(
		/^postern\.yaml:4:3: warning: policy\.bundle: answers may differ .*\(policy_may_differ\)\n/,
	);
});

test("a descriptor set that cannot be used is found, in its file and in the bundle", async () => {
	writeFileSync(join(folder, "set.pb"), "no set");
	const { code, out } = await check(`${GOOD}request: {proto_descriptor: set.pb}\n`);
	expect(code).toBe(1);
	expect(out).toContain("request.proto_descriptor");
	expect(out).toContain("descriptors_invalid");
	const { bytes } = await bundleOf(
		"package envoy.authz\n\nallow := true\n",
		undefined,
		"r8",
		Buffer.from("no set"),
	);
	writeFileSync(join(folder, "bundle.tar.gz"), bytes);
	const bundled = await check(GOOD);
	expect(bundled.code).toBe(1);
	expect(bundled.out).toContain("descriptors_invalid");
});

test("with workers: the endpoints for Envoy's cluster, each on a line and as JSON", async () => {
	const yaml = GOOD.replace(
		'["unix:p.sock"]',
		'["unix:p.sock", "127.0.0.1:9191"]\n  trust_loopback: true\n  workers: 2',
	);
	const endpoints = ["unix:///p-1.sock", "127.0.0.1:9191", "unix:///p-2.sock", "127.0.0.1:9192"];
	const lines = await check(yaml);
	expect(lines.code).toBe(0);
	expect(lines.out.replaceAll("unix://p", "unix:///p")).toBe(
		`${endpoints.map((endpoint) => `endpoint ${endpoint}\n`).join("")}nothing found; policy revision r7\n`,
	);
	const { out } = await check(yaml, "--json");
	expect(JSON.parse(out.replaceAll("unix://p", "unix:///p"))).toMatchObject({ ok: true, endpoints });
});
