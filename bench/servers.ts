import process from "node:process";
import { OWN, peer } from "./ruler/contenders.ts";
import { type BarResult, barTable, judged, type Row, rowsOf, tables } from "./ruler/report.ts";
import { runRuler } from "./ruler/run.ts";

export interface ServersOptions {
	/** `NAME=HOST:PORT`, or `NAME=COMMAND`. */
	readonly peer: readonly string[];
	/** The peer that bars are about; absent: the last. */
	readonly against?: string;
	/** Names of scenarios; empty: all. */
	readonly only: readonly string[];
	readonly rounds: number;
	/** Of one window. */
	readonly seconds: number;
	/** Calls a second of the open loop: direct, and through Envoy. */
	readonly rate: number;
	readonly envoyRate: number;
}

/**
 * Postern and any other ext_authz servers over the same calls, in one run. Prints tables in Markdown, and the bars against
 * a peer; undefined where the machine does not tell what processes cost.
 */
export async function serversBench(
	options: ServersOptions,
): Promise<{ readonly rows: readonly Row[]; readonly bars: readonly BarResult[] } | undefined> {
	if (process.platform !== "linux") {
		process.stdout.write("SKIPPED: CPU time of processes is read from /proc, which this machine lacks\n");
		return undefined;
	}
	const peers = options.peer.map(peer);
	const against = options.against ?? peers.at(-1)?.name;
	const started = Date.now();
	const results = await runRuler({
		...options,
		contenders: [...OWN, ...peers],
		progress: (text) =>
			process.stderr.write(`${text}: done after ${((Date.now() - started) / 1000).toFixed(0)} s\n`),
	});
	const rows = rowsOf(results);
	process.stdout.write(`${tables(rows, against)}\n`);
	if (against === undefined) return { rows, bars: [] };
	const bars = judged(rows, against);
	process.stdout.write(`\n${barTable(bars, against)}\n`);
	return { rows, bars };
}
