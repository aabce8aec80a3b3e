import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createProcess } from "../../src/envoy/ext-proc/session.ts";
import { startTransport } from "../../src/envoy/transport/server.ts";
import type { Transport } from "../../src/envoy/transport/types.ts";
import { mutated, seeded } from "../support/byte-mutations.ts";
import {
	handoffMetadata,
	readResponse,
	responseBody,
	responseHeaders,
	responseTrailers,
} from "../support/ext-proc-messages.ts";
import { type BytesClient, connectBytes, type ProcessClient } from "../support/grpc-bytes.ts";
import { processDeps } from "../support/process-deps.ts";
import { memoryLog, memoryMetrics } from "../support/quiet.ts";
import { type TestedTransport, TRANSPORTS } from "../support/transports.ts";

const SECRET = "SECRET-MARKER";
const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const metadata = handoffMetadata({ response: { release: ["$.id"] } });
const OK = 0;
const INVALID_ARGUMENT = 3;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

let transport: Transport;
let client: BytesClient;
async function start(kind: TestedTransport): Promise<void> {
	transport = await startTransport(
		{
			transport: kind,
			addresses: ["127.0.0.1:0"],
			socketMode: 0o660,
			maxMessageBytes: 4 << 20,
			maxConcurrentStreams: 1000,
			maxConnectionAgeMs: 300_000,
			maxConnectionAgeGraceMs: 30_000,
			maxConnectionIdleMs: 300_000,
			keepaliveMs: 60_000,
			keepaliveTimeoutMs: 20_000,
			maxInFlight: 1000,
		},
		{
			check: () => Buffer.alloc(0),
			deny: () => Buffer.alloc(0),
			process: createProcess(processDeps().deps),
			log: memoryLog(),
			metrics: memoryMetrics().metrics,
		},
	);
	client = connectBytes(transport.addresses[0] ?? "");
}
async function stop(): Promise<void> {
	client.close();
	await transport.drain(100);
}

async function answer(call: ProcessClient, message: Uint8Array) {
	call.send(message);
	const event = await call.next();
	return Buffer.isBuffer(event) ? readResponse(event) : event;
}

async function masksStill(): Promise<void> {
	const call = client.process();
	expect((await answer(call, responseHeaders({ metadata }))).response_headers).toBeDefined();
	const body = await answer(call, responseBody(BODY));
	expect(body.response_body.response.body_mutation.body.toString()).toBe('{"id":7}');
	call.halfClose();
	expect(await call.next()).toMatchObject({ code: OK });
}

describe.each(TRANSPORTS)("over gRPC by %s", (kind) => {
	beforeAll(() => start(kind));
	afterAll(stop);

	test("an exchange with trailers", async () => {
		const call = client.process();
		await answer(call, responseHeaders({ metadata }));
		await answer(call, responseBody(BODY, false));
		const trailers = await answer(call, responseTrailers([["x", SECRET]]));
		expect(trailers.response_trailers.header_mutation.remove_headers).toEqual(["x"]);
		call.halfClose();
		expect(await call.next()).toMatchObject({ code: OK });
	});

	test("half-closed while a body is owed: an error", async () => {
		const call = client.process();
		await answer(call, responseHeaders({ metadata }));
		call.halfClose();
		expect(await call.next()).toEqual({ code: UNAVAILABLE, details: "unavailable" });
	});

	test.each([
		["a body before its headers", [responseBody(BODY)], FAILED_PRECONDITION],
		["headers twice", [responseHeaders({ metadata }), responseHeaders({ metadata })], INVALID_ARGUMENT],
		[
			"an unsafe mode",
			[responseHeaders({ metadata, protocol: { response_body_mode: 4 } })],
			FAILED_PRECONDITION,
		],
		["no message", [Buffer.from("ff", "hex")], INVALID_ARGUMENT],
	])("%s: an error that says nothing", async (_name, messages, code) => {
		const call = client.process();
		for (const message of messages) call.send(message);
		for (;;) {
			const event = await call.next();
			if (Buffer.isBuffer(event)) continue;
			expect(event.code).toBe(code);
			expect(event.details).toMatch(/^[a-z]+$/);
			break;
		}
	});

	test("500 mutated exchanges leave the server as it was", async () => {
		const random = seeded(99);
		for (let batch = 0; batch < 10; batch++) {
			await Promise.all(
				Array.from({ length: 50 }, async () => {
					const call = client.process();
					call.send(mutated(responseHeaders({ metadata }), random));
					call.send(mutated(responseBody(BODY), random));
					call.halfClose();
					for (;;) {
						const event = await call.next();
						if (!Buffer.isBuffer(event)) return;
						expect(event.includes(SECRET)).toBe(false);
						const read = readResponse(event);
						expect(read.mode_override).toBeUndefined();
						if (read.response_body !== undefined)
							expect(read.response_body.response.body_mutation.body).toBeDefined();
					}
				}),
			);
			await masksStill();
		}
		expect(transport.inFlight()).toBe(0);
	}, 30_000);

	test("1,000 exchanges at the same time, each with its own directive", async () => {
		await Promise.all(
			Array.from({ length: 1000 }, async (_, at) => {
				const call = client.process();
				const own = handoffMetadata({ response: { release: [`$.f${at}`] } });
				await answer(call, responseHeaders({ metadata: own }));
				const body = await answer(call, responseBody(`{"f${at}":${at},"f${at + 1}":"${SECRET}"}`));
				expect(body.response_body.response.body_mutation.body.toString()).toBe(`{"f${at}":${at}}`);
				call.halfClose();
			}),
		);
	}, 30_000);
});
