import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import type { Step } from "../../src/envoy/ext-proc/process-stream.ts";
import { createProcess } from "../../src/envoy/ext-proc/session.ts";
import { mutated, seeded } from "../support/byte-mutations.ts";
import {
	handoffMetadata,
	readResponse,
	requestBytes,
	responseBody,
	responseHeaders,
	responseTrailers,
} from "../support/ext-proc-messages.ts";
import { processDeps } from "../support/process-deps.ts";

const SECRET = "SECRET-MARKER";
const BODY = `{"id":7,"name":"Ada","orders":[{"total":1,"note":"${SECRET}"}],"ssn":"${SECRET}"}`;
const metadata = handoffMetadata({
	response: {
		release: ["$.id", "$.name", "$.orders[*].total"],
		mask: [{ select: "$..card", as: "partial", keep_end: 4 }],
		withhold: ["$..ssn"],
	},
	consumer: "3:jwt0:1:a",
});
const trailers = responseTrailers([
	["grpc-status", "0"],
	["x-checksum", SECRET],
]);
const gzipped: [string, string][] = [
	["content-type", "application/json"],
	["content-encoding", "gzip"],
];
const protocol_config = { response_body_mode: 2 };

/** Valid exchanges whose bodies must be masked, or replaced. */
const EXCHANGES: readonly (readonly Buffer[])[] = [
	[responseHeaders({ metadata }), responseBody(BODY, true, metadata)],
	[responseHeaders({ metadata }), responseBody(BODY, false, metadata), trailers],
	[responseHeaders({ metadata, headers: gzipped }), responseBody(gzipSync(BODY), true, metadata)],
	[responseHeaders({ metadata, status: 206 }), responseBody(BODY)],
	[responseHeaders({ metadata: undefined }), responseBody(BODY)],
	[responseHeaders({ metadata: handoffMetadata({ verdict: "deny" }) }), responseBody(BODY)],
	[
		requestBytes({ request_headers: { end_of_stream: true }, protocol_config }),
		responseHeaders({ metadata, protocol: undefined }),
		responseBody(BODY),
	],
];

/** What of an answer would let bytes of the upstream pass. */
function unmasked(step: Step): string | undefined {
	if (step.kind === "fail") return undefined;
	if (step.message.includes(SECRET)) return "the secret itself";
	const answer = readResponse(step.message);
	if (answer.mode_override !== undefined) return "an opt-out of the body";
	if (answer.response_body !== undefined && answer.response_body.response?.body_mutation?.body === undefined)
		return "a body answer without a body";
	if (answer.immediate_response !== undefined && !(answer.immediate_response.status?.code >= 400))
		return "a replacement without an error status";
	const kinds = [
		"request_headers",
		"response_headers",
		"response_body",
		"response_trailers",
		"immediate_response",
	];
	const known = [...kinds, "request_body", "request_trailers"].filter((kind) => answer[kind] !== undefined);
	return known.length === 1 ? undefined : `an answer about ${known.length} things`;
}

test("10,000 mutated exchanges: no crash, no hang, nothing unmasked", async () => {
	const random = seeded(20_261_124);
	const { deps } = processDeps();
	const service = createProcess(deps);
	const outcomes = { answers: 0, failures: 0, masked: 0 };
	for (let round = 0; round < 10_000; round++) {
		const messages = [...(EXCHANGES[Math.floor(random() * EXCHANGES.length)] ?? [])];
		const target = Math.floor(random() * messages.length);
		const shape = random();
		if (shape < 0.85) messages[target] = mutated(messages[target] ?? Buffer.alloc(0), random);
		else if (shape < 0.9) messages.splice(target, 1);
		else if (shape < 0.95) messages.splice(target, 0, messages[target] ?? Buffer.alloc(0));
		else messages.reverse();
		const stream = service.open();
		for (const message of messages) {
			const step = await stream.receive(message);
			const why = unmasked(step);
			if (why !== undefined)
				throw new Error(`round ${round}: ${why}\n${messages.map((each) => each.toString("hex")).join("\n")}`);
			if (step.kind === "fail") {
				outcomes.failures++;
				expect(stream.mayEnd()).toBe(false);
				break;
			}
			outcomes.answers++;
			if (step.message.includes("Ada")) outcomes.masked++;
		}
		stream.abandon();
	}
	// The mutations must reach every part of the machine to mean anything.
	expect(outcomes.failures).toBeGreaterThan(1000);
	expect(outcomes.answers).toBeGreaterThan(3000);
	expect(outcomes.masked).toBeGreaterThan(500);
}, 60_000);

test("2,000 messages of random bytes are refused", async () => {
	const random = seeded(7);
	const service = createProcess(processDeps().deps);
	for (let round = 0; round < 2000; round++) {
		const bytes = Buffer.from(
			Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
		);
		const step = await service.open().receive(bytes);
		expect(unmasked(step)).toBeUndefined();
	}
});

test("every prefix of a valid message is refused or judged, never passed", async () => {
	const service = createProcess(processDeps().deps);
	const [headers = Buffer.alloc(0), body = Buffer.alloc(0)] = EXCHANGES[0] ?? [];
	for (let length = 0; length < headers.length; length++)
		expect(unmasked(await service.open().receive(headers.subarray(0, length)))).toBeUndefined();
	for (let length = 0; length < body.length; length++) {
		const stream = service.open();
		await stream.receive(headers);
		expect(unmasked(await stream.receive(body.subarray(0, length)))).toBeUndefined();
	}
});

test("JSON bombs are refused in time", async () => {
	const service = createProcess(processDeps().deps);
	const bombs = [
		"[".repeat(1 << 19),
		`${'{"a":'.repeat(100_000)}1`,
		`{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":1`).join(",")}}`,
		`"${"\\u0000".repeat(150_000)}"`,
		`[${"1e400,".repeat(100_000)}1]`,
		" ".repeat(1 << 20),
	];
	const started = performance.now();
	for (const bomb of bombs) {
		const stream = service.open();
		await stream.receive(responseHeaders({ metadata }));
		expect(unmasked(await stream.receive(responseBody(bomb)))).toBeUndefined();
	}
	expect(performance.now() - started).toBeLessThan(40_000);
});
