import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { loadConfig } from "../../../../src/config/load.ts";
import { inspectTls } from "../../../../src/serve/tls/findings.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { createAuthority } from "../../../support/tls-authority.ts";

let folder = "";
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "postern-findings-"));
	const root = await createAuthority("root");
	const pair = await root.issue({ dns: ["postern"] });
	const other = await root.issue({ dns: ["other"] });
	for (const [name, text] of Object.entries({
		"tls.crt": pair.certificate,
		"tls.key": pair.key,
		"other.key": other.key,
		"ca.crt": root.pem,
		token: "0123456789abcdef",
		short: "0123",
		"postern.yaml": "policy: {bundle: b}\n",
	}))
		writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function inspect(files: Readonly<Record<string, string>>, laterMs = 0): Promise<string[]> {
	writeFileSync(
		join(folder, "postern.yaml"),
		`policy: {bundle: b}
serve:
  grpc: ["0.0.0.0:1"]
  callers: ["dns:envoy"]
  tls: {certificate: ${files["certificate"] ?? "tls.crt"}, key: ${files["key"] ?? "tls.key"}, client_ca: ${files["client_ca"] ?? "ca.crt"}}
  admin_auth: {read_token_file: ${files["token"] ?? "token"}}
`,
	);
	const clock = createManualClock();
	clock.advance(laterMs);
	const found = await inspectTls(loadConfig({ file: "postern.yaml", folder, env: {} }), clock);
	return found.map(({ code, key, message }) => `${key}: ${message.replaceAll(folder, "")} (${code})`);
}

test("what a start would stumble over is found by its key", async () => {
	expect(await inspect({})).toEqual([]);
	expect(await inspect({ key: "other.key" })).toEqual([
		"serve.tls.key: is not the certificate's (tls_unusable)",
	]);
	expect((await inspect({ certificate: "none.crt" }))[0]).toMatch(
		/^serve\.tls\.certificate: .*none\.crt.* \(tls_unusable\)$/,
	);
	expect((await inspect({ key: "." }))[0]).toMatch(/^serve\.tls\.key: /);
	expect(await inspect({ client_ca: "tls.crt" })).toEqual([
		"serve.tls.client_ca: certificate 1 is no certificate authority (tls_unusable)",
	]);
	expect(await inspect({ token: "short" })).toEqual([
		"serve.admin_auth.read_token_file: /short holds a token of 4 bytes; it must have 16 to 4096 (admin_token_unusable)",
	]);
});

test("what is expired, or will be valid only later, is found by the clock", async () => {
	expect((await inspect({}, 30 * 3_600_000))[0]).toMatch(/^serve\.tls\.certificate: is expired since \d{4}-/);
	expect((await inspect({}, 60 * 3_600_000))[1]).toBe(
		"serve.tls.client_ca: every authority is expired (tls_unusable)",
	);
	expect((await inspect({}, -2 * 3_600_000))[0]).toMatch(
		/^serve\.tls\.certificate: is not valid before \d{4}-/,
	);
});
