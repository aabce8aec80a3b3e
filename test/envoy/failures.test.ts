import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { changeHeaders } from "../../src/envoy/ext-proc/answers.ts";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import type { ProcessStream } from "../../src/envoy/ext-proc/process-stream.ts";
import { runProcessCall } from "../../src/envoy/transport/grpc-js/process-call.ts";
import { header, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, extProcOf } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { type Move, scripted } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { responseBytes } from "../support/ext-proc-messages.ts";

const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const MASKED = '{"id":7}';
/** An upstream's body without the mark, for what Envoy would let pass: that it does is the fact, and no leak of ours. */
const PLAIN = '{"id":7,"ssn":"unmasked"}';
const UNKNOWN = 2;
const UNAVAILABLE = 14;

/** `ProcessingMode` of a listener of its own. */
function mode(changes: Readonly<Record<string, string>>, more: Readonly<Record<string, unknown>> = {}) {
	return (manager: EnvoyConfig): void => {
		const settings = extProcOf(manager);
		Object.assign(settings.processing_mode, changes);
		Object.assign(settings, more);
	};
}

let mesh: Mesh;
beforeAll(async () => {
	mesh = await startMesh({
		variants: {
			none: mode({ response_body_mode: "NONE" }),
			partial: mode({ response_body_mode: "BUFFERED_PARTIAL" }),
			duplex: mode({ response_body_mode: "FULL_DUPLEX_STREAMED" }),
			headerSkip: mode({ response_header_mode: "SKIP" }),
			onlyBodies: mode({ response_header_mode: "SKIP", response_trailer_mode: "SKIP" }),
		},
	});
	for (const path of ["/secret", "/plain"]) {
		mesh.upstream.reply(path, whole({ body: path === "/secret" ? BODY : PLAIN }));
		mesh.decide(path, { allowed: true, response: { release: ["$.id"] } });
	}
}, 30_000);
afterAll(() => closeAndCount("failures", mesh), 30_000);
afterEach(() => mesh.reset());

const CONTINUE_HEADERS = changeHeaders({ remove: ["content-length"], set: [] });

describe("whatever goes wrong in ext_proc, the caller gets a whole error and no byte of the upstream", () => {
	test.each<[string, Move, Move | undefined, number]>([
		["a gRPC error at the headers", { code: UNKNOWN }, undefined, 502],
		["UNAVAILABLE at the headers, after all retries", { code: UNAVAILABLE }, undefined, 502],
		["a gRPC error at the body", CONTINUE_HEADERS, { code: UNKNOWN }, 502],
		["an empty message at the headers", responseBytes({}), undefined, 502],
		["an empty message at the body", CONTINUE_HEADERS, responseBytes({}), 502],
		[
			"the answer to another phase",
			CONTINUE_HEADERS,
			responseBytes({ response_headers: { response: {} } }),
			502,
		],
		["the answer to a request", responseBytes({ request_headers: { response: {} } }), undefined, 502],
		["bytes that are no message", Buffer.from("ffff", "hex"), undefined, 502],
		["no answer to the headers", "silence", undefined, 504],
		["no answer to the body", CONTINUE_HEADERS, "silence", 504],
		[
			"a line break in a header",
			changeHeaders({ remove: [], set: [{ name: "x-a", value: "1\r\nx-b: 2" }] }),
			undefined,
			502,
		],
		[
			"a wrong content-length",
			CONTINUE_HEADERS,
			responseBytes({
				response_body: {
					response: {
						header_mutation: {
							set_headers: [{ header: { key: "content-length", raw_value: Buffer.from("3") } }],
						},
						body_mutation: { body: Buffer.from("longer than that") },
					},
				},
			}),
			502,
		],
	])("%s", async (_name, headers, body, status) => {
		mesh.processBy(scripted(body === undefined ? { headers } : { headers, body }));
		for (const by of ["get", "get2"] as const) {
			const answer = await mesh[by]("/secret");
			expect(answer).toMatchObject({ status, complete: true });
			expect(header(answer, "content-type")).not.toBe("application/json");
		}
	});

	test("Postern down: 503 before the upstream is asked; an answer under way: 502", async () => {
		await mesh.stopPostern();
		expect(await mesh.get("/secret")).toMatchObject({ status: 503, complete: true });
		expect(mesh.upstream.seen).toEqual([]);
		await mesh.startPostern();
		expect(await mesh.get("/secret")).toMatchObject({ status: 200, body: MASKED });
	});

	test.each(["response_headers", "response_body"])("killed while %s is judged", async (phase) => {
		mesh.processBy((call) => {
			const stream: ProcessStream = {
				receive(message) {
					if (readProcessingRequest(message).phase === phase) {
						void mesh.stopPostern();
						return new Promise(() => {});
					}
					return { kind: "answer", message: CONTINUE_HEADERS };
				},
				mayEnd: () => false,
				abandon() {},
			};
			runProcessCall(call, stream, () => {});
		});
		const answer = await mesh.get("/secret");
		// Envoy's retries of a killed server may outlast its own patience.
		expect([502, 503, 504]).toContain(answer.status);
		expect(answer.complete).toBe(true);
		await mesh.startPostern();
	});
});

describe("what only Postern can prevent", () => {
	test.each<[string, Move, Move | undefined]>([
		["a clean end at the headers", "end", undefined],
		["a clean end at the body", CONTINUE_HEADERS, "end"],
		["a body answer without a body", CONTINUE_HEADERS, responseBytes({ response_body: { response: {} } })],
		[
			"a streamed answer in BUFFERED",
			CONTINUE_HEADERS,
			responseBytes({
				response_body: {
					response: { body_mutation: { streamed_response: { body: Buffer.from("x"), end_of_stream: true } } },
				},
			}),
		],
		[
			"CONTINUE with a body at the headers, and nothing at the body",
			responseBytes({
				response_headers: { response: { status: 0, body_mutation: { body: Buffer.from("{}") } } },
			}),
			responseBytes({ response_body: { response: {} } }),
		],
	])("%s lets the upstream's body pass", async (_name, headers, body) => {
		mesh.processBy(scripted(body === undefined ? { headers } : { headers, body }));
		expect(await mesh.get("/plain")).toMatchObject({ status: 200, body: PLAIN });
	});

	test("an immediate response without a status is a 200", async () => {
		mesh.processBy(scripted({ headers: responseBytes({ immediate_response: { body: Buffer.from("no") } }) }));
		expect(await mesh.get("/secret")).toMatchObject({ status: 200, body: "no" });
	});

	test("a header given as value instead of raw_value arrives empty", async () => {
		const set_headers = [
			{ header: { key: "x-value", value: "text" } },
			{ header: { key: "x-both", value: "text", raw_value: Buffer.from("raw") } },
		];
		const headers = responseBytes({ response_headers: { response: { header_mutation: { set_headers } } } });
		const body = responseBytes({ response_body: { response: {} } });
		mesh.processBy(scripted({ headers, body }));
		const answer = await mesh.get("/plain");
		expect(header(answer, "x-value")).toBe("");
		expect(header(answer, "x-both")).toBe("raw");
	});
});

describe("modes in which masking cannot hold are refused", () => {
	test.each(["none", "partial", "duplex", "headerSkip", "onlyBodies"])("%s", async (via) => {
		for (const by of ["get", "get2"] as const) {
			const answer = await mesh[by]("/secret", { via });
			// Where Envoy has let go of the headers already, the answer is cut short or reset.
			if (answer.status === 200) expect(answer.body).toBe("");
			else expect(answer.status).toBe(502);
		}
	});
});
