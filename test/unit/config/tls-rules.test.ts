import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { formatFinding } from "../../../src/config/finding.ts";
import { readConfig } from "../../../src/config/load.ts";
import { callersTrusted } from "../../../src/config/rules.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-rules-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = "certificate: c.pem, key: k.pem, client_ca: a.pem";
const CALLERS = 'callers: ["spiffe://mesh/ns/edge/*", "dns:envoy.test"]';

function read(serve: string, rest = "") {
	writeFileSync(join(folder, "postern.yaml"), `policy: {bundle: b}\nserve: {${serve}}\n${rest}`);
	return readConfig({ file: "postern.yaml", folder, env: {} });
}
function findings(serve: string, rest = ""): string[] {
	const reading = read(serve, rest);
	return reading.ok
		? []
		: reading.findings.map((each) => formatFinding(each).replace(/^postern.yaml:\d+:\d+: /, ""));
}

test("an address that others reach needs certificate, key, authorities and callers", () => {
	const start = "serve.grpc.0: whoever reaches this port is Envoy to Postern, so it needs mutual TLS: set ";
	const end = "; or use a unix socket, or a loopback address beside Envoy (address_unsafe)";
	for (const address of ["0.0.0.0:9191", "[::]:9191", "10.0.0.1:9191", "postern.example:9191"]) {
		expect(findings(`grpc: ["${address}"]`)).toEqual([
			`${start}serve.tls.certificate, serve.tls.key, serve.tls.client_ca, serve.callers${end}`,
		]);
		expect(findings(`grpc: ["${address}"], tls: {${FILES}}`)).toEqual([`${start}serve.callers${end}`]);
		expect(findings(`grpc: ["${address}"], tls: {${FILES}}, ${CALLERS}`)).toEqual([]);
	}
	expect(findings(`grpc: ["0.0.0.0:9191"], trust_loopback: true`)).toHaveLength(1);
});

test("with mutual TLS and callers, hash and client certificates are trusted; beside an open loopback port they are not", () => {
	const rest = "fields: {hash_key_file: h}\nidentity: {mtls: {enabled: true}}\n";
	const secure = `tls: {${FILES}}, ${CALLERS}`;
	const good = read(`grpc: ["0.0.0.0:1", "unix:p.sock"], ${secure}`, rest);
	expect(good.ok && callersTrusted(good.config)).toBe(true);
	expect(
		findings(`grpc: ["0.0.0.0:1", "127.0.0.1:2"], ${secure}`, rest).map((each) => each.slice(-19)),
	).toEqual(["(callers_untrusted)", "(callers_untrusted)"]);
	expect(findings(`grpc: ["0.0.0.0:1", "127.0.0.1:2"], trust_loopback: true, ${secure}`, rest)).toEqual([]);
});

test("settings that protect nothing are told", () => {
	expect(findings(`tls: {${FILES}}, ${CALLERS}`)).toEqual([
		"serve.tls.certificate: no address of serve.grpc carries TLS: unix sockets and loopback ports stay plain; take serve.tls out, or listen elsewhere (config_invalid)",
	]);
	expect(findings(CALLERS)).toEqual([
		"serve.callers: needs serve.tls.client_ca: without it nobody's name is proved (config_invalid)",
	]);
	expect(findings("tls: {certificate: c}")[0]).toMatch(/^serve\.tls\.certificate: needs serve\.tls\.key/);
	expect(findings("admin_tls: {key: k}")).toEqual([
		"serve.admin_tls.key: needs serve.admin_tls.certificate (config_invalid)",
	]);
});

test("an identity is spelled out", () => {
	expect(findings('callers: ["envoy"], grpc: ["unix:p"]')).toEqual([
		"serve.callers.0: must be spiffe://TRUST-DOMAIN/PATH, the same with a final /*, or dns:NAME in full (config_invalid)",
	]);
});

test("an admin port that others reach needs a token, or client certificates and who of them may read", () => {
	expect(findings('admin: "0.0.0.0:8181"')[0]).toMatch(
		/^serve\.admin: other machines can reach this port: .*\(address_unsafe\)$/,
	);
	expect(findings('admin: "0.0.0.0:8181", admin_auth: {read_token_file: r}')).toEqual([]);
	expect(findings(`admin: "0.0.0.0:8181", admin_tls: {${FILES}, readers: ["dns:prometheus"]}`)).toEqual([]);
	expect(findings(`admin: "0.0.0.0:8181", admin_tls: {${FILES}}`)).toEqual([
		"serve.admin_tls.client_ca: needs serve.admin_tls.readers: who of them may read (config_invalid)",
	]);
	expect(findings("admin_auth: {read_token_file: r, write_token_file: r}")).toEqual([
		"serve.admin_auth.write_token_file: must be another file than serve.admin_auth.read_token_file (config_invalid)",
	]);
	expect(findings("admin_auth: {write_token_file: r}")[0]).toMatch(
		/needs serve\.admin_auth\.read_token_file/,
	);
	expect(findings('admin_tls: {readers: ["dns:a"]}')).toEqual([
		"serve.admin_tls.readers: needs serve.admin_tls.client_ca (config_invalid)",
	]);
});

test("paths are those of the file's folder", () => {
	const reading = read(`grpc: ["0.0.0.0:1"], tls: {${FILES}}, ${CALLERS}, admin_auth: {read_token_file: r}`);
	expect(reading.ok && reading.config.serve.tls.certificate).toBe(join(folder, "c.pem"));
	expect(reading.ok && reading.config.serve.admin_auth.read_token_file).toBe(join(folder, "r"));
});
