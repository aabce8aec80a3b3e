import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { callRaw, header, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, filterOf } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { impatient } from "../support/envoy/patient.ts";
import { never } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { checkResponseBytes, handoffMetadata, struct } from "../support/ext-proc-messages.ts";

const BODY = '{"id":7}';
const DENIED = 7;

let mesh: Mesh;
let next = 0;
beforeAll(async () => {
	mesh = await startMesh({
		variants: {
			bodies: (manager: EnvoyConfig) => {
				filterOf(manager, "ext_authz").typed_config.with_request_body = {
					max_request_bytes: 65536,
					pack_as_bytes: true,
				};
			},
			largeBodies: (manager: EnvoyConfig) => {
				filterOf(manager, "ext_authz").typed_config.with_request_body = {
					max_request_bytes: 1048576,
					pack_as_bytes: true,
				};
			},
			unvalidated: (manager: EnvoyConfig) => {
				filterOf(manager, "ext_authz").typed_config.validate_mutations = false;
			},
			impatient,
			noroute: (manager: EnvoyConfig) => {
				manager.route_config.virtual_hosts[0].routes[0].match = { prefix: "/only" };
			},
		},
	});
}, 30_000);
afterAll(() => closeAndCount("access", mesh), 30_000);
afterEach(() => mesh.reset());

/** A path of its own, with an upstream that answers and a policy that says `decision`. */
function at(decision: Parameters<Mesh["decide"]>[1]): string {
	const path = `/c/${next++}`;
	mesh.upstream.reply(path, whole({ body: BODY }));
	mesh.decide(path, decision);
	return path;
}

/** Values of a header as the upstream saw it. */
function upstreamHeader(name: string): readonly string[] {
	const [request] = mesh.upstream.seen;
	if (request === undefined) throw new Error("the upstream was not asked");
	return request.headers.filter(([each]) => each === name).map(([, value]) => value);
}

