import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeScript } from "../load/calls.ts";
import { packagedPostern } from "../packaged.ts";
import { agree } from "./agree.ts";
import type { Contender, Running } from "./contenders.ts";
import { startBenchEnvoy } from "./envoy.ts";
import { asHttp, serialize } from "./requests.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { type Load, startLoad, type Window } from "./windows.ts";

const CHECK = "/envoy.service.auth.v3.Authorization/Check";
const CONNECTIONS = 2;
const ENVOY_CONNECTIONS = 4;
const STREAMS = 16;
/** Of an open loop: as many as are due at one time. */
const OPEN_STREAMS = 256;
const ENDLESS = 1e9;
/** Servers run for so long before anything counts: some compile what they have found to be in use. */
const WARM_SECONDS = 6;

export interface RulerOptions {
	readonly contenders: readonly Contender[];
	/** Names of scenarios; empty: all. */
	readonly only: readonly string[];
	readonly rounds: number;
	/** Of one window. */
	readonly seconds: number;
	/** Calls a second of the open loop: direct, and through Envoy. */
	readonly rate: number;
	readonly envoyRate: number;
	/** Told of each scenario as it is done. */
	readonly progress: (text: string) => void;
}

/** All windows of one server in one scenario. */
export interface Measured {
	readonly scenario: string;
	readonly through: "direct" | "envoy";
	readonly contender: string;
	readonly ours: boolean;
	/** The next call when the one before has ended: cost, and the most that can be had. */
	readonly closed: readonly Window[];
	/** At a fixed rate. */
	readonly open: readonly Window[];
}

interface Entry {
	readonly contender: Contender;
	readonly server: Running;
	readonly envoy?: Running;
	readonly closed: Window[];
	readonly open: Window[];
}

/**
 * Each scenario's servers run side by side and take turns, so that a busy moment of the machine hits each. All are asked
 * the same, and compared before anything is timed.
 */
export async function runRuler(options: RulerOptions): Promise<readonly Measured[]> {
	const folder = await mkdtemp(join(tmpdir(), "postern-ruler-"));
	const launcher = packagedPostern(join(folder, "package"));
	const load = await startLoad(folder);
	const results: Measured[] = [];
	try {
		const wanted = scenarios().filter(({ name }) => options.only.length === 0 || options.only.includes(name));
		for (const [number, scenario] of wanted.entries()) {
			const place = join(folder, String(number));
			results.push(...(await runScenario(scenario, place, launcher, load, options)));
			options.progress(scenario.name);
		}
		return results;
	} finally {
		await load.stop();
		await rm(folder, { recursive: true, force: true });
	}
}

async function runScenario(
	scenario: Scenario,
	folder: string,
	launcher: string,
	load: Load,
	options: RulerOptions,
): Promise<readonly Measured[]> {
	await mkdir(folder, { recursive: true });
	const calls = serialize(scenario.requests);
	const script = join(folder, "script");
	await writeFile(script, writeScript({ path: CHECK, calls }));
	const plain = join(folder, "plain");
	await writeFile(
		plain,
		writeScript({ path: "/", calls: calls.map(() => []), heads: asHttp(scenario.requests) }),
	);
	const entries: Entry[] = [];
	try {
		for (const contender of options.contenders) {
			if (contender.only !== undefined && !contender.only.includes(scenario.name)) continue;
			const place = join(folder, contender.name.replace(/\W+/g, "-"));
			await mkdir(place, { recursive: true });
			const server = await contender.start(scenario, place, launcher);
			entries.push({ contender, server, closed: [], open: [] });
		}
		await agree(
			calls.slice(0, 5).map(([message]) => message as Buffer),
			entries.map(({ contender, server }) => ({ name: contender.name, address: server.address })),
		);
		const streams = scenario.streams ?? STREAMS;
		const { rounds, seconds } = options;
		const rate = scenario.rate ?? options.rate;
		const closed = { script, connections: CONNECTIONS, streams, calls: ENDLESS, seconds };
		const open = { ...closed, streams: OPEN_STREAMS, rate };
		await takeTurns(entries, load, rounds, closed, open);
		const direct = entries.map((entry) => measured(entry, scenario.name, "direct"));
		if (scenario.throughEnvoy !== true) return direct;

		const behind: Entry[] = [];
		for (const { contender, server } of entries) {
			const envoy = await startBenchEnvoy(server.address, join(folder, contender.name.replace(/\W+/g, "-")));
			behind.push({ contender, server, envoy, closed: [], open: [] });
		}
		try {
			const all = { ...closed, script: plain, connections: ENVOY_CONNECTIONS, streams: STREAMS };
			const slow = { ...all, streams: OPEN_STREAMS, rate: options.envoyRate };
			await takeTurns(behind, load, rounds, all, slow);
		} finally {
			for (const { envoy } of behind) await envoy?.stop();
		}
		return [...direct, ...behind.map((entry) => measured(entry, scenario.name, "envoy"))];
	} finally {
		for (const { server } of entries) await server.stop();
	}
}

const measured = (entry: Entry, scenario: string, through: "direct" | "envoy"): Measured => ({
	scenario,
	through,
	contender: entry.contender.name,
	ours: entry.contender.ours,
	closed: entry.closed,
	open: entry.open,
});

async function takeTurns(
	entries: readonly Entry[],
	load: Load,
	rounds: number,
	closed: Parameters<Load["measure"]>[0],
	open: Parameters<Load["measure"]>[0],
): Promise<void> {
	const warm = { ...closed, seconds: Math.max(WARM_SECONDS, closed.seconds ?? 0) };
	for (const { server, envoy } of entries) await load.measure(warm, server, envoy);
	for (let round = 0; round < rounds; round++)
		for (let turn = 0; turn < entries.length; turn++) {
			const entry = entries[(turn + round) % entries.length] as Entry;
			const { server, envoy } = entry;
			for (const [order, kept] of [
				[closed, entry.closed],
				[open, entry.open],
			] as const)
				kept.push(await load.measure(order, server, envoy));
		}
}
