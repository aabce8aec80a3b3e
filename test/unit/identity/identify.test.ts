import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { exportSPKI, importJWK } from "jose";
import { LIMITS } from "../../../src/config/limits.ts";
import type { IdentityConfig, JwtConfig } from "../../../src/config/types.ts";
import { createIdentify, type IdentityService } from "../../../src/identity/identify.ts";
import type { IdentityOutcome } from "../../../src/identity/types.ts";
import { type KeyServer, startKeyServer } from "../../support/key-server.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createSilentTelemetry, type Silent } from "../../support/silent-telemetry.ts";
import { createTokenIssuer, type TokenIssuer } from "../../support/token-issuer.ts";

let issuer: TokenIssuer;
let other: TokenIssuer;
let folder = "";
let open: (() => unknown)[] = [];

beforeAll(async () => {
	issuer = await createTokenIssuer();
	other = await createTokenIssuer({ kid: "key-2" });
	folder = mkdtempSync(join(tmpdir(), "postern-identity-"));
});
afterEach(async () => {
	for (const close of open) await close();
	open = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function jwtConfig(jwks: string, overrides: Partial<JwtConfig> = {}): JwtConfig {
	return {
		issuer: issuer.issuer,
		audiences: [issuer.audience, "second"],
		algorithms: ["ES256", "RS256"],
		jwks,
		clock_skew_seconds: 30,
		refresh_seconds: 600,
		cooldown_seconds: 30,
		fetch_timeout_seconds: 1,
		max_staleness_seconds: 3600,
		max_key_set_bytes: LIMITS["identity.jwt.max_key_set_bytes"].default,
		max_token_bytes: 8192,
		cache_entries: 100,
		roles_claim: "realm.roles",
		groups_claim: "groups",
		...overrides,
	};
}

interface Fixture extends IdentityService {
	readonly clock: ManualClock;
	readonly silent: Silent;
	readonly cache: Readonly<Record<string, number>>;
	bearer(token: string, principal?: string): Promise<IdentityOutcome>;
}

function make(config: Partial<IdentityConfig>) {
	const clock = createManualClock();
	const silent = createSilentTelemetry();
	const tokenCache = silent.counter();
	const service = createIdentify({
		config: {
			mtls: { enabled: false, principals: "spiffe" },
			headers: { id: "x-i", issuer: "x-s" },
			...config,
		},
		clock,
		log: silent.log,
		metrics: { tokenCache, keySetRefreshes: silent.counter() },
	});
	open.push(() => service.stop());
	return { service, clock, silent, tokenCache };
}

async function start(config: Partial<IdentityConfig>): Promise<Fixture> {
	const { service, clock, silent, tokenCache } = make(config);
	await service.start();
	return {
		...service,
		clock,
		silent,
		cache: tokenCache.values,
		bearer: async (token, principal = "") =>
			service.identify({ authorization: [`Bearer ${token}`], principal }),
	};
}

function keyFile(document: string): string {
	const path = join(folder, `keys-${open.length}-${document.length}.json`);
	writeFileSync(path, document);
	return path;
}

async function withServer(document: string): Promise<KeyServer> {
	const server = await startKeyServer(document);
	open.push(() => server.close());
	return server;
}

function reasonOf(outcome: IdentityOutcome): string {
	return outcome.ok ? "ok" : `${outcome.status} ${outcome.reason}`;
}

describe("a valid token", () => {
	test("gives identity, with claims found by path", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const token = await issuer.sign({
			scope: "read write",
			realm: { roles: ["agent", 7] },
			groups: "staff",
			aud: ["x", "second"],
		});
		const outcome = await fixture.bearer(token);
		expect(outcome).toMatchObject({
			ok: true,
			identity: {
				authenticated: true,
				method: "jwt",
				id: "alice",
				issuer: issuer.issuer,
				subject: "alice",
				audiences: ["x", "second"],
				scopes: ["read", "write"],
				roles: ["agent"],
				groups: ["staff"],
				claims: { sub: "alice", scope: "read write" },
			},
		});
		expect(outcome.ok && "spiffe_id" in outcome.identity).toBe(false);
	});

	test("is verified once, then answered at once from memory until exp, which every hit looks at", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet), { max_staleness_seconds: 9999 }) });
		const token = await issuer.sign();
		expect(reasonOf(await fixture.bearer(token))).toBe("ok");
		const hit = fixture.identify({ authorization: [`Bearer ${token}`], principal: "" });
		expect(hit).not.toBeInstanceOf(Promise);
		expect(fixture.cache).toEqual({ miss: 1, hit: 1 });
		fixture.clock.advance(3600_000 + 28_000);
		expect(reasonOf(await fixture.bearer(token))).toBe("ok");
		fixture.clock.advance(3_000);
		expect(reasonOf(await fixture.bearer(token))).toBe("401 token_expired");
		expect(fixture.cache).toEqual({ miss: 1, hit: 3 });
	});

	test("calls that come together verify it once", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const token = await issuer.sign();
		const outcomes = await Promise.all(Array.from({ length: 20 }, () => fixture.bearer(token)));
		expect(outcomes.map(reasonOf)).toEqual(Array(20).fill("ok"));
		expect(fixture.cache).toEqual({ miss: 1 });
	});
});

