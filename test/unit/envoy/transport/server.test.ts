import { chmodSync, existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { protoPath } from "grpc-health-check";
import type { ProcessStream, Step } from "../../../../src/envoy/ext-proc/process-stream.ts";
import { startTransport } from "../../../../src/envoy/transport/server.ts";
import type { Transport, TransportDeps } from "../../../../src/envoy/transport/types.ts";
import { type BytesClient, connectBytes } from "../../../support/grpc-bytes.ts";
import { memoryLog, memoryMetrics } from "../../../support/quiet.ts";
import { type TestedTransport, TRANSPORTS } from "../../../support/transports.ts";

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

const OK = 0;
const UNIMPLEMENTED = 12;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const INTERNAL = 13;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let kind: TestedTransport = "lane";

async function start(deps: Partial<TransportDeps> = {}, options: Partial<typeof OPTIONS> = {}) {
	const log = memoryLog();
	const transport = await startTransport(
		{ ...OPTIONS, transport: kind, ...options },
		{
			check: (request) => Buffer.concat([Buffer.from("answer to "), request]),
			deny: (reason) => Buffer.from(`denied: ${reason}`),
			log,
			metrics: memoryMetrics().metrics,
			...deps,
		},
	);
	cleanups.push(() => transport.drain(0));
	return { transport, log, client: connect(transport.addresses[0] ?? "") };
}

function connect(address: string): BytesClient {
	const client = connectBytes(address);
	cleanups.push(() => client.close());
	return client;
}

/** Streams that answer what `receive` says. */
function service(receive: (message: Uint8Array) => Step | Promise<Step>, mayEnd = true) {
	const open: ProcessStream[] = [];
	let abandoned = 0;
	return {
		open: () => {
			const stream: ProcessStream = { receive, mayEnd: () => mayEnd, abandon: () => void abandoned++ };
			open.push(stream);
			return stream;
		},
		abandoned: () => abandoned,
	};
}

const echo = (message: Uint8Array): Step => ({ kind: "answer", message: Buffer.from(message) });

function text(event: unknown): unknown {
	return Buffer.isBuffer(event) ? event.toString() : event;
}

describe.each(TRANSPORTS)("%s: checks", (each) => {
	beforeAll(() => {
		kind = each;
	});

	test("bytes pass to the check and back as they are", async () => {
		const { client } = await start();
		const request = Buffer.from([0, 255, 10, 128]);
		expect(await client.check(request)).toEqual(Buffer.concat([Buffer.from("answer to "), request]));
	});

	test("the caller's deadline reaches the check", async () => {
		let seen = 0;
		const { client } = await start({
			check: (_request, deadline) => {
				seen = deadline;
				return Buffer.from("x");
			},
		});
		await client.check(Buffer.from("a"), 5000);
		expect(seen - Date.now()).toBeGreaterThan(3000);
		expect(seen - Date.now()).toBeLessThan(5100);
		await client.check(Buffer.from("a"));
		expect(seen).toBe(Number.POSITIVE_INFINITY);
	});

	test.each([
		[
			"throws",
			() => {
				throw new Error("secret of the inside");
			},
		],
		["rejects", () => Promise.reject(new Error("secret of the inside"))],
	])("a check that %s becomes a denial, not a gRPC error", async (_how, check) => {
		const { client, log } = await start({ check });
		expect((await client.check(Buffer.from("a"))).toString()).toBe("denied: internal");
		expect(log.lines.filter((line) => line.level === "error")).toHaveLength(1);
	});

	test("over max_in_flight a check is denied and a stream refused, and the places are given back", async () => {
		const waiting: (() => void)[] = [];
		const { client } = await start(
			{
				check: () => new Promise((resolve) => waiting.push(() => resolve(Buffer.from("late")))),
				process: service(echo),
			},
			{ maxInFlight: 2 },
		);
		const held = [client.check(Buffer.from("1")), client.check(Buffer.from("2"))];
		while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
		expect((await client.check(Buffer.from("3"))).toString()).toBe("denied: overload");
		const refused = client.process();
		refused.send(Buffer.from("x"));
		expect(await refused.next()).toEqual({ code: RESOURCE_EXHAUSTED, details: "overload" });
		for (const release of waiting.splice(0)) release();
		expect((await Promise.all(held)).map(String)).toEqual(["late", "late"]);
		const admitted = client.process();
		admitted.send(Buffer.from("x"));
		expect(text(await admitted.next())).toBe("x");
		admitted.cancel();
	});
});

describe.each(TRANSPORTS)("%s: streams", (each) => {
	beforeAll(() => {
		kind = each;
	});

	test("answers come in order; OK is the answer to the caller's half-close alone", async () => {
		const { client } = await start({ process: service(echo) });
		const call = client.process();
		for (const message of ["a", "b", "c"]) call.send(Buffer.from(message));
		expect([text(await call.next()), text(await call.next()), text(await call.next())]).toEqual([
			"a",
			"b",
			"c",
		]);
		call.halfClose();
		expect(await call.next()).toMatchObject({ code: OK });
	});

	test("a half-close while something is owed ends with an error", async () => {
		const { client } = await start({ process: service(echo, false) });
		const call = client.process();
		call.send(Buffer.from("a"));
		await call.next();
		call.halfClose();
		expect(await call.next()).toEqual({ code: UNAVAILABLE, details: "unavailable" });
	});

	test("a failing step ends with its error and nothing of later steps is sent", async () => {
		const { client } = await start({
			process: service((message) => (message[0] === 33 ? { kind: "fail", code: "internal" } : echo(message))),
		});
		const call = client.process();
		call.send(Buffer.from("a"));
		call.send(Buffer.from("!"));
		call.send(Buffer.from("b"));
		expect(text(await call.next())).toBe("a");
		expect(await call.next()).toEqual({ code: INTERNAL, details: "internal" });
	});

	test("a rejected step ends with a neutral error", async () => {
		const { client } = await start({ process: service(() => Promise.reject(new Error("a secret"))) });
		const call = client.process();
		call.send(Buffer.from("a"));
		expect(await call.next()).toEqual({ code: INTERNAL, details: "internal" });
	});

	test("a message over the limit ends the call with an error", async () => {
		const { client } = await start({ process: service(echo) });
		const call = client.process();
		call.send(Buffer.alloc(OPTIONS.maxMessageBytes + 1));
		expect(await call.next()).toMatchObject({ code: RESOURCE_EXHAUSTED });
	});

	test("without the service Process is unimplemented", async () => {
		const { client } = await start();
		const call = client.process();
		call.send(Buffer.from("a"));
		expect(await call.next()).toMatchObject({ code: UNIMPLEMENTED });
	});

	test("a cancelled call gives its place back", async () => {
		const streams = service(echo);
		const { client, transport } = await start({ process: streams });
		const call = client.process();
		call.send(Buffer.from("a"));
		await call.next();
		expect(transport.inFlight()).toBe(1);
		call.cancel();
		while (transport.inFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
		expect(streams.abandoned()).toBe(1);
	});
});

describe.each(TRANSPORTS)("%s: drain", (each) => {
	beforeAll(() => {
		kind = each;
	});

	test("lets streams finish", async () => {
		const { client, transport } = await start({ process: service(echo) });
		const call = client.process();
		call.send(Buffer.from("a"));
		await call.next();
		let drained = false;
		const draining = transport.drain(5000).then(() => {
			drained = true;
		});
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(drained).toBe(false);
		call.send(Buffer.from("b"));
		expect(text(await call.next())).toBe("b");
		call.halfClose();
		expect(await call.next()).toMatchObject({ code: OK });
		await draining;
	});

	test("at the deadline ends open streams with an error, never OK", async () => {
		const { client, transport } = await start({ process: service(echo) });
		const calls = [client.process(), client.process()];
		for (const call of calls) {
			call.send(Buffer.from("a"));
			await call.next();
		}
		const started = performance.now();
		await transport.drain(200);
		expect(performance.now() - started).toBeLessThan(10_000);
		for (const call of calls)
			expect(await call.next()).toEqual({ code: UNAVAILABLE, details: "unavailable" });
	});

	test("reports NOT_SERVING first, and takes no new connection", async () => {
		const { transport } = await start();
		const health = healthClient(transport);
		expect(await health("")).toBe("NOT_SERVING");
		transport.health.setServing(true);
		for (const name of [
			"",
			"envoy.service.auth.v3.Authorization",
			"envoy.service.ext_proc.v3.ExternalProcessor",
		])
			expect(await health(name)).toBe("SERVING");
		await expect(health("other")).rejects.toMatchObject({ code: 5 });
		await transport.drain(100);
		await expect(connect(transport.addresses[0] ?? "").check(Buffer.from("a"), 1000)).rejects.toBeDefined();
	});
});

describe.each(TRANSPORTS)("%s: addresses", (each) => {
	beforeAll(() => {
		kind = each;
	});

	test("a port in use is address_in_use", async () => {
		const { transport } = await start();
		await expect(start({}, { addresses: [...transport.addresses] })).rejects.toMatchObject({
			code: "address_in_use",
		});
	});

	test("an address that other machines reach is address_unsafe without TLS", async () => {
		await expect(start({}, { addresses: ["0.0.0.0:0"] })).rejects.toMatchObject({ code: "address_unsafe" });
	});

	test("a socket in a folder that is not there is address_unusable", async () => {
		await expect(start({}, { addresses: ["unix:///nowhere/at/all.sock"] })).rejects.toMatchObject({
			code: "address_unusable",
		});
	});

	test("a unix socket has its mode, and a stale one is replaced", async () => {
		const path = join(mkdtempSync(join(tmpdir(), "postern-")), "s.sock");
		await leaveStaleSocket(path);
		expect(existsSync(path)).toBe(true);
		const { client } = await start({}, { addresses: [`unix://${path}`] });
		expect(statSync(path).mode & 0o777).toBe(0o660);
		expect((await client.check(Buffer.from("a"))).toString()).toBe("answer to a");
	});

	test("a socket that somebody listens on is left alone", async () => {
		const path = join(mkdtempSync(join(tmpdir(), "postern-")), "s.sock");
		const { client } = await start({}, { addresses: [`unix:${path}`] });
		await expect(start({}, { addresses: [`unix:${path}`] })).rejects.toMatchObject({
			code: "address_in_use",
		});
		expect((await client.check(Buffer.from("a"))).toString()).toBe("answer to a");
	});

	test("a file in the place of the socket is left alone", async () => {
		const path = join(mkdtempSync(join(tmpdir(), "postern-")), "s.sock");
		writeFileSync(path, "precious");
		chmodSync(path, 0o600);
		await expect(start({}, { addresses: [`unix:${path}`] })).rejects.toMatchObject({
			code: "address_in_use",
		});
		expect(existsSync(path)).toBe(true);
	});
});

function healthClient(transport: Transport): (service: string) => Promise<string> {
	const loaded = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
		grpc: {
			health: {
				v1: {
					Health: new (
						address: string,
						creds: unknown,
					) => {
						check(request: object, done: (error: Error | null, answer?: { status: string }) => void): void;
						close(): void;
					};
				};
			};
		};
	};
	const client = new loaded.grpc.health.v1.Health(transport.addresses[0] ?? "", credentials.createInsecure());
	cleanups.push(() => client.close());
	return (service) =>
		new Promise((resolve, reject) => {
			client.check({ service }, (error, answer) =>
				error === null ? resolve(answer?.status ?? "") : reject(error),
			);
		});
}

/** What a killed process leaves: Node removes the socket on close, so the file is moved out of its way first. */
async function leaveStaleSocket(path: string): Promise<void> {
	const { renameSync } = await import("node:fs");
	const server: Server = createServer();
	await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
	renameSync(`${path}.live`, path);
	await new Promise((resolve) => server.close(resolve));
}
