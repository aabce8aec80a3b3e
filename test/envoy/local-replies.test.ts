import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { isLocalReply } from "../../src/envoy/ext-proc/local-replies.ts";
import { type ClientAnswer, callRaw, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, filterOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { impatient } from "../support/envoy/patient.ts";
import { never } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";

const RELEASING = { allowed: true, response: { release: ["$.id"] } };

function routes(manager: EnvoyConfig): EnvoyConfig[] {
	return manager.route_config.virtual_hosts[0].routes;
}

/** Every answer reaches ext_proc here, so what passes does so because Postern knows it for Envoy's own. */
let mesh: Mesh;
beforeAll(async () => {
	mesh = await startMesh({
		change: (config) => {
			config.static_resources.clusters.push({
				name: "empty",
				type: "STATIC",
				connect_timeout: "1s",
				load_assignment: { cluster_name: "empty", endpoints: [] },
			});
		},
		variants: {
			all: (manager) => {
				withoutMatcher(manager);
				routes(manager)[0].route.timeout = "0.3s";
				routes(manager).unshift(
					{ match: { path: "/direct" }, direct_response: { status: 418, body: { inline_string: "teapot" } } },
					{ match: { path: "/redirect" }, redirect: { path_redirect: "/elsewhere" } },
					{ match: { path: "/nocluster" }, route: { cluster_header: "x-cluster" } },
					{ match: { path: "/empty" }, route: { cluster: "empty" } },
				);
			},
			impatient: (manager) => {
				withoutMatcher(manager);
				impatient(manager);
			},
			noroute: (manager) => {
				withoutMatcher(manager);
				routes(manager)[0].match = { prefix: "/only" };
			},
			bodies: (manager) => {
				withoutMatcher(manager);
				manager.request_timeout = "0.3s";
				filterOf(manager, "ext_authz").typed_config.with_request_body = {
					max_request_bytes: 64,
					pack_as_bytes: true,
				};
			},
		},
	});
	for (const path of [
		"/a",
		"/direct",
		"/redirect",
		"/nocluster",
		"/empty",
		"/gone",
		"/garbage",
		"/slow",
		"/only",
	])
		mesh.decide(path, RELEASING);
	mesh.upstream.reply("/a", whole({ body: `{"id":1,"ssn":"${SECRET}"}` }));
	mesh.upstream.reply("/gone", (socket) => socket.destroy());
	mesh.upstream.reply("/garbage", (socket) => socket.end(`${SECRET}\r\n${SECRET}\r\n\r\n`));
	mesh.upstream.reply("/slow", () => {});
}, 30_000);
afterAll(() => closeAndCount("local replies", mesh), 30_000);
afterEach(async () => {
	mesh.reset();
});

const raw = (via: string, text: string): Promise<ClientAnswer> =>
	callRaw(mesh.envoy.variants[via] ?? 0, Buffer.from(text, "latin1"), { patience: 3000 });

/** How each reply of Envoy's own comes about: how it is provoked, its status, and its code details. */
const REPLIES: [details: string, provoke: () => Promise<ClientAnswer>, status: number][] = [
	["ext_authz_denied", () => mesh.get("/nobody", { via: "all" }), 403],
	[
		"ext_authz_error",
		() => {
			mesh.checkBy(never);
			return mesh.get("/a", { via: "impatient" });
		},
		503,
	],
	["route_not_found", () => mesh.get("/a", { via: "noroute" }), 404],
	["direct_response", () => mesh.get("/direct", { via: "all" }), 418],
	["direct_response", () => mesh.get("/redirect", { via: "all" }), 301],
	["cluster_not_found", () => mesh.get("/nocluster", { via: "all", headers: [["x-cluster", "nope"]] }), 503],
	["no_healthy_upstream", () => mesh.get("/empty", { via: "all" }), 503],
	[
		"upstream_reset_before_response_started{connection_termination}",
		() => mesh.get("/gone", { via: "all" }),
		503,
	],
	["upstream_reset_before_response_started{protocol_error}", () => mesh.get("/garbage", { via: "all" }), 502],
	["response_timeout", () => mesh.get("/slow", { via: "all" }), 504],
	[
		"request_payload_too_large",
		() => mesh.get("/a", { via: "bodies", method: "POST", body: "x".repeat(100) }),
		413,
	],
	["path_normalization_failed", () => mesh.get("/a%2fb", { via: "all" }), 400],
	["missing_host_header", () => raw("all", "GET /a HTTP/1.1\r\nconnection: close\r\n\r\n"), 400],
	[
		"upgrade_failed",
		() =>
			mesh.get("/a", {
				via: "all",
				headers: [
					["upgrade", "websocket"],
					["connection", "upgrade"],
				],
			}),
		403,
	],
	[
		"request_overall_timeout",
		() => raw("bodies", "POST /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\nx"),
		408,
	],
];

describe("each entry of the list, as Envoy makes it", () => {
	test.each(REPLIES)("%s", async (details, provoke, status) => {
		const before = (await mesh.envoy.accessLog()).length;
		const answer = await provoke();
		expect(await logSince(before)).toMatchObject([{ details, status }]);
		expect(answer.status).toBe(status);
		expect(isLocalReply(details)).toBe(true);
		expect(answer.leaked).toBe(0);
		expect(mesh.releases()).toEqual([]);
	});
});

describe("what Envoy's codec refuses before there is a request", () => {
	// With ext_proc on the way out Envoy loses these replies: the caller gets an empty answer, and Envoy's log the
	// status. The shipped matcher leaves ext_proc out where it can.
	test.each([
		["low_version", "GET /a HTTP/1.0\r\n\r\n"],
		["http1.codec_error", "GET /a HTTP/9\r\n\r\n"],
		["http1.invalid_characters", "GET\x01 /a HTTP/1.1\r\n\r\n"],
		["http1.unexpected_underscore", "GET /a HTTP/1.1\r\nhost: x\r\na_b: 1\r\n\r\n"],
		["http1.headers_too_large", `GET /a HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(70_000)}\r\n\r\n`],
	])("%s reaches ext_proc as Envoy's own, and is no leak", async (details, text) => {
		const before = (await mesh.envoy.accessLog()).length;
		const answer = await raw("all", text);
		expect(await logSince(before)).toMatchObject([{ details }]);
		expect(answer.leaked).toBe(0);
		expect(isLocalReply(details)).toBe(true);
		expect(mesh.releases()).toEqual([]);
	});

	test("with the shipped matcher the caller learns the status", async () => {
		const before = (await mesh.envoy.accessLog()).length;
		const answer = await mesh.get("/a", { headers: [["a_b", "1"]] });
		expect(answer.status).toBe(400);
		expect(await logSince(before)).toMatchObject([{ status: 400 }]);
	});
});

describe("whatever else an attribute may say is an upstream's", () => {
	test.each([
		undefined,
		"",
		"via_upstream",
		"lua_response",
		"cache.response_from_cache_filter",
		"upstream_reset_before_response_started",
		"upstream_reset_before_response_started{",
		"upstream_reset_after_response_started{connection_termination}",
		"ext_authz_denied ",
		"EXT_AUTHZ_DENIED",
		"direct_response{x}",
		"__proto__",
	])("%s", (details) => {
		expect(isLocalReply(details)).toBe(false);
	});
});

/** The lines of the access log behind the first `count`, once there are any. */
async function logSince(count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
	for (let attempt = 0; ; attempt++) {
		const log = await mesh.envoy.accessLog();
		if (log.length > count || attempt === 60) return log.slice(count);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
