/**
 * `npm run test:overload [-- SECONDS]`: finds how many Checks a second Postern answers within Envoy's patience, then sends
 * three times as many, and prints what came of them: answers that were of use, refusals and how quick they were, memory,
 * and how long it took to be as before. Exits 1 where a bar is missed. Server and load have a core each; the policy is dear
 * enough for one process of load to bring three times what the server can answer.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { makeBundle } from "../src/policy/bundle/make.ts";
import { writeScript } from "./load/calls.ts";
import { manyRules } from "./ruler/policies.ts";
import { checkScript } from "./transport/check-script.ts";
import { startFleet } from "./transport/fleet.ts";

const SECONDS = Number(process.argv[2] ?? "60");
const WAY = process.env["POSTERN_SERVE_TRANSPORT"] ?? "lane";
const TIMES = 3;
const GOODPUT_BAR = 0.8;
const RECOVERY_BAR_SECONDS = 2;
/** As the load says in `grpc-timeout`. */
const PATIENCE_MS = 500;
/** None of them matches, and each is tried. */
const RULES = 1000;
const CONNECTIONS = 4;
const STREAMS = 1000;

const folder = await mkdtemp(join(tmpdir(), "postern-overload-"));
const fleet = await startFleet();
let missed = false;
try {
	await writeFile(join(folder, "policy.rego"), manyRules(RULES));
	const bundle = await makeBundle({ dirs: [folder], entrypoints: ["envoy/authz/allow"] });
	await writeFile(join(folder, "bundle.tar.gz"), bundle.bytes);
	const script = join(folder, "script");
	await writeFile(script, writeScript(checkScript(500)));
	const config = join(folder, "postern.yaml");
	await writeFile(
		config,
		`serve: {grpc: ["unix://${folder}/p.sock"], admin: "off"}\npolicy: {bundle: bundle.tar.gz, memo: off}\naudit: {sink: "off"}\nlog: {level: error}\n`,
	);
	const server = await fleet.server(config, WAY);
	const load = { script, connections: CONNECTIONS, streams: STREAMS };
	await server.measure({ ...load, streams: 16, calls: 20_000 });
	const calm = await server.measure({ ...load, streams: 16, calls: 40_000 });
	const maximum = calm.calls / calm.seconds;
	const rate = Math.round(maximum * TIMES);
	say(`maximum: ${Math.round(maximum)} Checks a second, p99 ${ms(calm.p99)}, ${mib(calm.rss)} (${WAY})`);

	const flood = await server.measure({ ...load, rate, calls: rate * SECONDS, patience: PATIENCE_MS * 1000 });
	const good = flood.good / flood.seconds;
	say(`${TIMES} times as many for ${Math.round(flood.seconds)} s: ${flood.calls} Checks`);
	say(
		`  of use: ${flood.good} (${Math.round(good)} a second, ${percent(good / maximum)} of the maximum) within ${PATIENCE_MS} ms`,
	);
	say(`  refused: ${flood.refused}, in p50 ${ms(flood.refusedP50)}, p99 ${ms(flood.refusedP99)}`);
	say(
		`  late or failed: ${flood.calls - flood.good - flood.refused}; given up before they were sent: ${flood.givenUp}`,
	);
	say(
		`  CPU of the server: ${flood.cpu.toFixed(1)} µs a call, refused or not; ${calm.cpu.toFixed(1)} µs before`,
	);
	say(`  memory: ${mib(flood.rss)} after ${mib(calm.rss)}`);
	bar(`goodput at least ${percent(GOODPUT_BAR)} of the maximum`, good / maximum >= GOODPUT_BAR);
	bar("half of the refusals within two fifths of the patience", flood.refusedP50 <= PATIENCE_MS * 400);
	bar("memory within 256 MiB of before", flood.rss - calm.rss <= 256 * 2 ** 20);

	const began = performance.now();
	let recovered = Number.POSITIVE_INFINITY;
	while (performance.now() - began < 20_000) {
		const after = await server.measure({ ...load, streams: 16, calls: 2000 });
		if (after.refused > 0 || after.good < after.calls || after.p99 > Math.max(calm.p99 * 2, 20_000)) continue;
		recovered = (performance.now() - began) / 1000;
		break;
	}
	say(`as before after ${recovered.toFixed(2)} s`);
	bar(`as before within ${RECOVERY_BAR_SECONDS} s`, recovered <= RECOVERY_BAR_SECONDS);
} finally {
	fleet.stop();
	await rm(folder, { recursive: true, force: true });
}
process.exit(missed ? 1 : 0);

function bar(promise: string, holds: boolean): void {
	say(`${holds ? "holds" : "MISSED"}: ${promise}`);
	if (!holds) missed = true;
}
function say(text: string): void {
	process.stdout.write(`${text}\n`);
}
function ms(microseconds: number): string {
	return `${(microseconds / 1000).toFixed(1)} ms`;
}
function mib(bytes: number): string {
	return `${Math.round(bytes / 2 ** 20)} MiB`;
}
function percent(share: number): string {
	return `${Math.round(share * 100)} %`;
}
