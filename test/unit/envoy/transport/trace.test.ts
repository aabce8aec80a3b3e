import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "@jest/globals";
import { startTransport } from "../../../../src/envoy/transport/server.ts";
import type { TraceHeaders } from "../../../../src/lib/trace-context.ts";
import { memoryLog, memoryMetrics } from "../../../support/quiet.ts";
import { TRANSPORTS } from "../../../support/transports.ts";
import { until } from "../../../support/until.ts";

const OPTIONS = {
	addresses: ["127.0.0.1:0"],
	socketMode: 0o660,
	maxMessageBytes: 100_000,
	maxConcurrentStreams: 100,
	maxConnectionAgeMs: 300_000,
	maxConnectionAgeGraceMs: 30_000,
	maxConnectionIdleMs: 300_000,
	keepaliveMs: 60_000,
	keepaliveTimeoutMs: 20_000,
	maxInFlight: 10,
};
const asIs = (bytes: Buffer): Buffer => bytes;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe.each(TRANSPORTS)("%s", (transport) => {
	async function start() {
		const seen: (TraceHeaders | undefined)[] = [];
		const running = await startTransport(
			{ ...OPTIONS, transport },
			{
				check: (_request, _deadlineMs, trace) => {
					seen.push(trace);
					return Buffer.alloc(0);
				},
				deny: () => Buffer.alloc(0),
				process: {
					open: (trace) => {
						seen.push(trace);
						return {
							receive: () => ({ kind: "answer", message: Buffer.alloc(0) }),
							mayEnd: () => true,
							abandon: () => {},
						};
					},
				},
				log: memoryLog(),
				metrics: memoryMetrics().metrics,
			},
		);
		cleanups.push(() => running.drain(0));
		const client = new Client(running.addresses[0] ?? "", credentials.createInsecure());
		cleanups.push(() => client.close());
		const metadataOf = (fields: readonly (readonly [string, string])[]): Metadata => {
			const metadata = new Metadata();
			for (const [name, value] of fields) metadata.add(name, value);
			return metadata;
		};
		return {
			async check(...fields: (readonly [string, string])[]) {
				await new Promise<void>((resolve, reject) => {
					client.makeUnaryRequest(
						"/envoy.service.auth.v3.Authorization/Check",
						asIs,
						asIs,
						Buffer.from("x"),
						metadataOf(fields),
						(error) => (error === null ? resolve() : reject(error)),
					);
				});
				return seen.splice(0);
			},
			async process(...fields: (readonly [string, string])[]) {
				const call = client.makeBidiStreamRequest(
					"/envoy.service.ext_proc.v3.ExternalProcessor/Process",
					asIs,
					asIs,
					metadataOf(fields),
				);
				call.on("error", () => {});
				call.on("data", () => {});
				call.write(Buffer.from("x"));
				await until(() => seen.length > 0);
				call.cancel();
				return seen.splice(0);
			},
		};
	}

	test("hands over what a call's metadata say of a trace", async () => {
		const { check, process } = await start();
		const fields = [
			["traceparent", "00-a"],
			["x-other", "1"],
		] as const;
		expect(await check(...fields)).toEqual([{ traceparent: "00-a" }]);
		// Again, from the compression's table.
		expect(await check(...fields)).toEqual([{ traceparent: "00-a" }]);
		expect(await check(["b3", "1-2-1"])).toEqual([{ b3: "1-2-1" }]);
		const several = [
			["x-b3-traceid", "1"],
			["x-b3-spanid", "2"],
			["x-b3-sampled", "1"],
			["x-b3-flags", "0"],
		] as const;
		const found = { b3TraceId: "1", b3SpanId: "2", b3Sampled: "1", b3Flags: "0" };
		expect(await check(...several)).toEqual([found]);
		expect(await process(...several)).toEqual([found]);
		expect(await check(["traceparent", "a"], ["traceparent", "b"])).toEqual([
			{ traceparent: expect.stringMatching(/^a, ?b$/) },
		]);
	});

	test("hands over nothing where they say nothing, also on a connection where others did", async () => {
		const { check, process } = await start();
		await check(["traceparent", "00-a"]);
		expect(await check()).toEqual([undefined]);
		expect(await process()).toEqual([undefined]);
	});
});
