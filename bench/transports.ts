import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { makeBundle } from "../src/policy/bundle/make.ts";
import { handoffMetadata, responseBody, responseHeaders } from "../test/support/ext-proc-messages.ts";
import { type CallScript, writeScript } from "./load/calls.ts";
import { DATA, NOP, RBAC_BOOLEAN, RBAC_OBJECT } from "./sample-request.ts";
import { checkScript } from "./transport/check-script.ts";
import { type BenchServer, type Fleet, type Measured, startFleet } from "./transport/fleet.ts";
import type { BenchLine } from "./types.ts";

/** The transports, and Node's own HTTP/2 without a gRPC library between them. The first is what the others are held to. */
const WAYS = ["grpc-js", "http2", "lane"] as const;
type Way = (typeof WAYS)[number];

const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
const REQUESTS = 500;
const ROUNDS = 5;
/** Calls that warm a server up, and calls of one window. */
const WARM = 20_000;
const WINDOW = 6_000;

interface Scenario {
	readonly name: string;
	readonly policy: string;
	readonly script: CallScript;
	readonly connections: number;
	readonly streams: number;
	/** What of the numbers of calls below is made; streams cost more. */
	readonly share?: number;
	/** Calls a second of an open loop; absent: the next call when the one before has ended. */
	readonly rate?: number;
}

/**
 * Postern as it is shipped, audit and metrics on, over each transport in the same run: the same policy, the same bytes.
 * Rounds take turns, so that a busy moment of the machine hits each; medians count. CPU time is the server process's own.
 */
export async function transportBench(only?: string, rounds = ROUNDS): Promise<readonly BenchLine[]> {
	const folder = await mkdtemp(join(tmpdir(), "postern-transports-"));
	const fleet = await startFleet();
	try {
		const lines: BenchLine[] = [];
		for (const scenario of scenarios())
			if (only === undefined || scenario.name === only)
				lines.push(...(await measure(scenario, fleet, folder, rounds)));
		return lines;
	} finally {
		fleet.stop();
		await rm(folder, { recursive: true, force: true });
	}
}

function scenarios(): readonly Scenario[] {
	const checks = { script: checkScript(REQUESTS), connections: 2, streams: 16 };
	const metadata = handoffMetadata({
		response: { release: ["$..id", "$..name"], mask: [{ select: "$..card", as: "redact" }] },
	});
	const answer = (octets: number): CallScript => ({
		path: PROCESS,
		calls: [[responseHeaders({ metadata }), responseBody(bodyOf(octets))]],
	});
	const streams = { policy: NOP, connections: 2, streams: 4, share: 0.25 };
	return [
		{ name: "Check, no rule", policy: NOP, ...checks },
		{ name: "Check, RBAC boolean", policy: RBAC_BOOLEAN, ...checks },
		{ name: "Check, RBAC object", policy: RBAC_OBJECT, ...checks },
		{ name: "Check, RBAC object, 2,000 a second", policy: RBAC_OBJECT, ...checks, rate: 2000 },
		{ name: "Process, 1 KB masked", script: answer(1024), ...streams },
		{ name: "Process, 16 KB masked", script: answer(16 * 1024), ...streams },
	];
}

function bodyOf(octets: number): string {
	const users: object[] = [];
	for (let id = 0; JSON.stringify(users).length < octets - 100; id++)
		users.push({ id, name: `Name ${id}`, card: `4111 1111 1111 ${1000 + id}`, note: "not for everybody" });
	return JSON.stringify(users);
}

async function measure(
	scenario: Scenario,
	fleet: Fleet,
	folder: string,
	rounds: number,
): Promise<readonly BenchLine[]> {
	const place = await mkdtemp(join(folder, "case-"));
	await writeFile(join(place, "policy.rego"), scenario.policy);
	await writeFile(join(place, "data.json"), DATA);
	const bundle = await makeBundle({ dirs: [place], entrypoints: ["envoy/authz/allow"] });
	await writeFile(join(place, "bundle.tar.gz"), bundle.bytes);
	const script = join(place, "script");
	await writeFile(script, writeScript(scenario.script));
	const servers: { readonly way: Way; readonly server: BenchServer; readonly seen: Measured[] }[] = [];
	for (const way of WAYS) {
		const config = join(place, `${way}.yaml`);
		await writeFile(
			config,
			`serve: {grpc: ["unix:${way}.sock"], admin: "off"}\npolicy: {bundle: bundle.tar.gz}\naudit: {sink: "${way}.jsonl"}\nlog: {level: error}\n`,
		);
		servers.push({ way, server: await fleet.server(config, way), seen: [] });
	}
	const { connections, streams, rate, share = 1 } = scenario;
	const order = { script, connections, streams };
	const timed = rate === undefined ? order : { ...order, rate };
	for (const { server } of servers) await server.measure({ ...order, calls: WARM * share });
	for (let round = 0; round < rounds; round++) {
		for (const { way, server, seen } of servers) {
			const result = await server.measure({ ...timed, calls: WINDOW * share });
			if (result.failed > 0) throw new Error(`${scenario.name}, ${way}: ${result.failed} calls failed`);
			seen.push(result);
		}
	}
	for (const { server } of servers) server.stop();
	const value = (way: Way, of: (one: Measured) => number): number =>
		median((servers.find((each) => each.way === way)?.seen ?? []).map(of));
	const line = (what: string, unit: string, way: Way, of: (one: Measured) => number): BenchLine => ({
		name: `${scenario.name}: ${what}, ${way}`,
		value: value(way, of),
		unit,
		...(way === WAYS[0] ? {} : { ratio: value(way, of) / value(WAYS[0], of) }),
	});
	return WAYS.flatMap((way) => [
		line("CPU per call", "µs", way, ({ cpu }) => cpu),
		line("median", "µs", way, ({ p50 }) => p50),
		line("p99", "µs", way, ({ p99 }) => p99),
		line("resident set", "MB", way, ({ rss }) => rss / 2 ** 20),
	]);
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((left, right) => left - right);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	for (const { name, value, unit, ratio } of await transportBench()) {
		const against = ratio === undefined ? "" : `  × ${ratio.toFixed(2)}`;
		process.stdout.write(`${name.padEnd(66)} ${value.toFixed(1).padStart(9)} ${unit}${against}\n`);
	}
}