describe("a denial is a denial", () => {
	test.each<[string, Parameters<Mesh["decide"]>[1], number]>([
		["false", false, 403],
		["undefined", () => undefined, 403],
		["an object", { allowed: false, http_status: 451, body: "no", headers: { "x-why": "law" } }, 451],
		["a number", 1, 503],
		["null", null, 503],
		["an object without allowed", { headers: {} }, 503],
		["an unknown key", { allowed: true, haeders: {} }, 503],
		["a bad directive", { allowed: true, response: { release: ["id"] } }, 503],
		["an allow with a success status", { allowed: false, http_status: 200 }, 503],
		["a status that is none", { allowed: false, http_status: 999 }, 503],
	])("%s", async (_name, decision, status) => {
		for (const by of ["get", "get2"] as const) {
			const answer = await mesh[by](at(decision));
			expect(answer).toMatchObject({ status, complete: true });
			expect(mesh.upstream.seen).toEqual([]);
		}
	});

	test("its headers and its body arrive, each cookie by itself", async () => {
		const headers = { "set-cookie": ["a=1", "b=2"], "content-type": "application/json" };
		const answer = await mesh.get(at({ allowed: false, http_status: 401, headers, body: "{}" }));
		expect(answer).toMatchObject({ status: 401, body: "{}" });
		expect(answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual([
			"a=1",
			"b=2",
		]);
		expect(header(answer, "content-type")).toBe("application/json");
	});

	test("its reason is in the record and nowhere on the wire", async () => {
		const answer = await mesh.get(at({ allowed: false, reason: "over_quota" }));
		expect(JSON.stringify(answer)).not.toContain("over_quota");
		expect(mesh.decisions()).toMatchObject([
			{ verdict: "deny", reason: "policy_denied", policy_reason: "over_quota" },
		]);
	});

	test("code 7 alone, with a message, or beside ok_response: 403, and the message stays inside", async () => {
		for (const fields of [
			{ status: { code: DENIED } },
			{ status: { code: DENIED, message: SECRET } },
			{ status: { code: DENIED }, ok_response: {} },
		]) {
			mesh.checkBy(() => checkResponseBytes(fields));
			expect(await mesh.get("/fake")).toMatchObject({ status: 403, body: "" });
		}
		expect(mesh.upstream.seen).toEqual([]);
	});
});

describe("an outage is a refusal", () => {
	test.each<[string, () => Promise<Buffer> | Buffer]>([
		["PERMISSION_DENIED", () => Promise.reject({ code: 7 })],
		["INTERNAL", () => Promise.reject({ code: 13 })],
		["no answer in time", never],
		["no message", () => Buffer.from("ffff", "hex")],
	])("%s: 503 and the upstream is not asked", async (_name, check) => {
		mesh.checkBy(check);
		for (const by of ["get", "get2"] as const)
			expect(await mesh[by](at({ allowed: true }), { via: "impatient" })).toMatchObject({ status: 503 });
		expect(mesh.upstream.seen).toEqual([]);
	});

	test("error_response is an outage too, with an answer of its own", async () => {
		mesh.checkBy(() =>
			checkResponseBytes({ status: { code: 13 }, error_response: { status: { code: 504 }, body: "later" } }),
		);
		expect(await mesh.get("/fake")).toMatchObject({ status: 504, body: "later" });
		expect(mesh.upstream.seen).toEqual([]);
	});

	test("down, and back: the first call afterwards passes", async () => {
		const path = at({ allowed: true });
		await mesh.stopPostern();
		expect(await mesh.get(path)).toMatchObject({ status: 503 });
		await mesh.startPostern();
		expect(await mesh.get(path)).toMatchObject({ status: 200, body: BODY });
	});

	test("a request without a route never reaches ext_authz, so the shipped route catches all", async () => {
		expect(await mesh.get(at({ allowed: true }), { via: "noroute" })).toMatchObject({ status: 404 });
		expect(mesh.decisions()).toEqual([]);
		expect((await mesh.get("/nobody/knows")).status).toBe(403);
		expect(mesh.decisions()).toHaveLength(1);
	});
});

describe("answers cannot be split, and requests cannot be bent", () => {
	const BREAK = `1\r\nset-cookie: session=${SECRET}\r\n\r\n<p>`;
	test.each<[string, Parameters<Mesh["decide"]>[1]]>([
		["a request header", { allowed: true, headers: { "x-a": BREAK } }],
		["a response header", { allowed: true, response_headers_to_add: { "x-a": BREAK } }],
		["a denial's header", { allowed: false, headers: { "x-a": BREAK } }],
		["a header's name", { allowed: true, headers: { "x-a\r\nx-b": "1" } }],
		["NUL", { allowed: true, headers: { "x-a": "1\u00002" } }],
		[":path", { allowed: true, headers: { ":path": "/admin" } }],
		[":status", { allowed: true, response_headers_to_add: { ":status": "418" } }],
		["content-length", { allowed: true, response_headers_to_add: { "content-length": "2" } }],
		["transfer-encoding", { allowed: true, headers: { "transfer-encoding": "chunked" } }],
		["host", { allowed: true, headers: { host: "evil.test" } }],
	])("by a policy through %s: 503", async (_name, decision) => {
		const answer = await mesh.get(at(decision));
		expect(answer).toMatchObject({ status: 503, complete: true });
		expect(header(answer, "set-cookie")).toBeUndefined();
		expect(mesh.upstream.seen).toEqual([]);
		expect(mesh.decisions()).toMatchObject([{ verdict: "deny", reason: "header_invalid" }]);
	});

	test("a query value is encoded, whatever is in it", async () => {
		const path = at({
			allowed: true,
			query_parameters_to_set: { q: "a b&c=d\r\nx: y#é" },
			query_parameters_to_remove: ["gone"],
		});
		// validate_mutations of Envoy 1.40 knows letters, digits and `*-._` as encoded, and no percent sign: what
		// needs encoding is refused there.
		expect((await mesh.get(`${path}?gone=1&q=old`)).status).toBe(500);
		expect(mesh.upstream.seen).toEqual([]);
		expect((await mesh.get(`${path}?gone=1&q=old`, { via: "unvalidated" })).status).toBe(404);
		const seen = mesh.upstream.seen[0]?.path ?? "";
		const query = new URLSearchParams(seen.slice(seen.indexOf("?")));
		expect(query.get("q")).toBe("a b&c=d\r\nx: y#é");
		expect([query.has("gone"), query.has("c")]).toEqual([false, false]);
	});

	test("a plain query value replaces every copy of the caller's", async () => {
		const path = at({ allowed: true, query_parameters_to_set: { tenant: "t-1.a_b" } });
		await mesh.get(`${path}?tenant=x&tenant=y`);
		expect(mesh.upstream.seen[0]?.path).toBe(`${path}?tenant=t-1.a_b`);
	});

	const ok = (fields: object): Buffer =>
		checkResponseBytes({
			status: { code: 0 },
			ok_response: fields,
			dynamic_metadata: struct(handoffMetadata()),
		});
	const option = (key: string, value: string) => ({ header: { key, value }, append_action: 2 });
	test.each<[string, Buffer]>([
		["a line break in a response header", ok({ response_headers_to_add: [option("x-a", BREAK)] })],
		[
			"a line break in a denial's header",
			checkResponseBytes({
				status: { code: DENIED },
				denied_response: { status: { code: 403 }, headers: [option("x-a", BREAK)] },
			}),
		],
		["a line break in a request header", ok({ headers: [option("x-a", BREAK)] })],
		[":path", ok({ headers: [option(":path", "/admin")] })],
		[":method", ok({ headers: [option(":method", "DELETE")] })],
		["150 headers", ok({ headers: Array.from({ length: 150 }, (_, at) => option(`x-${at}`, "1")) })],
		["70 KB of header", ok({ headers: [option("x-a", "1".repeat(70_000))] })],
	])("and Envoy stops what Postern would never send: %s", async (_name, answer) => {
		mesh.checkBy(() => answer);
		const path = at({ allowed: true });
		const seen = await mesh.get(path);
		expect(seen.status).toBeGreaterThanOrEqual(500);
		expect(header(seen, "set-cookie")).toBeUndefined();
		for (const request of mesh.upstream.seen) expect(request).toMatchObject({ method: "GET", path });
	});
});

describe("what the upstream is told about the caller is Postern's word alone", () => {
	test.each(["get", "get2"] as const)("a caller's identity headers do not arrive (%s)", async (by) => {
		await mesh[by](at({ allowed: true }), {
			headers: [
				["x-postern-id", "root"],
				["X-Postern-Issuer", "me"],
			].map(([n = "", v = ""]) => [by === "get2" ? n.toLowerCase() : n, v] as [string, string]),
		});
		expect(upstreamHeader("x-postern-id")).toEqual([]);
		expect(upstreamHeader("x-postern-issuer")).toEqual([]);
	});

	test("a header that the policy sets arrives once, whatever the caller sent", async () => {
		await mesh.get(at({ allowed: true, headers: { "X-User": "alice", "x-roles": ["a", "b"] } }), {
			headers: [
				["x-user", "mallory"],
				["X-USER", "trudy"],
				["x-roles", "admin"],
			],
		});
		expect(upstreamHeader("x-user")).toEqual(["alice"]);
		expect(upstreamHeader("x-roles").join(",").replaceAll(" ", "")).toBe("a,b");
	});

	test("a removed header is gone, whatever its case", async () => {
		await mesh.get(at({ allowed: true, request_headers_to_remove: ["X-Debug"] }), {
			headers: [["x-dEBUG", "1"]],
		});
		expect(upstreamHeader("x-debug")).toEqual([]);
	});

	test("an underscore is refused, not taken for a dash", async () => {
		expect((await mesh.get(at({ allowed: true }), { headers: [["x_postern_id", "root"]] })).status).toBe(400);
		expect(mesh.upstream.seen).toEqual([]);
	});

	test("repeats stay apart in what the policy sees; repeated singletons are refused", async () => {
		let seen: unknown;
		const path = at((input) => {
			seen = input.headers_list.filter(([name]: [string]) => name === "x-a");
			return true;
		});
		await mesh.get(path, {
			headers: [
				["x-a", "1"],
				["x-a", "2,3"],
			],
		});
		expect(seen).toEqual([
			["x-a", "1"],
			["x-a", "2,3"],
		]);
		for (const [name, value] of [
			["host", "b.test"],
			["authorization", "Bearer a"],
		] as const) {
			const headers: [string, string][] = [
				[name, value],
				[name, value],
			];
			expect([name, (await mesh.get(path, { headers })).status]).toEqual([name, 403]);
		}
	});

	test("ext_authz reads value, so a raw_value alone sets an empty header", async () => {
		mesh.checkBy(() =>
			checkResponseBytes({
				status: { code: 0 },
				ok_response: {
					headers: [{ header: { key: "x-a", raw_value: Buffer.from("raw") }, append_action: 2 }],
				},
				dynamic_metadata: struct(handoffMetadata()),
			}),
		);
		await mesh.get(at({ allowed: true }));
		expect(upstreamHeader("x-a")).toEqual([""]);
	});

	test("response headers: once, but for cookies; an allowed answer is private", async () => {
		const answer = await mesh.get(
			at({ allowed: true, response_headers_to_add: { "x-a": "1", "set-cookie": ["a=1", "b=2"] } }),
		);
		expect(answer.headers.filter(([name]) => name === "x-a")).toEqual([["x-a", "1"]]);
		expect(answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual([
			"a=1",
			"b=2",
		]);
		expect(header(answer, "cache-control")).toBe("private, no-store");
	});
});

describe("paths that two readers could read differently", () => {
	test.each(["/c/%2fadmin", "/c/%5cadmin", "/c/%00", "/c/a;b", "/c/%252e%252e/x", "/c/%zz"])(
		"%s is refused",
		async (path) => {
			const answer = await mesh.get(path);
			expect([400, 403]).toContain(answer.status);
			expect(mesh.upstream.seen).toEqual([]);
		},
	);

	test("dot segments are resolved before policy and upstream see them", async () => {
		const path = at({ allowed: true });
		expect((await mesh.get(`/x/%2e%2e${path}`)).status).toBe(200);
		expect(mesh.upstream.seen[0]?.path).toBe(path);
	});
});

describe("request bodies", () => {
	test("reach the policy, up to the limit", async () => {
		let seen: unknown;
		const path = at((input) => {
			seen = input.parsed_body;
			return true;
		});
		const headers: [string, string][] = [["content-type", "application/json"]];
		const small = await mesh.get(path, { via: "bodies", method: "POST", headers, body: '{"n":1}' });
		expect([small.status, seen]).toEqual([200, { n: 1 }]);
		const large = await mesh.get(path, {
			via: "bodies",
			method: "POST",
			headers,
			body: JSON.stringify("x".repeat(70_000)),
		});
		expect(large.status).toBe(413);
	});

	test("a limit for request bodies is the limit for masked answers to them, too", async () => {
		const path = at({ allowed: true, response: { release: ["$.id"] } });
		mesh.upstream.reply(path, whole({ body: JSON.stringify({ id: "x".repeat(200_000), ssn: SECRET }) }));
		const headers: [string, string][] = [["content-type", "application/json"]];
		const post = { method: "POST", headers, body: "{}" };
		expect((await mesh.get(path, { via: "bodies", ...post })).status).toBe(500);
		expect((await mesh.get(path, { via: "largeBodies", ...post })).status).toBe(200);
		expect((await mesh.get(path, { via: "bodies" })).status).toBe(200);
	});
});

describe("client certificates", () => {
	async function callTls(pair?: { readonly certificate: string; readonly key: string }): Promise<string> {
		return new Promise((resolve, reject) => {
			const socket = connectTls({
				host: "127.0.0.1",
				port: mesh.envoy.tlsPort,
				servername: "localhost",
				ca: mesh.certificates.authority,
				ALPNProtocols: ["http/1.1"],
				...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
			});
			let text = "";
			socket.on("secureConnect", () =>
				socket.write(
					`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-client-cert: URI=spiffe://forged/a\r\n\r\n`,
				),
			);
			socket.on("data", (bytes: Buffer) => {
				text += bytes.toString();
			});
			socket.on("end", () => resolve(text.split("\r\n")[0] ?? ""));
			socket.on("error", reject);
		});
	}
	let principal: unknown;
	let forwarded: unknown;
	let path = "";
	beforeAll(() => {
		path = at((input) => {
			principal = input.attributes.source.principal;
			forwarded = input.attributes.request.http.headers["x-forwarded-client-cert"];
			return true;
		});
	});

	test("a verified one names the caller; none leaves it nameless; what the caller says about it is dropped", async () => {
		expect(await callTls(await mesh.certificates.client("spiffe://test/billing"))).toContain(" 200 ");
		expect([principal, forwarded]).toEqual(["spiffe://test/billing", undefined]);
		expect(await callTls()).toContain(" 200 ");
		expect(principal === undefined || principal === "").toBe(true);
	});

	test("one of another authority fails the handshake", async () => {
		const { createCertificates } = await import("../support/envoy/certificates.ts");
		const rogue = await (await createCertificates()).client("spiffe://test/billing");
		const before = mesh.decisions().length;
		await expect(callTls(rogue)).rejects.toBeDefined();
		expect(mesh.decisions()).toHaveLength(before);
	});
});

test("a request that ends in the middle is no request", async () => {
	const answer = await callRaw(mesh.envoy.port, Buffer.from("GET /c HTTP/1.1\r\nhost: x\r\n"), {
		patience: 300,
	});
	expect(answer.status).toBe(0);
	expect(mesh.decisions()).toEqual([]);
});
