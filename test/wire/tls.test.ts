import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectPlain } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import type { KeyPair } from "../support/envoy/certificates.ts";
import { connectTls, createTlsFolder, handshake, type TlsFolder } from "../support/tls-app.ts";
import { createAuthority, type TestAuthority } from "../support/tls-authority.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const POLICY = "package envoy.authz\n\ndefault allow := true\n";
const CALLERS = ["spiffe://mesh/ns/edge/*", "dns:envoy.test"];

let servers: TestAuthority;
let clients: TestAuthority;
let ours: KeyPair;
let envoy: KeyPair;
beforeAll(async () => {
	servers = await createAuthority("servers");
	clients = await createAuthority("clients");
	ours = await servers.issue({ dns: ["postern"] });
	envoy = await clients.issue({ uris: ["spiffe://mesh/ns/edge/sa/envoy"] });
});

describe.each(TRANSPORTS)("over %s", (transport) => {
	let app: RunningApp;
	let files: TlsFolder;
	let address = "";
	let port = 0;
	beforeAll(async () => {
		files = createTlsFolder(ours, clients.pem, CALLERS);
		app = await startApp({ policy: POLICY, transport, grpc: "0.0.0.0:0", serve: files.serve });
		port = Number(app.addresses.grpc[0]?.split(":")[1]);
		address = `127.0.0.1:${port}`;
	}, 30_000);
	afterAll(() => app.stop());

	async function answerTo(pair: KeyPair | undefined): Promise<unknown> {
		const client = connectTls(address, servers.pem, pair);
		const answer = await client.check();
		client.close();
		return Buffer.isBuffer(answer) ? "answered" : answer;
	}
	async function metric(name: string): Promise<string> {
		const { text } = await app.admin("/metrics");
		return text
			.split("\n")
			.filter((line) => line.startsWith(name))
			.join("\n");
	}

	test("a listed caller is answered, by SPIFFE ID and by DNS name", async () => {
		expect(await answerTo(envoy)).toBe("answered");
		expect(await answerTo(await clients.issue({ dns: ["envoy.test"] }))).toBe("answered");
	});

	test("a caller that the authority vouches for and nobody has listed is refused before any work", async () => {
		const before = (await app.records()).length;
		for (const wanted of [
			{ uris: ["spiffe://mesh/ns/other/sa/envoy"] },
			{ uris: ["spiffe://mesh/ns/edge/sa/a", "spiffe://mesh/ns/edge/sa/b"] },
			{ dns: ["*.test"] },
			{ uris: ["spiffe://mesh/ns/edge/sa/envoy"], ca: true },
			{},
		])
			expect(await answerTo(await clients.issue(wanted))).toEqual({ code: 7, details: "not allowed" });
		expect((await app.records()).length).toBe(before);
		expect(await metric("postern_tls_connections_refused_total")).toContain('reason="caller"} 5');
		const line = app.silent.lines.find((each) => each.includes("a TLS connection was refused"));
		expect(JSON.parse(line ?? "{}")).toMatchObject({
			level: "warn",
			reason: "caller",
			names: ["spiffe://mesh/ns/other/sa/envoy"],
		});
	});

	test("no certificate, another authority's, an expired one: no connection, and no gRPC answer", async () => {
		const stranger = await createAuthority("clients");
		const past = { from: new Date(Date.now() - 7_200_000), to: new Date(Date.now() - 3_600_000) };
		const uris = ["spiffe://mesh/ns/edge/sa/envoy"];
		for (const pair of [
			undefined,
			await stranger.issue({ uris }),
			await clients.issue({ uris, ...past }),
			await clients.issue({ uris, purposes: ["1.3.6.1.5.5.7.3.1"] }),
		])
			expect(await answerTo(pair)).toMatchObject({ code: 14 });
		expect(await metric("postern_tls_connections_refused_total")).toContain('reason="handshake"');
		expect(await answerTo(envoy)).toBe("answered");
	});

	test("plain text, TLS 1.1 and a protocol other than HTTP/2 come to nothing", async () => {
		const plain = connectPlain(port, "127.0.0.1");
		plain.on("error", () => {});
		plain.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
		await once(plain, "close");
		const asEnvoy = { cert: envoy.certificate, key: envoy.key, ca: servers.pem };
		expect(
			await handshake(port, {
				...asEnvoy,
				maxVersion: "TLSv1.1",
				minVersion: "TLSv1",
				ciphers: "DEFAULT:@SECLEVEL=0",
			}),
		).toMatch(/PROTOCOL_VERSION/);
		expect(await handshake(port, { ...asEnvoy, ALPNProtocols: ["http/1.1"] })).toMatch(
			/NO_APPLICATION_PROTOCOL/,
		);
		const silent = await handshake(port, asEnvoy);
		if (typeof silent === "string") throw new Error(silent);
		silent.on("error", () => {});
		await once(silent.resume(), "close");
		for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
			const socket = await handshake(port, { ...asEnvoy, maxVersion, ALPNProtocols: ["h2"] });
			if (typeof socket === "string") throw new Error(socket);
			expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([maxVersion, "h2"]);
			socket.destroy();
		}
	});

	test("no session is resumed: who comes again proves itself again", async () => {
		for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
			const asEnvoy = {
				cert: envoy.certificate,
				key: envoy.key,
				ca: servers.pem,
				ALPNProtocols: ["h2"],
				maxVersion,
			};
			const first = await handshake(port, asEnvoy);
			if (typeof first === "string") throw new Error(first);
			let session = first.getSession();
			first.on("session", (given) => {
				session = given;
			});
			first.resume();
			await new Promise((resolve) => setTimeout(resolve, 100));
			const again = await handshake(port, { ...asEnvoy, ...(session === undefined ? {} : { session }) });
			if (typeof again === "string") throw new Error(again);
			expect(again.isSessionReused()).toBe(false);
			first.destroy();
			again.destroy();
		}
	});

	test("a new certificate serves new connections, and disturbs none that is there", async () => {
		const client = connectTls(address, servers.pem, envoy);
		expect(Buffer.isBuffer(await client.check())).toBe(true);
		const subject = async (): Promise<string> => {
			const socket = await handshake(port, {
				cert: envoy.certificate,
				key: envoy.key,
				ca: servers.pem,
				ALPNProtocols: ["h2"],
			});
			if (typeof socket === "string") throw new Error(socket);
			const { serialNumber } = socket.getPeerCertificate();
			socket.destroy();
			return serialNumber;
		};
		const before = await subject();
		files.putPair(await servers.issue({ dns: ["postern"] }));
		await until(async () => (await subject()) !== before);
		expect(Buffer.isBuffer(await client.check())).toBe(true);
		client.close();
		expect(await metric("postern_tls_reloads_total")).toContain('port="grpc",result="activated"');
		expect(await metric("postern_tls_certificate_expiry_timestamp_seconds")).toContain('file="client_ca"');
		expect(JSON.parse((await app.admin("/status")).text).tls.grpc.expires_at).toMatch(/^\d{4}-.*Z$/);
	});

	test("new authorities end the connections of the old ones, without failing a call, and refuse their callers", async () => {
		const next = await createAuthority("next clients");
		const session = connectHttp2(`https://${address}`, {
			cert: envoy.certificate,
			key: envoy.key,
			ca: servers.pem,
			servername: "postern",
		});
		session.on("error", () => {});
		await once(session, "connect");
		const goaway = once(session, "goaway");
		files.putAuthorities(next.pem);
		const [code] = await goaway;
		expect(code).toBe(0);
		await until(() => session.destroyed || session.closed);
		expect(await answerTo(envoy)).toMatchObject({ code: 14 });
		const renewed = await next.issue({ uris: ["spiffe://mesh/ns/edge/sa/envoy"] });
		expect(await answerTo(renewed)).toBe("answered");
		files.putAuthorities(clients.pem);
		await until(async () => (await answerTo(envoy)) === "answered");
	}, 30_000);
});
