import { mkdtempSync, writeFileSync } from "node:fs";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import { createAuthority, type TestAuthority } from "../support/tls-authority.ts";
import { until } from "../support/until.ts";

const POLICY = "package envoy.authz\n\ndefault allow := true\n";
const READ = "read-token-0123456789";
const WRITE = "write-token-0123456789";

let folder = "";
let app: RunningApp | undefined;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-admin-"));
	writeFileSync(join(folder, "read"), `${READ}\n`);
	writeFileSync(join(folder, "write"), WRITE);
});
afterEach(async () => {
	await app?.stop();
	app = undefined;
});

async function start(serve: string, overrides = {}): Promise<RunningApp> {
	app = await startApp({
		policy: POLICY,
		serve: `admin_auth: {read_token_file: ${folder}/read, write_token_file: ${folder}/write, max_failures: 3}, ${serve}`,
		env: { POSTERN_SERVE_ADMIN: "0.0.0.0:0" },
		...overrides,
	});
	return app;
}

async function call(path: string, token?: string, method = "GET", body?: string) {
	const port = app?.addresses.admin?.split(":").at(-1);
	const response = await fetch(`http://127.0.0.1:${port}${path}`, {
		method,
		headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
		...(body === undefined ? {} : { body }),
	});
	return {
		status: response.status,
		text: await response.text(),
		asks: response.headers.get("www-authenticate"),
	};
}

test("probes ask for nothing, everything else for the token of its right", async () => {
	await start("drain_delay_seconds: 0");
	for (const path of ["/livez", "/readyz", "/health"]) expect((await call(path)).status).toBe(200);
	for (const path of ["/metrics", "/status"]) {
		expect(await call(path)).toMatchObject({ status: 401, asks: "Bearer" });
		expect(await call(path, READ)).toMatchObject({ status: 200 });
		expect(await call(path, WRITE)).toMatchObject({ status: 200 });
	}
	expect(await call("/log-level", READ, "PUT", "debug")).toMatchObject({ status: 403 });
	expect(await call("/log-level", undefined, "PUT", "debug")).toMatchObject({ status: 401 });
	expect(await call("/log-level", WRITE, "PUT", "loud")).toMatchObject({ status: 400 });
	expect(await call("/log-level", WRITE, "PUT", "x".repeat(200))).toMatchObject({ status: 413 });
	for (let guess = 0; guess < 3; guess++) expect((await call("/status", `guess-${guess}`)).status).toBe(401);
	expect(await call("/status", READ)).toMatchObject({ status: 429 });
	expect((await call("/readyz")).status).toBe(200);
});

test("a token is renewed with its file; a bad file leaves the one in force", async () => {
	const { silent } = await start("drain_delay_seconds: 0");
	const next = "next-token-0123456789";
	writeFileSync(join(folder, "read"), "short");
	await until(() => silent.lines.some((line) => line.includes("the admin token was not renewed")));
	expect((await call("/status", READ)).status).toBe(200);
	writeFileSync(join(folder, "read"), next);
	await until(() => silent.lines.some((line) => line.includes("admin token renewed")));
	expect((await call("/status", next)).status).toBe(200);
	expect((await call("/status", READ)).status).toBe(401);
	expect(silent.lines.join()).not.toMatch(/token-0123456789|short/);
});

test("a start with a token that is too short, or none, fails", async () => {
	writeFileSync(join(folder, "read"), "short\n");
	await expect(start("drain_delay_seconds: 0")).rejects.toMatchObject({
		code: "admin_token_unusable",
		message: expect.stringMatching(
			/^serve\.admin_auth\.read_token_file: .* 5 bytes; it must have 16 to 4096$/,
		),
	});
});

test("the status and the metrics hold no secret", async () => {
	const clients = await createAuthority("clients");
	const pair = await clients.issue({ dns: ["postern"] });
	writeFileSync(join(folder, "hash-key"), "hash-key-0123456789");
	writeFileSync(join(folder, "tls.crt"), pair.certificate);
	writeFileSync(join(folder, "tls.key"), pair.key);
	writeFileSync(join(folder, "ca.crt"), clients.pem);
	await start(
		`tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key, client_ca: ${folder}/ca.crt}, callers: ["dns:caller.secret.test"]`,
		{ grpc: "0.0.0.0:0", yaml: `fields: {hash_key_file: ${folder}/hash-key}\n` },
	);
	const seen = (await call("/status", READ)).text + (await call("/metrics", READ)).text;
	expect(seen).toContain("client_ca_expires_at");
	for (const secret of [
		READ,
		WRITE,
		"hash-key-0123456789",
		"caller.secret.test",
		"BEGIN",
		pair.key.slice(40, 80),
	])
		expect(seen).not.toContain(secret);
});

test("the log level of a running process is changed by whoever may write", async () => {
	const levels: string[] = [];
	const quiet = (): void => undefined;
	await start("drain_delay_seconds: 0", {
		overrides: {
			log: {
				debug: quiet,
				info: quiet,
				warn: quiet,
				error: quiet,
				setLevel: (level: string) => levels.push(level) > 0,
			},
		},
	});
	expect(await call("/log-level", WRITE, "PUT", "debug\n")).toMatchObject({ status: 200, text: "debug\n" });
	expect(levels).toEqual(["debug"]);
});

test("client certificates read over TLS when they are listed; probes come without one", async () => {
	const clients: TestAuthority = await createAuthority("clients");
	const pair = await clients.issue({ dns: ["postern"] });
	writeFileSync(join(folder, "tls.crt"), pair.certificate);
	writeFileSync(join(folder, "tls.key"), pair.key);
	writeFileSync(join(folder, "ca.crt"), clients.pem);
	app = await startApp({
		policy: POLICY,
		env: { POSTERN_SERVE_ADMIN: "0.0.0.0:0" },
		serve: `admin_tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key, client_ca: ${folder}/ca.crt, readers: ["dns:prometheus"]}`,
	});
	const port = Number(app.addresses.admin?.split(":").at(-1));
	const get = (path: string, options: RequestOptions = {}): Promise<number> =>
		new Promise((resolve, reject) => {
			const call = request(
				{ host: "127.0.0.1", port, path, ca: clients.pem, servername: "postern", agent: false, ...options },
				(response) => {
					response.resume();
					resolve(response.statusCode ?? 0);
				},
			);
			call.on("error", reject);
			call.end();
		});
	const listed = await clients.issue({ dns: ["prometheus"] });
	const other = await clients.issue({ dns: ["other"] });
	const forged = await (await createAuthority("clients")).issue({ dns: ["prometheus"] });
	expect(await get("/readyz")).toBe(200);
	expect(await get("/metrics")).toBe(401);
	expect(await get("/metrics", { cert: listed.certificate, key: listed.key })).toBe(200);
	expect(await get("/metrics", { cert: other.certificate, key: other.key })).toBe(401);
	expect(await get("/metrics", { cert: forged.certificate, key: forged.key })).toBe(401);
	expect(await get("/log-level", { cert: listed.certificate, key: listed.key, method: "PUT" })).toBe(403);
});
