import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { TlsMaterial } from "../../../../src/lib/tls-material.ts";
import { createTlsSource, type TlsSource } from "../../../../src/serve/tls/source.ts";
import type { KeyPair } from "../../../support/envoy/certificates.ts";
import { createManualClock, type ManualClock } from "../../../support/manual-clock.ts";
import { memoryLog, memoryMetrics } from "../../../support/quiet.ts";
import { createAuthority, type TestAuthority } from "../../../support/tls-authority.ts";
import { until } from "../../../support/until.ts";

const HOUR = 3_600_000;
let root: TestAuthority;
let first: KeyPair;
let second: KeyPair;
beforeAll(async () => {
	root = await createAuthority("root");
	first = await root.issue({ dns: ["first"] });
	second = await root.issue({ dns: ["second"] });
});

let folder = "";
let log: ReturnType<typeof memoryLog>;
let counted: ReturnType<typeof memoryMetrics>;
let source: TlsSource;
let changes: { material: TlsMaterial; authorities: boolean }[];
let clock: ManualClock;
const path = (name: string): string => join(folder, name);
const put = ({ certificate, key }: KeyPair): void => {
	writeFileSync(path("tls.crt"), certificate);
	writeFileSync(path("tls.key"), key);
};
const active = (): string => source.current().certificate.trim();
const results = (): unknown[] =>
	counted.counted.filter(({ name }) => name === "tlsReloads").map(({ labels }) => labels["result"]);

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-tls-"));
	log = memoryLog();
	counted = memoryMetrics();
	changes = [];
	clock = createManualClock();
	source = createTlsSource({
		port: "grpc",
		files: { certificate: path("tls.crt"), key: path("tls.key"), client_ca: path("ca.crt") },
		reloadSeconds: 1,
		clock,
		log,
		metrics: counted.metrics,
	});
	source.onChange((material, authorities) => changes.push({ material, authorities }));
	writeFileSync(path("ca.crt"), root.pem);
});
afterEach(() => {
	source.stop();
	rmSync(folder, { recursive: true, force: true });
});

test("a start without a good pair fails, and says which key of the configuration is to blame", async () => {
	await expect(source.start()).rejects.toMatchObject({
		code: "tls_unusable",
		message: expect.stringMatching(/^serve\.tls\.certificate: .*tls\.crt/),
	});
	put({ certificate: first.certificate, key: second.key });
	await expect(source.start()).rejects.toThrow("serve.tls.key: is not the certificate's");
});

test("a new pair takes the place of the old one, whole; new authorities are told as such", async () => {
	put(first);
	await source.start();
	put(second);
	await until(() => changes.length === 1);
	expect(active()).toBe(second.certificate.trim());
	expect(changes[0]).toMatchObject({ authorities: false, material: { key: second.key } });
	writeFileSync(path("ca.crt"), root.pem + (await createAuthority("next")).pem);
	await until(() => changes.length === 2);
	expect(changes[1]?.authorities).toBe(true);
	expect(results()).toEqual(["activated", "activated"]);
});

test.each([
	["half a certificate", "tls.crt", () => second.certificate.slice(0, 200)],
	["nothing", "tls.crt", () => ""],
	["another key", "tls.key", () => second.key],
	["no certificate", "ca.crt", () => "hello"],
])("%s in the place of a file leaves the last good pair in force, told once", async (_name, file, text) => {
	put(first);
	await source.start();
	writeFileSync(path(file), text());
	await until(() => results().length > 0);
	await new Promise((resolve) => setTimeout(resolve, 1300));
	expect(results()).toEqual(["failed"]);
	expect(active()).toBe(first.certificate.trim());
	expect(source.current().key).toBe(first.key);
	expect(source.state().last_error).toBeDefined();
	expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
	expect(JSON.stringify([log.lines, source.state()])).not.toMatch(/BEGIN|MII/);
	put(second);
	writeFileSync(path("ca.crt"), root.pem);
	await until(() => active() === second.certificate.trim());
	expect(source.state().last_error).toBeUndefined();
});

test("files that are written one after the other are not told as a failure", async () => {
	put(first);
	await source.start();
	writeFileSync(path("tls.crt"), second.certificate);
	await new Promise((resolve) => setTimeout(resolve, 250));
	writeFileSync(path("tls.key"), second.key);
	await until(() => active() === second.certificate.trim());
	expect(results()).toEqual(["activated"]);
});

test("a mounted secret that is swapped by a link is seen", async () => {
	for (const [name, pair] of [
		["..one", first],
		["..two", second],
	] as const) {
		mkdirSync(path(name));
		writeFileSync(path(`${name}/tls.crt`), pair.certificate);
		writeFileSync(path(`${name}/tls.key`), pair.key);
	}
	symlinkSync("..one", path("..data"));
	symlinkSync("..data/tls.crt", path("tls.crt"));
	symlinkSync("..data/tls.key", path("tls.key"));
	await source.start();
	symlinkSync("..two", path("..next"));
	renameSync(path("..next"), path("..data"));
	await until(() => active() === second.certificate.trim());
	expect(results()).toEqual(["activated"]);
});

test("an expired pair does not replace a valid one, and does replace one that is expired too", async () => {
	const past = await root.issue({
		dns: ["past"],
		from: new Date(Date.now() - 3 * HOUR),
		to: new Date(Date.now() - HOUR),
	});
	put(first);
	await source.start();
	put(past);
	await until(() => results().length > 0);
	expect(source.state().last_error).toBe("certificate: is expired, and the one in force is valid");
	clock.advance(30 * HOUR);
	await until(() => active() === past.certificate.trim());
});

test("the end of the certificate is told as a metric, and when it is near, in the log", async () => {
	const to = new Date(Math.floor(Date.now() / 1000) * 1000 + HOUR);
	put(await root.issue({ dns: ["short"], from: new Date(to.getTime() - 10 * HOUR), to }));
	await source.start();
	expect(counted.counted).toContainEqual({
		name: "tlsExpiry",
		labels: { port: "grpc", file: "certificate" },
		value: to.getTime() / 1000,
	});
	expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
		["warn", "the certificate is near its end and was not renewed"],
	]);
	expect(source.state().expires_at).toBe(to.toISOString());
	clock.advance(2 * HOUR);
	await until(() => log.lines.length === 2);
	expect(log.lines[1]).toMatchObject({
		level: "error",
		message: "the certificate is expired: Envoy refuses it",
	});
});