describe("a token that does not hold", () => {
	test.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
		["expired", { exp: 1 }, {}, "401 token_expired"],
		["expired within the skew", { exp: Math.floor(Date.now() / 1000) - 20 }, {}, "ok"],
		["without exp", { exp: undefined }, {}, "401 token_invalid"],
		["with a text for exp", { exp: "9999999999" }, {}, "401 token_invalid"],
		["not valid yet", { nbf: Math.floor(Date.now() / 1000) + 100 }, {}, "401 token_invalid"],
		["from another issuer", { iss: "https://evil.example" }, {}, "401 token_invalid"],
		["without issuer", { iss: undefined }, {}, "401 token_invalid"],
		["for another audience", { aud: "other" }, {}, "401 token_invalid"],
		["without audience", { aud: undefined }, {}, "401 token_invalid"],
		["without subject", { sub: undefined }, {}, "401 token_invalid"],
		["with a subject that breaks lines", { sub: "a\r\nx-admin: 1" }, {}, "401 token_invalid"],
		["with NUL in the subject", { sub: "a\0b" }, {}, "401 token_invalid"],
		["with an empty subject", { sub: "" }, {}, "401 token_invalid"],
		["of another type", {}, { typ: "logout+jwt" }, "401 token_invalid"],
		["of type at+jwt", {}, { typ: "application/at+jwt" }, "ok"],
		["without type", {}, { typ: undefined }, "ok"],
		["with crit", {}, { crit: ["exp"], exp: 1 }, "401 token_invalid"],
		["with crit b64", {}, { crit: ["b64"], b64: true }, "401 token_invalid"],
		["with a number for kid", {}, { kid: 1 }, "401 token_invalid"],
		["with an unknown kid", {}, { kid: "../../etc/passwd" }, "401 token_invalid"],
	])("%s", async (_name, claims, header, expected) => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		expect(reasonOf(await fixture.bearer(await issuer.sign(claims, header)))).toBe(expected);
	});

	test("keys that a token brings along, or points to, are never used or fetched", async () => {
		const evil = await createTokenIssuer({ kid: "key-1" });
		const server = await withServer(evil.keySet);
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		for (const header of [
			{ jwk: evil.publicJwk },
			{ jku: server.url },
			{ x5u: server.url },
			{ x5c: ["MIIB"] },
			{ kid: server.url, jku: server.url },
			{ kid: undefined, jwk: evil.publicJwk },
		]) {
			expect(reasonOf(await fixture.bearer(await evil.sign({}, header)))).toBe("401 token_invalid");
		}
		expect(server.requests()).toBe(0);
	});

	test("alg none, in every spelling, with and without a signature", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const [, payload, signature] = (await issuer.sign()).split(".");
		for (const alg of ["none", "None", "NONE", "nOnE", "", null]) {
			const header = Buffer.from(JSON.stringify({ alg, kid: "key-1", typ: "JWT" })).toString("base64url");
			for (const end of [signature, "", "AA"]) {
				expect(reasonOf(await fixture.bearer(`${header}.${payload}.${end}`))).toBe("401 token_invalid");
			}
		}
	});

	test("an HMAC made with the public key as its secret", async () => {
		const rsa = await createTokenIssuer({ alg: "RS256" });
		const fixture = await start({ jwt: jwtConfig(keyFile(rsa.keySet)) });
		const pem = await exportSPKI(
			(await importJWK(rsa.publicJwk, "RS256")) as Parameters<typeof exportSPKI>[0],
		);
		const [, payload] = (await rsa.sign()).split(".");
		expect(reasonOf(await fixture.bearer(await rsa.sign()))).toBe("ok");
		for (const secret of [pem, pem.trim(), JSON.stringify(rsa.publicJwk), rsa.publicJwk.n ?? "", ""]) {
			const header = Buffer.from(JSON.stringify({ alg: "HS256", kid: "key-1", typ: "JWT" })).toString(
				"base64url",
			);
			const mac = createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url");
			expect(reasonOf(await fixture.bearer(`${header}.${payload}.${mac}`))).toBe("401 token_invalid");
		}
	});

	test("an algorithm that is not configured, though the key would do", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet), { algorithms: ["RS256"] }) });
		expect(reasonOf(await fixture.bearer(await issuer.sign()))).toBe("401 token_invalid");
	});

	test("every single changed character, in any part", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const token = await issuer.sign();
		let refused = 0;
		for (let index = 0; index < token.length; index++) {
			if (token[index] === ".") continue;
			// The last character of a part has bits that no decoder reads; their change is another text of the same token.
			if (token[index + 1] === "." || index === token.length - 1) continue;
			const changed = token.slice(0, index) + (token[index] === "A" ? "B" : "A") + token.slice(index + 1);
			expect(reasonOf(await fixture.bearer(changed))).toMatch(/^401|^503/);
			refused++;
		}
		expect(refused).toBeGreaterThan(150);
	});

	test("is refused from memory for a while, and never logged", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const token = await issuer.sign({ aud: "other", canary: "canary-4711" });
		for (let times = 0; times < 3; times++)
			expect(reasonOf(await fixture.bearer(token))).toBe("401 token_invalid");
		expect(fixture.cache).toEqual({ miss: 1, refused: 2 });
		fixture.clock.advance(11_000);
		await fixture.bearer(token);
		expect(fixture.cache).toEqual({ miss: 2, refused: 2 });
		const logged = fixture.silent.lines.join("\n");
		expect(logged).toContain("a token was refused");
		for (const part of token.split(".")) expect(logged).not.toContain(part);
		expect(logged).not.toContain("canary");
	});

	test("one that is early becomes valid when its time comes", async () => {
		const fixture = await start({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const token = await issuer.sign({ nbf: Math.floor(fixture.clock.now() / 1000) + 60 });
		expect(reasonOf(await fixture.bearer(token))).toBe("401 token_invalid");
		fixture.clock.advance(31_000);
		expect(reasonOf(await fixture.bearer(token))).toBe("ok");
	});
});

