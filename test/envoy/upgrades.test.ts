import { connect as connectHttp2 } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type ClientAnswer, callRaw, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, filterOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { whole } from "../support/envoy/upstream.ts";

/** A listener that lets upgrades through, as none of the shipped ones does. */
function upgrading(manager: EnvoyConfig): void {
	manager.upgrade_configs = [{ upgrade_type: "websocket" }, { upgrade_type: "CONNECT" }];
	manager.http2_protocol_options.allow_connect = true;
	manager.route_config.virtual_hosts[0].routes.unshift({
		match: { connect_matcher: {} },
		route: { cluster: "upstream", upgrade_configs: [{ upgrade_type: "CONNECT", connect_config: {} }] },
	});
}

let mesh: Mesh;
const answers: ClientAnswer[] = [];

async function call(port: number | undefined, request: string): Promise<ClientAnswer> {
	const answer = await callRaw(port ?? 0, Buffer.from(request), { patience: 1500 });
	answers.push(answer);
	return answer;
}

beforeAll(async () => {
	mesh = await startMesh({
		variants: {
			upgrading,
			shadow: (manager) => {
				upgrading(manager);
				filterOf(manager, "ext_authz").typed_config.shadow_mode = true;
			},
			unmatched: (manager) => {
				upgrading(manager);
				withoutMatcher(manager);
			},
		},
	});
	for (const path of ["/masked", "/written", "/open"])
		mesh.upstream.reply(path, (socket) => {
			socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
			if (path !== "/open") socket.write(SECRET);
		});
	mesh.upstream.reply("/json", whole({ body: `{"id":1,"ssn":"${SECRET}"}` }));
	mesh.decide("/masked", { allowed: true, response: { release: ["$.id"] } });
	mesh.decide("/written", { allowed: true, request: { release: ["$.id"] } });
	mesh.decide("/json", { allowed: true, response: { release: ["$.id"] } });
	mesh.decide("/open", { allowed: true });
	// A CONNECT has no path.
	mesh.decide("", { allowed: true, response: { release: ["$.id"] } });
}, 30_000);
afterAll(async () => {
	await mesh.close();
	const leaked = answers.reduce((sum, answer) => sum + answer.leaked, 0);
	process.stdout.write(
		`upgrades: ${answers.length} answers through Envoy, ${leaked} unmasked marks at the caller\n`,
	);
	expect(leaked).toBe(0);
}, 30_000);
afterEach(() => mesh.reset());

const WEBSOCKET = [
	["connection", "upgrade"],
	["upgrade", "websocket"],
	["sec-websocket-version", "13"],
	["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
] as const;

function upgrade(via: string, path: string): Promise<ClientAnswer> {
	const lines = WEBSOCKET.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	const request = `GET ${path} HTTP/1.1\r\nhost: example.test\r\n${lines}\r\n`;
	return call(mesh.envoy.variants[via], request);
}

/** Status of an extended CONNECT (RFC 8441) or, without a protocol, of a plain one. */
function connect2(via: string, path: string, protocol?: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const session = connectHttp2(`http://127.0.0.1:${mesh.envoy.variants[via]}`);
		session.on("error", reject);
		session.once("remoteSettings", () => {
			const stream = session.request({
				":method": "CONNECT",
				":authority": "example.test",
				...(protocol === undefined ? {} : { ":path": path, ":scheme": "http", ":protocol": protocol }),
			});
			stream.on("response", (headers) => {
				resolve(Number(headers[":status"]));
				session.destroy();
			});
			stream.on("error", () => resolve(0));
		});
	});
}

describe("under a directive, for the answer or the request", () => {
	test.each(["/masked", "/written"])(
		"WebSocket is refused before the upstream is asked: %s",
		async (path) => {
			expect(await upgrade("upgrading", path)).toMatchObject({ status: 403 });
			expect(await connect2("upgrading", path, "websocket")).toBe(403);
			expect(mesh.upstream.seen).toEqual([]);
			expect(mesh.decisions().map(({ verdict, reason }) => [verdict, reason])).toEqual([
				["deny", "unmaskable_protocol"],
				["deny", "unmaskable_protocol"],
			]);
		},
	);

	test("so is CONNECT", async () => {
		const request = "CONNECT example.test:443 HTTP/1.1\r\nhost: example.test:443\r\n\r\n";
		const answer = await call(mesh.envoy.variants["upgrading"], request);
		expect(answer.status).toBe(403);
		expect(await connect2("upgrading", "")).toBe(403);
		expect(mesh.upstream.seen).toEqual([]);
		expect(mesh.decisions().map(({ reason }) => reason)).toEqual([
			"unmaskable_protocol",
			"unmaskable_protocol",
		]);
	});

	test("where a denial is not enforced, its answer is replaced, and no frame passes", async () => {
		const answer = await upgrade("shadow", "/masked");
		expect(answer.status).toBe(502);
		expect(mesh.releases()).toMatchObject([{ outcome: "replaced", reason: "denied_upstream_answer" }]);
	});

	test("where Envoy has upgrades switched off, as shipped, it refuses them itself", async () => {
		const request = `GET /masked HTTP/1.1\r\nhost: example.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`;
		const answer = await call(mesh.envoy.port, request);
		expect(answer.status).toBe(403);
		expect(mesh.decisions()).toEqual([]);
	});

	test("a client that offers h2c is served: Envoy takes the offer away", async () => {
		const request =
			"GET /json HTTP/1.1\r\nhost: example.test\r\nconnection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n";
		for (const port of [mesh.envoy.port, mesh.envoy.variants["upgrading"]])
			expect(await call(port, request)).toMatchObject({
				status: 200,
				body: '{"id":1}',
			});
	});
});

test("without a directive an upgrade is the policy's to allow", async () => {
	for (const via of ["upgrading", "unmatched"]) expect((await upgrade(via, "/open")).status).toBe(101);
	expect(mesh.upstream.seen).toHaveLength(2);
});
