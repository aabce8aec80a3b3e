import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { formatFinding } from "../../../src/config/finding.ts";
import { type ConfigSources, loadConfig, readConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/types.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-config-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MINIMAL = "policy:\n  bundle: b.tar.gz\n";

function load(text: string, sources: Partial<ConfigSources> = {}): Config {
	writeFileSync(join(folder, "postern.yaml"), text);
	return loadConfig({ file: "postern.yaml", folder, env: {}, ...sources });
}

function findings(text: string, sources: Partial<ConfigSources> = {}): string[] {
	writeFileSync(join(folder, "postern.yaml"), text);
	const reading = readConfig({ file: "postern.yaml", folder, env: {}, ...sources });
	return reading.ok ? [] : reading.findings.map(formatFinding);
}

describe("the variables of OpenTelemetry", () => {
	const traces = (env: Record<string, string>, text = MINIMAL) => load(text, { env }).telemetry.traces;

	test("name the collector, the service and its attributes", () => {
		expect(traces({})).toMatchObject({ service_name: "postern", resource_attributes: "" });
		expect("endpoint" in traces({})).toBe(false);
		expect(
			traces({
				OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/",
				OTEL_SERVICE_NAME: "gate",
				OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.name=p-1",
			}),
		).toMatchObject({
			endpoint: "http://collector:4318/v1/traces",
			service_name: "gate",
			resource_attributes: "k8s.pod.name=p-1",
		});
		const both = {
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
			OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces/in",
		};
		expect(traces(both).endpoint).toBe("https://traces/in");
	});

	test("win over the file, and lose to ours", () => {
		const text = `${MINIMAL}telemetry: {traces: {endpoint: "http://file:4318", service_name: file}}\n`;
		const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://otel:4318", OTEL_SERVICE_NAME: "otel" };
		expect(traces({}, text)).toMatchObject({ endpoint: "http://file:4318", service_name: "file" });
		expect(traces(env, text)).toMatchObject({ endpoint: "http://otel:4318", service_name: "otel" });
		expect(traces({ ...env, POSTERN_TELEMETRY_TRACES_SERVICE_NAME: "ours" }, text)).toMatchObject({
			endpoint: "http://otel:4318",
			service_name: "ours",
		});
	});

	test.each([{ OTEL_SDK_DISABLED: "true" }, { OTEL_TRACES_EXPORTER: "none" }])("%j turns them off", (off) => {
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", ...off };
		expect("endpoint" in traces(env)).toBe(false);
	});

	test("are named where they are wrong", () => {
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318", OTEL_RESOURCE_ATTRIBUTES: "a" };
		const found = findings(MINIMAL, { env });
		expect(found).toHaveLength(2);
		expect(found.join("\n")).toMatch(/OTEL_EXPORTER_OTLP_ENDPOINT.*must be an http or https URL/);
		expect(found.join("\n")).toMatch(/OTEL_RESOURCE_ATTRIBUTES.*name=value/);
	});
});

describe("a good file", () => {
	test("gets every default, and is frozen to the leaves", () => {
		const config = load(MINIMAL);
		expect(config.serve.grpc).toEqual(["127.0.0.1:9191"]);
		expect(config.policy.path).toBe("envoy/authz/allow");
		expect(config.fields.without_decision).toBe("block");
		expect("jwt" in config.identity).toBe(false);
		expect(Object.isFrozen(config)).toBe(true);
		expect(Object.isFrozen(config.serve.grpc)).toBe(true);
		expect(() => Object.assign(config.identity.mtls, { enabled: true })).toThrow(TypeError);
	});

	test("resolves relative paths against its own folder, and leaves URLs alone", () => {
		const config = load(
			`${MINIMAL}serve: {grpc: ["unix:run/p.sock"], admin: "unix:///abs/a.sock"}\naudit: {sink: audit.log}\nidentity: {jwt: {issuer: i, audiences: [a], jwks: "https://idp.example/keys"}}\n`,
		);
		expect(config.policy.bundle).toBe(join(folder, "b.tar.gz"));
		expect(config.serve.grpc).toEqual([`unix://${join(folder, "run/p.sock")}`]);
		expect(config.serve.admin).toBe("unix:///abs/a.sock");
		expect(config.audit.sink).toBe(join(folder, "audit.log"));
		expect(config.identity.jwt?.jwks).toBe("https://idp.example/keys");
	});

	test("an empty section is a section left out", () => {
		expect(load(`${MINIMAL}serve:\nlog:\n`).log.level).toBe("info");
	});
});

describe("precedence", () => {
	test("flag over environment over file over default", () => {
		const text = `${MINIMAL}log: {level: warn}\nserve: {drain_seconds: 7}\n`;
		const env = {
			POSTERN_LOG_LEVEL: "error",
			POSTERN_SERVE_GRPC: "unix:///a.sock, 127.0.0.1:9",
			POSTERN_SERVE_DRAIN_SECONDS: "",
		};
		expect(load(text).log.level).toBe("warn");
		const config = load(text, { env });
		expect(config.log.level).toBe("error");
		expect(config.serve.grpc).toEqual(["unix:///a.sock", "127.0.0.1:9"]);
		expect(config.serve.drain_seconds).toBe(7);
		const flags = [{ key: "log.level", option: "--log-level", value: "debug" }];
		expect(load(text, { env, flags }).log.level).toBe("debug");
	});

	test("without a file, flags and environment suffice; a named file must exist", () => {
		const empty = mkdtempSync(join(tmpdir(), "postern-empty-"));
		const config = loadConfig({ folder: empty, env: { POSTERN_POLICY_BUNDLE: "b" } });
		expect(config.policy.bundle).toBe(join(empty, "b"));
		expect(() => loadConfig({ folder: empty, file: "other.yaml", env: {} })).toThrow(
			/other\.yaml does not exist/,
		);
		rmSync(empty, { recursive: true });
	});

	test("a wrong value names the option or variable that it came from", () => {
		expect(findings(MINIMAL, { env: { POSTERN_SERVE_DRAIN_SECONDS: "soon" } })).toEqual([
			"POSTERN_SERVE_DRAIN_SECONDS: serve.drain_seconds: must be a whole number between 0 and 3600 seconds (config_invalid)",
		]);
		const flags = [{ key: "log.level", option: "--log-level", value: "inof" }];
		expect(findings(MINIMAL, { flags })).toEqual([
			'--log-level: log.level: must be one of debug, info, warn, error; did you mean "info"? (config_invalid)',
		]);
	});

	test("a mistyped variable is found, an orchestrator's service variables are not ours", () => {
		expect(
			findings(MINIMAL, {
				env: { POSTERN_SERVE_DRIAN_SECONDS: "3", POSTERN_SERVICE_HOST: "10.0.0.1", POSTERN_PORT: "x" },
			}),
		).toEqual([
			"POSTERN_SERVE_DRIAN_SECONDS: this environment variable names no key; did you mean POSTERN_SERVE_DRAIN_SECONDS? (config_invalid)",
		]);
	});
});

describe("errors", () => {
	test("all at once, each with line, column, key and the likely word", () => {
		const text = [
			"policy:",
			"  bundel: b.tar.gz",
			"serve:",
			"  drain_seconds: 99999",
			"  grpc:",
			"    - 127.0.0.1:9191",
			"    - nonsense",
			"identity:",
			"  jwt:",
			"    issuer: i",
			"lgo: {}",
			"",
		].join("\n");
		expect(findings(text)).toEqual([
			"postern.yaml:1:1: policy.bundle: is required (config_invalid)",
			'postern.yaml:2:3: policy.bundel: unknown key; did you mean "bundle"? (config_invalid)',
			"postern.yaml:4:3: serve.drain_seconds: must be a whole number between 0 and 3600 seconds (config_invalid)",
			"postern.yaml:7:7: serve.grpc.1: must be HOST:PORT, [IPv6]:PORT, unix:///absolute/path or unix:relative/path (config_invalid)",
			"postern.yaml:9:3: identity.jwt.audiences: is required (config_invalid)",
			"postern.yaml:9:3: identity.jwt.jwks: is required (config_invalid)",
			'postern.yaml:11:1: lgo: unknown key; did you mean "log"? (config_invalid)',
		]);
	});

	test.each([
		["a duplicate key", "log: {level: info}\nlog: {level: warn}\n", /postern\.yaml:2:1: .*unique/],
		["broken YAML", "policy: [\n", /postern\.yaml:\d+:\d+/],
		["two documents", `${MINIMAL}---\nlog: {}\n`, /document/],
		["a list at the root", "- a\n", /must be a mapping of sections/],
		["a text for a section", `${MINIMAL}serve: yes\n`, /serve: must be a mapping of keys/],
		["a custom tag", `policy: {bundle: !secret x}\n`, /tag/],
		["an alias bomb", bomb(), /alias/],
		["a prototype key", `${MINIMAL}__proto__: {a: 1}\n`, /__proto__/],
	])("%s is refused", (_name, text, message) => {
		const found = findings(text);
		expect(found.length).toBeGreaterThan(0);
		expect(found.join("\n")).toMatch(message);
	});

	test("a file that is too large, no UTF-8 or a folder is refused without being read as YAML", () => {
		writeFileSync(join(folder, "large.yaml"), Buffer.alloc(1024 * 1024 + 1, " "));
		writeFileSync(join(folder, "latin.yaml"), Buffer.from([0x61, 0xff]));
		const codes = ["large.yaml", "latin.yaml", "."].map((file) => {
			const reading = readConfig({ file, folder, env: {} });
			return reading.ok ? "read" : reading.findings.map((finding) => finding.code).join();
		});
		expect(codes).toEqual(["file_unreadable", "file_unreadable", "file_unreadable"]);
	});
});

describe("references", () => {
	test("env in the middle of a text, a file as the whole of one", () => {
		writeFileSync(join(folder, "issuer.txt"), "https://idp.example/\n");
		const text = `${MINIMAL}identity: {jwt: {issuer: "file:issuer.txt", audiences: ["\${env:TEAM}-api"], jwks: "file:keys.json"}}\nserve: {drain_seconds: "\${env:DRAIN}"}\n`;
		const config = load(text, { env: { TEAM: "blue", DRAIN: "12" } });
		expect(config.identity.jwt).toMatchObject({
			issuer: "https://idp.example/",
			audiences: ["blue-api"],
			jwks: join(folder, "keys.json"),
		});
		expect(config.serve.drain_seconds).toBe(12);
	});

	test("what cannot be resolved is an error at its place, and content never shows in an error", () => {
		writeFileSync(join(folder, "secret.txt"), "canary-4711\nsecond line\n");
		const text = `${MINIMAL}log: {level: "file:secret.txt"}\nidentity: {jwt: {issuer: "\${env:NOPE}", audiences: ["\${nope}"], jwks: k}}\n`;
		const found = findings(text);
		expect(found.join("\n")).not.toContain("canary");
		expect(found).toEqual([
			expect.stringMatching(/^postern\.yaml:3:7: log\.level: must be one of/),
			expect.stringMatching(
				/^postern\.yaml:4:18: identity\.jwt\.issuer: the environment variable NOPE is not set/,
			),
			expect.stringMatching(/^postern\.yaml:4:\d+: identity\.jwt\.audiences\.0: .* is no reference/),
		]);
	});
});

describe("who may call", () => {
	const HASH = `${MINIMAL}fields: {hash_key_file: key}\n`;
	const MTLS = `${MINIMAL}identity: {mtls: {enabled: true}}\n`;

	test("hash and mtls are refused on a TCP port, unless loopback is trusted or only unix sockets listen", () => {
		for (const text of [HASH, MTLS]) {
			expect(findings(text).join()).toContain("(callers_untrusted)");
			expect(findings(`${text}serve: {trust_loopback: true}\n`)).toEqual([]);
			expect(findings(`${text}serve: {grpc: ["unix:///run/p.sock"]}\n`)).toEqual([]);
			expect(findings(`${text}serve: {grpc: ["unix:///run/p.sock", "127.0.0.1:1"]}\n`).join()).toContain(
				"(callers_untrusted)",
			);
		}
	});

	test("a TCP address that is not loopback is refused, trusted or not", () => {
		for (const address of ["0.0.0.0:9191", "[::]:9191", "10.0.0.1:9191", "postern.local:9191"]) {
			expect(findings(`${MINIMAL}serve: {grpc: ["${address}"], trust_loopback: true}\n`).join()).toContain(
				"(address_unsafe)",
			);
		}
	});

	test("a key set comes over https, or over http from this machine", () => {
		const jwks = (location: string) =>
			findings(`${MINIMAL}identity: {jwt: {issuer: i, audiences: [a], jwks: "${location}"}}\n`).length === 0;
		expect(
			[
				"https://idp.example/k",
				"http://127.0.0.1:8/k",
				"http://[::1]/k",
				"http://localhost/k",
				"keys.json",
			].map(jwks),
		).toEqual([true, true, true, true, true]);
		expect(
			[
				"http://idp.example/k",
				"http://127.0.0.1.evil.example/k",
				"ftp://h/k",
				"https://u:p@h/k",
				"data://x",
			].map(jwks),
		).toEqual([false, false, false, false, false]);
	});
});

function bomb(): string {
	const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
	for (let i = 1; i < 9; i++)
		lines.push(
			`a${i}: &a${i} [${Array(9)
				.fill(`*a${i - 1}`)
				.join(", ")}]`,
		);
	return `${lines.join("\n")}\n`;
}
