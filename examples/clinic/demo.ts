import { relative } from "node:path";
import process from "node:process";
import { type DemoArguments, readArguments, USAGE } from "./arguments.ts";
import { createAuditTail } from "./audit-tail.ts";
import { curlLines } from "./curl-lines.ts";
import { type Played, play } from "./play.ts";
import { DemoError, killAll } from "./processes.ts";
import { OUTAGE, SCENES } from "./scenes.ts";
import { createScreen, type Screen } from "./screen.ts";
import { showAudit, showCall, showRefused } from "./show.ts";
import { ROOT, type Stage, setStage } from "./stage.ts";

/** How often the demo looks whether what started it is still there. */
const ORPHAN_POLL_MS = 1000;

/** Resolves on Ctrl-C, on SIGTERM, and when whatever started the demo is gone. */
function interruption(): { readonly happened: () => boolean; readonly wait: Promise<void> } {
	let happened = false;
	const parent = process.ppid;
	const wait = new Promise<void>((resolve) => {
		const stop = () => {
			happened = true;
			resolve();
		};
		for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
		setInterval(() => {
			if (process.ppid !== parent) stop();
		}, ORPHAN_POLL_MS).unref();
	});
	return { happened: () => happened, wait };
}

async function playAll(screen: Screen, stage: Stage, goOn: () => void): Promise<readonly Played[]> {
	const played: Played[] = [];
	const tail = createAuditTail(stage.auditFile);
	for (const scene of SCENES) {
		goOn();
		const one = await play(stage, tail, scene);
		played.push(one);
		showCall(screen, played.length, one);
	}
	screen.heading(`${played.length + 1}. Postern stopped: every call is refused, nobody gets in by accident`);
	await stage.stopPostern();
	for (const scene of OUTAGE) {
		goOn();
		const one = await play(stage, undefined, scene);
		played.push(one);
		showRefused(screen, one);
	}
	screen.heading("The audit records");
	showAudit(screen, tail.all());
	screen.print();
	screen.print(
		`  All of them as JSON lines, not one value among them: ${relative(ROOT, stage.auditFile)}. The first two:`,
	);
	for (const line of tail.lines().slice(0, 2)) screen.wrapped(line);
	return played;
}

async function run(args: DemoArguments, screen: Screen): Promise<number> {
	const interrupted = interruption();
	const goOn = () => {
		if (interrupted.happened()) throw new DemoError("interrupted", 130);
	};
	screen.heading("Postern: one decision says who may call, and what they get to see");
	const stage = await setStage(
		args.port,
		(what) => screen.print(`  ${screen.dim("·")} ${what}`),
		interrupted.happened,
	);
	try {
		screen.print();
		screen.print(
			`  ${screen.green("= released")}   ${screen.yellow("~ masked")}   ${screen.red("- withheld")}   ${screen.dim("left: what the service answered, right: what the caller saw")}`,
		);
		const played = await playAll(screen, stage, goOn);
		const surprised = played.filter(({ surprises }) => surprises.length > 0).length;
		screen.print();
		const count = `${played.length - surprised} of ${played.length} answers as expected`;
		screen.print(`  ${surprised === 0 ? screen.green(`✓ ${count}`) : screen.red(`✗ ${count}`)}`);
		if (args.keep) {
			await stage.startPostern();
			screen.heading("Still running; Ctrl-C ends it");
			for (const line of curlLines(stage)) screen.print(`  ${line}`);
			await Promise.race([interrupted.wait, stage.breakdown()]);
			screen.print("\n  stopping ...");
		}
		return surprised === 0 ? 0 : 1;
	} finally {
		await stage.tearDown();
	}
}

process.on("exit", killAll);
// A pager or `head` that closes early is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(1);
});

async function main(): Promise<number> {
	const args = readArguments(process.argv.slice(2));
	if (args.help) {
		process.stdout.write(USAGE);
		return 0;
	}
	return run(args, createScreen(process.stdout, process.env["NO_COLOR"]));
}

try {
	process.exit(await main());
} catch (error) {
	if (!(error instanceof DemoError)) throw error;
	process.stderr.write(`demo: ${error.message}\n`);
	process.exit(error.exitCode);
}
