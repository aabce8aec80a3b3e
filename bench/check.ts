import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { makeWays, type Ways } from "./check-ways.ts";
import { evidenceLine } from "./evidence.ts";
import type { BenchLine } from "./types.ts";

/** Checks of one turn. Turns are short and many: the best of each way is one that nothing disturbed. */
const BATCH = 1_000;
const ROUNDS = 60;
/** Turns that warm up. */
const WARM = 12;
const WIRE_BATCH = 2_500;
const WIRE_ROUNDS = 9;
const IN_FLIGHT = 32;

type Cpu = ReturnType<typeof process.cpuUsage>;

/**
 * CPU time of one Check, ours against the naive way (objects by proto-loader, `evaluate(object)`), with the same policy,
 * request, document and answer, in one run: in process, and as a gRPC server of its own over loopback. Ours does what it
 * always does besides (refusals, record); the naive way does nothing but decide.
 */
export async function checkBench(): Promise<readonly BenchLine[]> {
	const ways = await makeWays();
	const local = await inProcessLines(ways);
	const evidence = await evidenceLine();
	const wire = await overWire(ways.request);
	return [
		...local,
		evidence,
		line("gRPC server on loopback", wire.ours, wire.naive),
		line("gRPC server on loopback, the naive way", wire.naive),
	];
}

/** The part of it that needs no server. */
export async function inProcessLines(ways: Ways): Promise<readonly BenchLine[]> {
	const wanted = ways.naive(ways.request);
	for (const way of [ways.ours, ways.strict, ways.recorded]) {
		if (!ways.agree(way(ways.request), wanted)) throw new Error("the ways disagree");
	}
	const { ours, strict, users, naive, naiveUsers } = await inProcess(ways);
	return [
		line("CPU per Check, in process", ours, naive),
		line("strict profile, in process: own keys and the hand-off besides", strict, naive),
		line("strict profile, in process, a thousand different answers", users, naiveUsers),
		line("the naive way, in process", naive),
	];
}

function line(name: string, value: number, against?: number): BenchLine {
	const rounded = Math.round(value * 10) / 10;
	if (against === undefined) return { name, value: rounded, unit: "µs" };
	return { name, value: rounded, unit: "µs", ratio: Math.round((value / against) * 1000) / 1000 };
}

function micros(before: Cpu, after: Cpu, count: number): number {
	return (after.user - before.user + after.system - before.system) / count;
}

type Way = "ours" | "strict" | "users" | "naive" | "naiveUsers";

/** The ways take turns, so that a busy moment of the machine hits each; the best turn of each counts. */
async function inProcess(ways: Ways): Promise<Readonly<Record<Way, number>>> {
	const { ours, strict, naive } = ways;
	const one = [ways.request];
	const turns = {
		ours: [ours, one],
		strict: [strict, one],
		users: [strict, ways.ofUsers],
		naive: [naive, one],
		naiveUsers: [naive, ways.ofUsers],
	} as const;
	const names = Object.keys(turns) as Way[];
	const best = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<
		Way,
		number
	>;
	for (let round = 0; round < WARM + ROUNDS; round++) {
		for (const name of names) {
			const [answer, requests] = turns[name];
			const before = process.cpuUsage();
			for (let count = 0; count < BATCH; count++) answer(requests[count % requests.length] as Buffer);
			const cost = micros(before, process.cpuUsage(), BATCH);
			if (round >= WARM) best[name] = Math.min(best[name], cost);
		}
	}
	return best;
}

async function overWire(request: Buffer): Promise<{ readonly ours: number; readonly naive: number }> {
	const servers = await Promise.all([startServer("ours"), startServer("naive")]);
	try {
		const of: [number[], number[]] = [[], []];
		for (const server of servers) await server.measure(request);
		for (let round = 0; round < WIRE_ROUNDS; round++) {
			for (const [index, server] of servers.entries()) of[index as 0 | 1].push(await server.measure(request));
		}
		return { ours: Math.min(...of[0]), naive: Math.min(...of[1]) };
	} finally {
		for (const server of servers) server.stop();
	}
}

interface WireServer {
	/** CPU microseconds of the server per call. */
	measure(request: Buffer): Promise<number>;
	stop(): void;
}

async function startServer(way: string): Promise<WireServer> {
	const child = fork(join(import.meta.dirname, "check-server.ts"), [way], { execArgv: ["--no-warnings"] });
	const { port } = (await reply(child)) as { port: number };
	const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
	const call = (request: Buffer): Promise<void> =>
		new Promise((resolve, reject) => {
			client.makeUnaryRequest(
				"/envoy.service.auth.v3.Authorization/Check",
				(bytes: Buffer) => bytes,
				(bytes: Buffer) => bytes,
				request,
				(error) => (error === null ? resolve() : reject(error)),
			);
		});
	const cpu = async (): Promise<Cpu> => {
		const answer = reply(child);
		child.send("cpu");
		return ((await answer) as { cpu: Cpu }).cpu;
	};
	return {
		async measure(request) {
			const before = await cpu();
			let left = WIRE_BATCH;
			const worker = async (): Promise<void> => {
				while (left-- > 0) await call(request);
			};
			await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
			return micros(before, await cpu(), WIRE_BATCH);
		},
		stop() {
			client.close();
			child.disconnect();
		},
	};
}

async function reply(child: ChildProcess): Promise<unknown> {
	const [message] = (await once(child, "message")) as [unknown];
	return message;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	for (const { name, value, unit, ratio } of await checkBench()) {
		console.log(`${name}: ${value} ${unit}${ratio === undefined ? "" : `, ratio ${ratio}`}`);
	}
}
