import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import {
	readCheckResponse,
	readProcessingResponse,
	writeResponseBody,
	writeResponseHeaders,
} from "../../src/envoy/probe/messages.ts";
import { WireError } from "../../src/envoy/protobuf/reader.ts";
import { checkResponseBytes, responseBytes, struct } from "../support/ext-proc-messages.ts";

const metadata = fc.dictionary(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), fc.string(), {
	maxKeys: 4,
	noNullPrototype: true,
});

describe("what the probe writes and reads", () => {
	test("a CheckResponse allows only with code 0 and without a denial", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 0, max: 16 }),
				fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
				metadata,
				(code, status, keys) => {
					const bytes = checkResponseBytes({
						status: { code },
						...(status === undefined ? {} : { denied_response: { status: { code: status } } }),
						dynamic_metadata: struct(keys),
					});
					const answer = readCheckResponse(bytes);
					expect(answer.allowed).toBe(code === 0 && status === undefined);
					if (!answer.allowed) expect(answer.status).toBe(status ?? 403);
					expect({ ...answer.metadata }).toEqual(keys);
				},
			),
		);
	});

	test("Postern reads the messages about an answer as they were meant", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), metadata, (body, keys) => {
				const headers = readProcessingRequest(writeResponseHeaders("text/x", body.length, "GET", keys));
				expect(headers).toMatchObject({ phase: "response_headers", endOfStream: false });
				expect({ ...headers.metadata }).toEqual(keys);
				expect(headers.attributes).toMatchObject({ "response.code_details": "via_upstream" });
				expect(headers.headers).toContainEqual({ name: "content-length", value: String(body.length) });
				const message = readProcessingRequest(writeResponseBody(body, keys));
				expect(message).toMatchObject({ phase: "response_body", endOfStream: true });
				expect([...message.body]).toEqual([...body]);
			}),
		);
	});

	test("a body that was put in the answer's place is found", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
				const bytes = responseBytes({
					response_body: { response: { header_mutation: {}, body_mutation: { body } } },
				});
				const answer = readProcessingResponse(bytes);
				expect(answer.kind).toBe("continue");
				if (answer.kind === "continue") expect([...(answer.body ?? [])]).toEqual([...body]);
			}),
		);
	});

	test("any other bytes are read, or refused as bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
				for (const read of [readCheckResponse, readProcessingResponse]) {
					try {
						read(bytes);
					} catch (thrown) {
						expect(thrown).toBeInstanceOf(WireError);
					}
				}
			}),
		);
	});
});
