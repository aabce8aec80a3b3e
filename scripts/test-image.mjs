/**
 * `npm run test:image`: builds the image by deploy/image/Dockerfile on a stand-in for its two base images (Debian's
 * smallest system and the project's Node), and runs it as the chart does: read-only root, no capability, no new
 * privileges, user 65532. What it proves are the Dockerfile's steps and the hardened run, not the base images of a
 * release. Needs root on Debian or Ubuntu; skips loudly elsewhere.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildCommand } from "./image.mjs";
import { findProgram } from "./setup/find-program.mjs";
import { BIN, ROOT, TOOLS } from "./setup/places.mjs";
import { setUpOrExit, withTools } from "./setup.mjs";

const PROGRAMS = ["buildah", "podman", "runc", "mmdebstrap"];
const TAG = "localhost/postern-test:1";
const BUILD = "localhost/postern-test-build:1";
const BASE = "localhost/postern-test-base:1";
const CACHE = join(TOOLS, "image-base.tar");

const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
const say = (text) => process.stdout.write(`[${seconds()}] ${text}\n`);

/** Ends the run without a verdict, loudly: exit 0, but nobody can take it for a pass. */
function skip(why) {
	process.stdout.write(`\nSKIPPED, NOTHING WAS TESTED: ${why}\n\n0 passed, 0 failed, 1 skipped\n`);
	process.exit(0);
}

