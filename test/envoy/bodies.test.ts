import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { header, SECRET } from "../support/envoy/client.ts";
import { withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { type Answer, answerBytes, whole } from "../support/envoy/upstream.ts";

const BODY = `{"id":7,"name":"Ada","ssn":"${SECRET}"}`;
const MASKED = '{"id":7,"name":"Ada"}';
const RELEASING = { allowed: true, response: { release: ["$.id", "$.name"] } };
const JSON_TYPE: [string, string] = ["content-type", "application/json"];

/** Whatever may not flow is treated alike by all of them. */
describe.each(["authz-and-fields", "authz-and-fields-requests", "authz-and-fields-streaming"])(
	"%s",
	(template) => {
		let mesh: Mesh;
		let mesh2: Mesh;
		let next = 0;

		beforeAll(async () => {
			[mesh, mesh2] = await Promise.all([
				startMesh({ template, variants: { unmatched: withoutMatcher } }),
				startMesh({ template, upstreamHttp2: true }),
			]);
		}, 30_000);
		afterAll(async () => {
			await closeAndCount(`bodies, HTTP/1.1 upstream, ${template}`, mesh);
			await closeAndCount(`bodies, HTTP/2 upstream, ${template}`, mesh2);
		}, 30_000);
		beforeEach(() => {
			mesh.reset();
			mesh2.reset();
		});

		/** A path of its own where the upstream gives `answer` and the policy releases two fields. */
		function at(answer: Answer, decision: Parameters<Mesh["decide"]>[1] = RELEASING): string {
			const path = `/b/${next++}`;
			mesh.upstream.reply(path, whole(answer));
			mesh.decide(path, decision);
			return path;
		}

		describe("a body under a directive", () => {
			test.each(["get", "get2"] as const)("is masked, of a new length (%s)", async (by) => {
				const answer = await mesh[by](at({ body: BODY }));
				expect(answer).toMatchObject({ status: 200, body: MASKED, complete: true });
				expect(header(answer, "content-length")).toBe(String(MASKED.length));
				expect(header(answer, "x-content-type-options")).toBe("nosniff");
				expect(header(answer, "cache-control")).toBe("private, no-store");
				expect(mesh.releases()).toMatchObject([{ outcome: "released", status: 200, upstream_status: 200 }]);
				expect(mesh.decisions()).toMatchObject([
					{ released: "fields", decision_id: mesh.releases()[0]?.decision_id },
				]);
			});

			test.each(["get", "get2"] as const)("is masked from an HTTP/2 upstream (%s)", async (by) => {
				mesh2.decide("/h2", RELEASING);
				mesh2.upstream.stream("/h2", (stream) => {
					stream.respond({
						":status": 200,
						"content-type": "application/json",
						etag: '"x"',
						"x-data": SECRET,
					});
					stream.write(BODY.slice(0, 20));
					stream.end(BODY.slice(20));
				});
				const answer = await mesh2[by]("/h2");
				expect(answer).toMatchObject({ status: 200, body: MASKED, complete: true });
				expect(header(answer, "etag")).toBeUndefined();
				expect(header(answer, "x-data")).toBeUndefined();
			});

			test("may come in chunks of any size", async () => {
				for (const chunked of [1, 7, 1000])
					expect(await mesh.get(at({ body: BODY, chunked }))).toMatchObject({
						status: 200,
						body: MASKED,
						complete: true,
					});
			});

			test("may end with its connection; what is cut short is refused", async () => {
				for (const [path, body, status] of [
					["/closed", BODY, 200],
					["/cut", BODY.slice(0, -1), 502],
				] as const) {
					mesh.decide(path, RELEASING);
					mesh.upstream.reply(path, (socket) =>
						socket.end(
							`HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${body}`,
						),
					);
					const answer = await mesh.get(path);
					expect(answer).toMatchObject({ status, complete: true });
					if (status === 200) expect(answer.body).toBe(MASKED);
				}
			});

			test("loses validators, lengths and whatever header is not on the list", async () => {
				const names = [
					"etag",
					"last-modified",
					"content-md5",
					"digest",
					"repr-digest",
					"content-digest",
					"accept-ranges",
				];
				const foreign = [
					"x-user-email",
					"set-cookie",
					"location",
					"x-envoy-leak",
					"surrogate-control",
					"x-accel-redirect",
				];
				const answer = await mesh.get(
					at({
						body: BODY,
						headers: [
							JSON_TYPE,
							["link", "</b?page=2>; rel=next"],
							["ratelimit-remaining", "3"],
							["access-control-allow-origin", "*"],
							...[...names, ...foreign].map((name): [string, string] => [name, SECRET]),
						],
					}),
				);
				expect(answer).toMatchObject({ status: 200, body: MASKED });
				for (const name of [...names, ...foreign])
					expect([name, header(answer, name)]).toEqual([name, undefined]);
				expect(header(answer, "link")).toBe("</b?page=2>; rel=next");
				expect(header(answer, "ratelimit-remaining")).toBe("3");
				expect(header(answer, "access-control-allow-origin")).toBe("*");
			});

			test("trailers: only grpc-status stays", async () => {
				const trailers: [string, string][] = [
					["x-checksum", SECRET],
					["grpc-status", "0"],
				];
				const chunked = await mesh.get(at({ body: BODY, chunked: 9, trailers }));
				expect(chunked).toMatchObject({ status: 200, body: MASKED, complete: true });
				mesh2.decide("/trailers", RELEASING);
				mesh2.upstream.stream("/trailers", (stream) => {
					stream.respond({ ":status": 200, "content-type": "application/json" }, { waitForTrailers: true });
					stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": SECRET, "grpc-status": "0" }));
					stream.end(BODY);
				});
				const answer = await mesh2.get2("/trailers");
				expect(answer).toMatchObject({ status: 200, body: MASKED, complete: true });
				expect(answer.trailers).toEqual([["grpc-status", "0"]]);
			});

			test.each([
				["gzip", gzipSync(BODY)],
				["deflate", deflateSync(BODY)],
				["br", brotliCompressSync(BODY)],
				["zstd", zstdCompressSync(BODY)],
			])("coded as %s is decoded and masked", async (coding, body) => {
				const answer = await mesh.get(at({ body, headers: [JSON_TYPE, ["content-encoding", coding]] }));
				expect(answer).toMatchObject({ status: 200, body: MASKED, complete: true });
				expect(header(answer, "content-encoding")).toBeUndefined();
			});

			test("is compressed for the caller after it was masked, and the upstream is asked not to", async () => {
				const body = JSON.stringify({ id: "x".repeat(1000), ssn: SECRET });
				const path = at({ body });
				const answer = await mesh.get(path, {
					headers: [
						["accept-encoding", "gzip"],
						["range", "bytes=0-10"],
					],
				});
				expect(answer).toMatchObject({ status: 200, body: `{"id":"${"x".repeat(1000)}"}`, complete: true });
				expect(header(answer, "content-encoding")).toBe("gzip");
				const [seen] = mesh.upstream.seen;
				expect(seen?.headers.filter(([name]) => name === "accept-encoding")).toEqual([
					["accept-encoding", "identity"],
				]);
				expect(seen?.headers.filter(([name]) => name === "range")).toEqual([]);
			});

			test("up to the buffer limit", async () => {
				const body = JSON.stringify({ id: "x".repeat(900_000), ssn: SECRET });
				const answer = await mesh.get(at({ body }));
				expect(answer).toMatchObject({ status: 200, complete: true });
				expect(answer.body).toHaveLength(900_009);
			});
		});

		describe("an answer without a body", () => {
			test("HEAD loses the length and the validator of what it does not show", async () => {
				const path = `/b/${next++}`;
				mesh.decide(path, RELEASING);
				mesh.upstream.reply(path, (socket) =>
					socket.write(answerBytes({ headers: [JSON_TYPE, ["etag", SECRET]], announce: 4711 })),
				);
				const answer = await mesh.get(path, { method: "HEAD" });
				expect(answer.status).toBe(200);
				expect(header(answer, "etag")).toBeUndefined();
				expect(answer.headers.map(([, value]) => value)).not.toContain("4711");
			});

			test.each([204, 304])("%i passes with judged headers", async (status) => {
				const path = `/b/${next++}`;
				mesh.decide(path, RELEASING);
				mesh.upstream.reply(path, (socket) =>
					socket.write(`HTTP/1.1 ${status} X\r\netag: ${SECRET}\r\nx-a: ${SECRET}\r\n\r\n`),
				);
				const answer = await mesh.get(path);
				expect(answer).toMatchObject({ status, body: "" });
				expect(header(answer, "etag")).toBeUndefined();
				expect(mesh.releases()).toMatchObject([{ outcome: "released", status }]);
			});

			test("a length of 0, and an empty body in chunks or frames of no type", async () => {
				expect(await mesh.get(at({ status: 201, body: "", headers: [["x-a", SECRET]] }))).toMatchObject({
					status: 201,
					body: "",
				});
				expect(await mesh.get(at({ status: 202, body: "", headers: [], chunked: 1 }))).toMatchObject({
					status: 202,
					body: "",
				});
				mesh2.decide("/empty", RELEASING);
				mesh2.upstream.stream("/empty", (stream) => {
					stream.respond({ ":status": 201 });
					stream.end();
				});
				expect(await mesh2.get2("/empty")).toMatchObject({ status: 201, body: "", complete: true });
			});
		});

		describe("what cannot be masked is replaced, and nothing of the upstream's is in the replacement", () => {
			const bomb = gzipSync(Buffer.concat([Buffer.from(`"${SECRET}`), Buffer.alloc(30_000_000, 32)]));
			test.each<[string, Answer, string]>([
				[
					"206",
					{ status: 206, body: BODY.slice(3), headers: [JSON_TYPE, ["content-range", "bytes 3-30/99"]] },
					"body_unsupported",
				],
				["malformed JSON", { body: `{"ssn":"${SECRET}"` }, "body_malformed"],
				["HTML", { body: `<p>${SECRET}</p>`, headers: [["content-type", "text/html"]] }, "body_unsupported"],
				["no type", { body: BODY, headers: [] }, "body_unsupported"],
				[
					"joined types",
					{ body: BODY, headers: [["content-type", "application/json, text/plain"]] },
					"body_unsupported",
				],
				[
					"two types",
					{ body: BODY, headers: [JSON_TYPE, ["content-type", "text/plain"]] },
					"body_unsupported",
				],
				[
					"an event stream",
					{ body: `data: {"a":"${SECRET}"}\n\n`, headers: [["content-type", "text/event-stream"]] },
					"body_unsupported",
				],
				[
					"an unknown coding",
					{ body: BODY, headers: [JSON_TYPE, ["content-encoding", "compress"]] },
					"body_unsupported",
				],
				[
					"two codings",
					{ body: gzipSync(BODY), headers: [JSON_TYPE, ["content-encoding", "gzip, br"]] },
					"body_unsupported",
				],
				[
					"a false coding",
					{ body: BODY, headers: [JSON_TYPE, ["content-encoding", "gzip"]] },
					"body_malformed",
				],
				["a bomb", { body: bomb, headers: [JSON_TYPE, ["content-encoding", "gzip"]] }, "body_too_large"],
			])("%s", async (_name, answer, reason) => {
				const hostile: [string, string][] = [
					["x-upstream", SECRET],
					["set-cookie", SECRET],
					["etag", SECRET],
				];
				const path = at({ ...answer, headers: [...(answer.headers ?? [JSON_TYPE]), ...hostile] });
				for (const by of ["get", "get2"] as const) {
					const seen = await mesh[by](path);
					expect(seen).toMatchObject({ status: 502, complete: true });
					expect(JSON.parse(seen.body)).toEqual({ type: "about:blank", title: "Bad Gateway", status: 502 });
					expect(header(seen, "content-type")).toBe("application/problem+json");
					for (const [name] of hostile) expect([name, header(seen, name)]).toEqual([name, undefined]);
				}
				expect(mesh.releases()).toMatchObject([
					{ outcome: "replaced", reason },
					{ outcome: "replaced", reason },
				]);
			});

			test("gRPC that nobody asked for is replaced by its status alone", async () => {
				const headers: [string, string][] = [
					["content-type", "application/grpc"],
					["x-upstream", SECRET],
				];
				for (const by of ["get", "get2"] as const) {
					const seen = await mesh[by](at({ body: BODY, headers }));
					expect(seen).toMatchObject({ status: 502, body: "", complete: true });
					expect([header(seen, "content-type"), header(seen, "x-upstream")]).toEqual([undefined, undefined]);
				}
				const replaced = { outcome: "replaced", reason: "body_unsupported" };
				expect(mesh.releases()).toMatchObject([replaced, replaced]);
			});

			test("the status of an upstream's error stays, its body does not", async () => {
				for (const status of [404, 418, 503]) {
					const answer = await mesh.get(
						at({ status, body: SECRET, headers: [["content-type", "text/plain"]] }),
					);
					expect(answer.status).toBe(status);
					expect(JSON.parse(answer.body)).toMatchObject({ status });
				}
				const open = { allowed: true, response: { withhold: ["$.ssn"] } };
				expect(await mesh.get(at({ status: 500, body: BODY }, open))).toMatchObject({ status: 500 });
				expect(mesh.releases().at(-1)).toMatchObject({ outcome: "replaced", reason: "error_status" });
				expect(await mesh.get(at({ status: 422, body: BODY }))).toMatchObject({ status: 422, body: MASKED });
			});

			test("over the buffer limit: Envoy's own 500", async () => {
				const body = JSON.stringify({ id: "x".repeat(2_000_000), ssn: SECRET });
				for (const by of ["get", "get2"] as const) expect((await mesh[by](at({ body }))).status).toBe(500);
			});

			test("an endless event stream is blocked at its headers, not at its end", async () => {
				const path = `/b/${next++}`;
				mesh.decide(path, {
					allowed: true,
					response: { release: ["$"], media_types: ["text/event-stream"] },
				});
				mesh.upstream.reply(path, (socket) =>
					socket.write(
						`HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n10\r\ndata: "${SECRET.slice(0, 8)}"\n`,
					),
				);
				const answer = await mesh.get(path);
				expect(answer.status).toBe(502);
				expect(answer.ms).toBeLessThan(1000);
			});

			test("a body shorter or longer than its length never passes unmasked", async () => {
				const path = `/b/${next++}`;
				mesh.decide(path, RELEASING);
				mesh.upstream.reply(path, (socket) => {
					socket.write(answerBytes({ body: BODY, announce: BODY.length + 50 }));
					socket.end();
				});
				const short = await mesh.get(path);
				expect(short.status).not.toBe(200);
				const long = await mesh.get(at({ body: `${BODY}${BODY}`, announce: BODY.length }));
				expect([200, 502, 503]).toContain(long.status);
				if (long.status === 200) expect(long.body).toBe(MASKED);
			});
		});

		describe("an answer released whole", () => {
			const WHOLE = { allowed: true };
			test("passes byte for byte, with its validators, without ext_proc", async () => {
				const before = await mesh.envoy.stats("ext_proc.streams_started");
				const path = at({ body: '{"id":1}', headers: [JSON_TYPE, ["etag", '"v1"'], ["x-own", "1"]] }, WHOLE);
				const answer = await mesh.get(path);
				expect(answer).toMatchObject({ status: 200, body: '{"id":1}', complete: true });
				expect(header(answer, "etag")).toBe('"v1"');
				expect(header(answer, "x-own")).toBe("1");
				expect(header(answer, "content-length")).toBe("8");
				expect(await mesh.envoy.stats("ext_proc.streams_started")).toBe(before);
				expect(mesh.decisions()).toMatchObject([{ released: "whole" }]);
				expect(mesh.releases()).toEqual([]);
			});

			test("is private for every cache, whatever the upstream ordered", async () => {
				const orders: [string, string][] = [
					["cache-control", "public, max-age=60"],
					["surrogate-control", "max-age=60"],
					["cdn-cache-control", "max-age=60"],
				];
				const answer = await mesh.get(at({ body: "{}", headers: [JSON_TYPE, ...orders] }, WHOLE));
				expect(answer.headers.filter(([name]) => name.endsWith("-control"))).toEqual([
					["cache-control", "private, no-store"],
				]);
			});

			test("may be larger than the buffer limit, of any type, and an event stream", async () => {
				const large = await mesh.get(
					at({ body: "x".repeat(5_000_000), headers: [["content-type", "text/plain"]] }, WHOLE),
				);
				expect(large).toMatchObject({ status: 200, complete: true });
				expect(large.body).toHaveLength(5_000_000);
				const stream = await mesh.get(
					at({ body: "data: 1\n\n", headers: [["content-type", "text/event-stream"]], chunked: 3 }, WHOLE),
				);
				expect(stream).toMatchObject({ status: 200, body: "data: 1\n\n" });
			});

			test("without the matcher ext_proc opts out of the body, and validators stay", async () => {
				const path = at({ body: '{"id":1}', headers: [JSON_TYPE, ["etag", '"v1"']] }, WHOLE);
				const answer = await mesh.get(path, { via: "unmatched" });
				expect(answer).toMatchObject({ status: 200, body: '{"id":1}', complete: true });
				expect(header(answer, "etag")).toBe('"v1"');
				expect(mesh.releases()).toEqual([]);
			});
		});
	},
);