describe("before the start", () => {
	test("no token is judged, and nobody is ready", async () => {
		const { service } = make({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const authorization = [`Bearer ${await issuer.sign({})}`];
		expect(service.ready()).toBe(false);
		expect(reasonOf(await service.identify({ authorization, principal: "" }))).toBe("503 keys_unavailable");
		await service.start();
		expect(service.ready()).toBe(true);
		expect(reasonOf(await service.identify({ authorization, principal: "" }))).toBe("ok");
	});

	test("a stop is the end: what is loaded afterwards reads no keys", async () => {
		const { service } = make({ jwt: jwtConfig(keyFile(issuer.keySet)) });
		const starting = service.start();
		service.stop();
		await starting;
		expect(service.ready()).toBe(false);
		expect(service.state()).toEqual({});
	});
});

describe("keys", () => {
	test("a rotated key is found by one read, and one that is gone stops working, memory or not", async () => {
		const server = await withServer(issuer.keySet);
		const fixture = await start({ jwt: jwtConfig(server.url) });
		const [before, after] = [await issuer.sign(), await other.sign()];
		expect(reasonOf(await fixture.bearer(before))).toBe("ok");
		server.serve(other.keySet);
		fixture.clock.advance(31_000);
		expect(reasonOf(await fixture.bearer(after))).toBe("ok");
		expect(server.requests()).toBe(2);
		expect(reasonOf(await fixture.bearer(before))).toBe("401 token_invalid");
	});

	test("a flood of unknown key ids asks the key server at most once per cooldown", async () => {
		const server = await withServer(issuer.keySet);
		const fixture = await start({ jwt: jwtConfig(server.url) });
		fixture.clock.advance(31_000);
		for (let index = 0; index < 50; index++) {
			expect(reasonOf(await fixture.bearer(await other.sign({}, { kid: `unknown-${index}` })))).toBe(
				"401 token_invalid",
			);
		}
		expect(server.requests()).toBe(2);
	});

	test("with the key server down known keys work until the maximum staleness, unknown ones are our failure", async () => {
		const server = await withServer(issuer.keySet);
		const fixture = await start({ jwt: jwtConfig(server.url, { max_staleness_seconds: 1200 }) });
		const token = await issuer.sign({ exp: Math.floor(fixture.clock.now() / 1000) + 7200 });
		expect(reasonOf(await fixture.bearer(token))).toBe("ok");
		await server.close();
		fixture.clock.advance(1_100_000);
		expect(reasonOf(await fixture.bearer(token))).toBe("ok");
		expect(reasonOf(await fixture.bearer(await issuer.sign({ exp: 9e9 })))).toBe("ok");
		expect(reasonOf(await fixture.bearer(await other.sign({ exp: 9e9 })))).toBe("503 keys_unavailable");
		expect(fixture.ready()).toBe(true);
		fixture.clock.advance(200_000);
		expect(reasonOf(await fixture.bearer(token))).toBe("503 keys_unavailable");
		expect(fixture.ready()).toBe(false);
	});

	test("no keys yet: not ready, every token is our failure, and the first good read heals it", async () => {
		const server = await withServer("{}");
		const fixture = await start({ jwt: jwtConfig(server.url) });
		expect(fixture.ready()).toBe(false);
		expect(reasonOf(await fixture.bearer(await issuer.sign()))).toBe("503 keys_unavailable");
		expect(fixture.identify({ authorization: [], principal: "" })).toMatchObject({ ok: true });
		server.serve(issuer.keySet);
		fixture.clock.advance(31_000);
		expect(reasonOf(await fixture.bearer(await issuer.sign()))).toBe("ok");
		expect(fixture.ready()).toBe(true);
	});

	test.each<[string, (server: KeyServer, evil: TokenIssuer) => void]>([
		["a redirect", (server) => server.answer((_q, r) => r.writeHead(302, { location: "/other" }).end())],
		["a page", (server) => server.serve("<html></html>")],
		["an error", (server) => server.answer((_q, r) => r.writeHead(500).end(issuer.keySet))],
		["no end", (server) => server.answer((_q, r) => void r.write("{"))],
		["too much", (server) => server.answer((_q, r) => r.end(Buffer.alloc(300 * 1024, " ")))],
		["a private key", (server) => server.serve(JSON.stringify({ keys: [{ ...other.publicJwk, d: "AA" }] }))],
		[
			"a shared secret",
			(server) => server.serve(JSON.stringify({ keys: [other.publicJwk, { kty: "oct", k: "AA" }] })),
		],
		["no keys", (server) => server.serve('{"keys":[]}')],
		[
			"keys for encryption",
			(server) => server.serve(JSON.stringify({ keys: [{ ...other.publicJwk, use: "enc" }] })),
		],
	])("an answer with %s leaves the last good keys in use", async (_name, prepare) => {
		const server = await withServer(issuer.keySet);
		const fixture = await start({ jwt: jwtConfig(server.url) });
		prepare(server, other);
		fixture.clock.advance(31_000);
		expect(reasonOf(await fixture.bearer(await other.sign()))).toBe("503 keys_unavailable");
		expect(reasonOf(await fixture.bearer(await issuer.sign()))).toBe("ok");
		expect(fixture.state().keySet).toMatchObject({ generation: 1, failures: 1, keys: 1 });
	});

	test("two keys without ids are both tried; two under one id are not", async () => {
		const bare = { ...issuer.publicJwk };
		const bareOther = { ...other.publicJwk };
		delete bare.kid;
		delete bareOther.kid;
		const fixture = await start({ jwt: jwtConfig(keyFile(JSON.stringify({ keys: [bareOther, bare] }))) });
		expect(reasonOf(await fixture.bearer(await issuer.sign({}, { kid: undefined })))).toBe("ok");
		const third = await createTokenIssuer();
		expect(reasonOf(await fixture.bearer(await third.sign({}, { kid: undefined })))).toBe(
			"401 token_invalid",
		);
		const twice = JSON.stringify({ keys: [issuer.publicJwk, { ...other.publicJwk, kid: "key-1" }] });
		const second = await start({ jwt: jwtConfig(keyFile(twice)) });
		expect(reasonOf(await second.bearer(await issuer.sign()))).toBe("401 token_invalid");
	});
});

describe("several credentials", () => {
	const SPIFFE = "spiffe://example.org/ns/a/sa/billing";

	test("a certificate alone; only spiffe:// counts unless any principal may", async () => {
		const spiffe = await start({ mtls: { enabled: true, principals: "spiffe" } });
		expect(spiffe.identify({ authorization: ["Bearer x"], principal: SPIFFE })).toEqual({
			ok: true,
			identity: { authenticated: true, method: "mtls", id: SPIFFE, spiffe_id: SPIFFE },
		});
		expect(spiffe.identify({ authorization: [], principal: "CN=x" })).toMatchObject({
			identity: { method: "none" },
		});
		const any = await start({ mtls: { enabled: true, principals: "any" } });
		expect(any.identify({ authorization: [], principal: "CN=x" })).toEqual({
			ok: true,
			identity: { authenticated: true, method: "mtls", id: "CN=x" },
		});
		expect(any.identify({ authorization: [], principal: "CN=x\r\n" })).toMatchObject({
			ok: false,
			status: 401,
		});
		const off = await start({});
		expect(off.identify({ authorization: ["Bearer x"], principal: SPIFFE })).toMatchObject({
			identity: { authenticated: false },
		});
	});

	test("with both the token gives id, the certificate stays in spiffe_id, from memory too", async () => {
		const fixture = await start({
			jwt: jwtConfig(keyFile(issuer.keySet)),
			mtls: { enabled: true, principals: "spiffe" },
		});
		const token = await issuer.sign();
		for (let times = 0; times < 2; times++) {
			expect(await fixture.bearer(token, SPIFFE)).toMatchObject({
				identity: { method: "jwt", id: "alice", spiffe_id: SPIFFE },
			});
		}
		const plain = await fixture.bearer(token);
		expect(plain.ok && plain.identity.spiffe_id).toBeUndefined();
	});

	test("a bad token beside a good certificate ends the call, and so do two values", async () => {
		const fixture = await start({
			jwt: jwtConfig(keyFile(issuer.keySet)),
			mtls: { enabled: true, principals: "spiffe" },
		});
		const token = await issuer.sign();
		expect(reasonOf(await fixture.bearer("a.b.c", SPIFFE))).toBe("401 token_invalid");
		expect(reasonOf(await fixture.bearer("garbage", SPIFFE))).toBe("401 token_invalid");
		const both = fixture.identify({
			authorization: [`Bearer ${token}`, `Bearer ${token}`],
			principal: SPIFFE,
		});
		expect(reasonOf(await both)).toBe("401 credentials_ambiguous");
		const basic = fixture.identify({ authorization: ["Basic eDp5"], principal: SPIFFE });
		expect(reasonOf(await basic)).toBe("ok");
	});
});