/** @param {string} program @param {readonly string[]} args @param {import("node:child_process").SpawnSyncOptions} [options] */
function must(program, args, options = {}) {
	const result = spawnSync(program, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
	if (result.status !== 0) {
		throw new Error(
			`${program} ${args.slice(0, 4).join(" ")} …: ${(result.stderr || result.stdout || String(result.error)).trim().split("\n").slice(-15).join("\n")}`,
		);
	}
	return result.stdout.trim();
}

function installPrograms() {
	const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
	if (missing.length === 0) return;
	if (process.getuid?.() !== 0 || findProgram("apt-get") === undefined) {
		skip(`${missing.join(", ")} missing, and this is no Debian or Ubuntu with root to install them`);
	}
	say(`installing ${missing.join(", ")}`);
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	spawnSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
	const args = ["install", "-y", "-qq", "--no-install-recommends", ...missing, "crun-"];
	if (spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status !== 0) {
		skip(`apt-get cannot install ${missing.join(", ")}`);
	}
}

/** A tar of a small Debian; kept. */
function baseTar() {
	if (existsSync(CACHE)) return;
	say("making the stand-in for the base images");
	mkdirSync(dirname(CACHE), { recursive: true });
	const include = "--include=ca-certificates,libstdc++6";
	must("mmdebstrap", ["--quiet", "--variant=minbase", include, "bookworm", `${CACHE}.part.tar`]);
	must("mv", [`${CACHE}.part.tar`, CACHE]);
}

/** An image of that tar with Node, once as a release's build image has it, once as its base image has it. */
function standIns(folder) {
	const node = realpathSync(join(BIN, "node"));
	const npm = realpathSync(findProgram("npm") ?? "");
	const container = must("buildah", ["from", "scratch"]);
	must("buildah", ["add", container, CACHE, "/"]);
	must("buildah", ["add", container, node, "/nodejs/bin/node"]);
	must("buildah", ["commit", "--quiet", container, BASE]);
	const shell = join(folder, "npm");
	writeFileSync(shell, '#!/bin/sh\nexec /usr/local/bin/node /opt/npm/bin/npm-cli.js "$@"\n');
	chmodSync(shell, 0o755);
	must("buildah", ["add", container, node, "/usr/local/bin/node"]);
	must("buildah", ["add", container, dirname(dirname(npm)), "/opt/npm"]);
	must("buildah", ["add", container, shell, "/usr/local/bin/npm"]);
	must("buildah", ["commit", "--quiet", container, BUILD]);
	must("buildah", ["rm", container]);
}

const RUN = [
	"--storage-driver",
	"overlay",
	"--cgroup-manager",
	"cgroupfs",
	"run",
	"--rm",
	"--runtime",
	"runc",
	"--ulimit",
	"nofile=4096:4096",
	"--ulimit",
	"nproc=4096:4096",
	"--network",
	"host",
	"--read-only",
	"--read-only-tmpfs=false",
	"--cap-drop",
	"all",
	"--security-opt",
	"no-new-privileges",
];

const results = [];
async function check(name, attempt) {
	try {
		await attempt();
		results.push(true);
		say(`ok    ${name}`);
	} catch (error) {
		results.push(false);
		say(`FAIL  ${name}: ${error instanceof Error ? error.message : error}`);
	}
}
function expect(condition, what) {
	if (!condition) throw new Error(what);
}

async function main() {
	if (process.platform !== "linux") skip("not Linux");
	const { bin } = await setUpOrExit();
	installPrograms();
	const folder = mkdtempSync(join(tmpdir(), "postern-image-"));
	try {
		baseTar();
		standIns(folder);
		say("building the image");
		const more = ["--pull-never", "--isolation", "chroot", "--network", "host"];
		must(
			"buildah",
			buildCommand({ program: "buildah", buildImage: BUILD, baseImage: BASE, tag: TAG, more }),
			{ cwd: ROOT },
		);
		say("built");
		await inspect();
		await hardened(folder, bin);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function inspect() {
	const { OCIv1 } = JSON.parse(must("buildah", ["inspect", "--type", "image", TAG]));
	await check("user, entry, stop signal and labels are set", () => {
		expect(OCIv1.config.User === "65532:65532", `user ${OCIv1.config.User}`);
		expect(OCIv1.config.StopSignal === "SIGTERM", `stop signal ${OCIv1.config.StopSignal}`);
		expect(OCIv1.config.Entrypoint.join(" ") === "/nodejs/bin/node /app/bin/launch.mjs", "entry point");
		for (const name of ["title", "licenses", "version", "revision", "created", "base.name"]) {
			expect(OCIv1.config.Labels[`org.opencontainers.image.${name}`] !== undefined, `no label ${name}`);
		}
	});
	await check("it holds no sources, no development packages, no compiler, and a bill of materials", () => {
		const container = must("buildah", ["from", "--pull-never", TAG]);
		try {
			const place = must("buildah", ["mount", container]);
			for (const name of ["src", "test", "node_modules/jest", "node_modules/typescript", ".tools"]) {
				expect(!existsSync(join(place, "app", name)), `/app/${name} is there`);
			}
			const bill = JSON.parse(must("cat", [join(place, "app", "sbom.cdx.json")]));
			expect(
				bill.bomFormat === "CycloneDX" &&
					bill.components.some(({ name }) => name === "jose" || name.endsWith("grpc-js")),
				"the bill of materials names no packages",
			);
			const writable = must("find", [join(place, "app"), "-perm", "/022", "!", "-type", "l"]);
			expect(writable === "", `writable: ${writable.split("\n")[0]}`);
			const secret = must("find", [place, "-name", ".npmrc"]);
			expect(secret === "", "an .npmrc is in the image");
		} finally {
			must("buildah", ["umount", container]);
			must("buildah", ["rm", container]);
		}
	});
}

async function hardened(folder, bin) {
	await check("answers --version as nobody", () => {
		expect(/^postern \d/.test(must("podman", [...RUN, TAG, "--version"])), "no version");
	});
	const shared = join(folder, "shared");
	mkdirSync(shared);
	must(
		"node",
		[
			join(ROOT, "bin", "postern"),
			"build",
			join(ROOT, "rego", "clinic"),
			"-o",
			join(shared, "bundle.tar.gz"),
		],
		{ env: withTools(bin) },
	);
	writeFileSync(
		join(shared, "postern.yaml"),
		'serve: {grpc: ["unix:///run/shared/grpc.sock"], admin: "off", drain_seconds: 2, socket_mode: "0660"}\npolicy: {bundle: /run/shared/bundle.tar.gz}\n',
	);
	must("chown", ["-R", "65532:65532", shared]);
	const server = spawn(
		"podman",
		[
			...RUN,
			"--memory",
			"256m",
			"--name",
			"postern-image-test",
			"--volume",
			`${shared}:/run/shared`,
			TAG,
			"serve",
			"--config",
			"/run/shared/postern.yaml",
		],
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	let output = "";
	for (const stream of [server.stdout, server.stderr])
		stream.on("data", (text) => {
			output += text;
		});
	const ended = new Promise((resolve) => server.on("close", resolve));
	try {
		await check("gets ready with a read-only root and no capability", async () => {
			for (let waited = 0; waited < 60 && !output.includes(" ready: grpc"); waited++) await sleep(500);
			expect(output.includes(" ready: grpc"), output.slice(-500));
		});
		await check("is healthy when asked by its own probe", () => {
			must(
				"node",
				[join(ROOT, "bin", "postern"), "probe", "--address", `unix://${join(shared, "grpc.sock")}`],
				{ env: withTools(bin) },
			);
		});
		await check("has the heap of its memory limit, without children", () => {
			const pid = must("podman", [
				"--cgroup-manager",
				"cgroupfs",
				"inspect",
				"--format",
				"{{.State.Pid}}",
				"postern-image-test",
			]);
			const line = must("cat", [`/proc/${pid}/cmdline`])
				.split("\0")
				.join(" ");
			// 60 % of what 256 MiB leave beside 64.
			expect(line.includes(" --max-old-space-size=115 "), line);
		});
	} finally {
		spawnSync("podman", ["--cgroup-manager", "cgroupfs", "kill", "--signal", "TERM", "postern-image-test"]);
	}
	await check("ends with 0 on SIGTERM", async () => {
		const code = await Promise.race([ended, sleep(20_000).then(() => "no end")]);
		if (code === "no end")
			spawnSync("podman", ["--cgroup-manager", "cgroupfs", "rm", "-f", "postern-image-test"]);
		expect(code === 0, `ended with ${code}`);
	});
}

try {
	await main();
} catch (error) {
	results.push(false);
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
}
const failed = results.filter((good) => !good).length;
process.stdout.write(`\n${results.length - failed} passed, ${failed} failed (in all ${seconds()})\n`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
