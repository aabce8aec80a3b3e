import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
	changeHeaders,
	changeTrailers,
	replaceAnswer,
	replaceBody,
} from "../../src/envoy/ext-proc/answers.ts";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import { problemBody } from "../../src/envoy/ext-proc/refusals.ts";
import { readResponse, requestBytes, struct } from "../support/ext-proc-messages.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
/** Header values are bytes; here one character each. */
const value = fc
	.uint8Array({ minLength: 1, maxLength: 40 })
	.map((bytes) => Buffer.from(bytes).toString("latin1"));
const field = fc.record({ name, value });
const changes = fc.record({
	remove: fc.array(name, { maxLength: 5 }),
	set: fc.array(field, { maxLength: 5 }),
});

test("whatever a message says, it is read as protobuf's own implementation wrote it", () => {
	const phases = ["request_headers", "response_headers", "request_trailers", "response_trailers"] as const;
	const metadata = fc.dictionary(
		fc.string({ maxLength: 10 }),
		fc.oneof(fc.string(), fc.boolean(), fc.constant(null)),
		{ maxKeys: 5 },
	);
	fc.assert(
		fc.property(
			fc.constantFrom(...phases),
			fc.array(field, { maxLength: 8 }),
			fc.boolean(),
			metadata,
			metadata,
			fc.option(fc.record({ request: fc.nat(5), response: fc.nat(5), waiting: fc.boolean() }), {
				nil: undefined,
			}),
			(phase, headers, end, attributes, namespace, protocol) => {
				const map = {
					headers: headers.map((each) => ({ key: each.name, raw_value: Buffer.from(each.value, "latin1") })),
				};
				const content = phase.endsWith("trailers") ? { trailers: map } : { headers: map, end_of_stream: end };
				const read = readProcessingRequest(
					requestBytes({
						[phase]: content,
						metadata_context: {
							filter_metadata: { other: struct({ a: 1 }), "envoy.filters.http.ext_authz": struct(namespace) },
						},
						attributes: { "envoy.filters.http.ext_proc": struct(attributes) },
						...(protocol === undefined
							? {}
							: {
									protocol_config: {
										request_body_mode: protocol.request,
										response_body_mode: protocol.response,
										send_body_without_waiting_for_header_response: protocol.waiting,
									},
								}),
					}),
				);
				expect(read.phase).toBe(phase);
				expect(read.headers).toEqual(headers);
				expect(read.endOfStream).toBe(phase.endsWith("headers") && end);
				if (phase.endsWith("_headers")) {
					expect({ ...read.metadata }).toEqual({ ...namespace });
					expect({ ...read.attributes }).toEqual({ ...attributes });
				}
				if (protocol === undefined) expect(read.protocol).toBeUndefined();
				else
					expect(read.protocol).toEqual({
						requestBodyMode: protocol.request,
						responseBodyMode: protocol.response,
						withoutWaiting: protocol.waiting,
					});
			},
		),
	);
});

test("a body is read byte for byte", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), (bytes, end) => {
			const read = readProcessingRequest(
				requestBytes({ response_body: { body: Buffer.from(bytes), end_of_stream: end } }),
			);
			expect(read).toMatchObject({ phase: "response_body", endOfStream: end });
			expect(read.body.equals(bytes)).toBe(true);
		}),
	);
});

test("whatever the pieces, the body answer holds all of them and nothing else", () => {
	fc.assert(
		fc.property(
			fc.array(fc.uint8Array({ maxLength: 70_000 }), { maxLength: 6 }),
			changes,
			(pieces, given) => {
				const { response_body: answer } = readResponse(replaceBody(pieces, given));
				expect(answer.response.status).toBe(0);
				expect(answer.response.body_mutation.body.equals(Buffer.concat(pieces))).toBe(true);
				expectChanges(answer.response.header_mutation, given);
			},
		),
	);
});

test("header and trailer changes arrive as raw bytes that overwrite", () => {
	fc.assert(
		fc.property(changes, (given) => {
			expectChanges(readResponse(changeHeaders(given)).response_headers.response.header_mutation, given);
			expectChanges(readResponse(changeTrailers(given)).response_trailers.header_mutation, given);
		}),
	);
});

test("every replacement has a status and a body that says no more than that", () => {
	fc.assert(
		fc.property(fc.integer({ min: 400, max: 599 }), (status) => {
			const { immediate_response: answer } = readResponse(replaceAnswer({ status, reason: "no_decision" }));
			expect(answer.status.code).toBe(status);
			expect(answer.body.toString()).toBe(problemBody(status));
			expect(JSON.parse(problemBody(status))).toMatchObject({ type: "about:blank", status });
		}),
	);
});

interface Mutation {
	readonly remove_headers: readonly string[];
	readonly set_headers: readonly {
		readonly header: { readonly key: string; readonly value?: string; readonly raw_value: Buffer };
		readonly append: { readonly value?: boolean };
	}[];
}

function expectChanges(
	mutation: Mutation,
	given: {
		readonly remove: readonly string[];
		readonly set: readonly { readonly name: string; readonly value: string }[];
	},
): void {
	expect(mutation.remove_headers).toEqual(given.remove);
	expect(
		mutation.set_headers.map(({ header }) => ({
			name: header.key,
			value: header.raw_value.toString("latin1"),
		})),
	).toEqual(given.set);
	for (const { header, append } of mutation.set_headers) {
		expect(header.value).toBeUndefined();
		expect(append.value).toBe(false);
	}
}
