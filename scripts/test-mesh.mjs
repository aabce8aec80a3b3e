/**
 * `npm run test:mesh [-- PART...]`: the chart in real control planes, with the real Envoy and Postern behind them. The
 * parts are in `scripts/mesh/parts.mjs`; each says at its top what differs from a cluster.
 *
 * Everything runs in namespaces of its own: a network with nothing but its loopback device, for some of these programs
 * listen on every address; mounts; and processes, which all end with the first of them. Needs Linux and root; what a
 * machine cannot run is skipped, loudly.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./setup/find-program.mjs";
import { ROOT } from "./setup/places.mjs";
import { FOR_MESHES, lackingFor, setUpOrExit } from "./setup.mjs";

const NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"];
const begun = Date.now();
const seconds = () => `${((Date.now() - begun) / 1000).toFixed(0)} s`;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in FOR_MESHES));
if (unknown.length > 0) {
	process.stderr.write(
		`no part is called ${unknown.join(", ")}; there are ${Object.keys(FOR_MESHES).join(", ")}\n`,
	);
	process.exit(2);
}
const wanted = asked.length > 0 ? asked : Object.keys(FOR_MESHES);

/** What keeps every part from running here. */
function machineLacks() {
	if (process.platform !== "linux") return "not Linux";
	for (const name of ["unshare", "ip", "chroot", "mount"]) {
		if (findProgram(name) === undefined) return `no ${name} on the PATH`;
	}
	if (spawnSync("unshare", [...NAMESPACES, "true"]).status !== 0) {
		return "no right to a network, mounts and processes of its own (root, or CAP_SYS_ADMIN)";
	}
	return undefined;
}

const lacks = machineLacks();
const runnable = [];
for (const name of wanted) {
	const why = lacks === undefined ? await lackingFor(FOR_MESHES[name]) : [lacks];
	if (why.length === 0) runnable.push(name);
	else process.stdout.write(`\nSKIPPED, NOTHING OF IT WAS TESTED: ${name}\n  ${why.join("\n  ")}\n`);
}
const skipped = wanted.length - runnable.length;
if (runnable.length === 0) {
	process.stdout.write(`\n0 passed, 0 failed, ${skipped} skipped\n`);
	process.exit(0);
}
const { node } = await setUpOrExit([...new Set(runnable.flatMap((name) => FOR_MESHES[name]))]);
process.stdout.write(`set-up done after ${seconds()}\n`);

const folder = mkdtempSync(join(tmpdir(), "postern-mesh-"));
const inside = [join(ROOT, "scripts", "mesh", "inside.mjs"), folder, String(skipped), ...runnable];
const child = spawn("unshare", [...NAMESPACES, node, ...inside], { stdio: ["ignore", "inherit", "inherit"] });
/** @type {string | undefined} */
let interrupted;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
	process.on(signal, () => {
		interrupted = signal;
		// Takes the first process of the namespace with it, and that takes all others.
		child.kill("SIGKILL");
	});
}
const code = await new Promise((resolve) => child.on("close", resolve));
if (process.env.POSTERN_MESH_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`kept: ${folder}\n`);
process.stdout.write(interrupted === undefined ? `in all ${seconds()}\n` : "interrupted\n");
process.exit(interrupted === undefined ? (code ?? 1) : 130);
