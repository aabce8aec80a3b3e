import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../../support/until.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const POSTERN = join(ROOT, "bin", "postern");

/** A Node that is older than Postern needs, if the machine has one. */
const OLD_NODE = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
	if (!existsSync(path)) return false;
	const [major = 99, minor = 0] = spawnSync(path, ["-p", "process.versions.node"])
		.stdout.toString()
		.split(".")
		.map(Number);
	return major < 22 || (major === 22 && minor < 19);
});
const withOldNode = OLD_NODE === undefined ? test.skip : test;
if (OLD_NODE === undefined)
	console.warn("SKIPPED: 6 tests of the launcher, no Node older than 22.19 on this machine");

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-launcher-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package tree with the launcher, a stand-in for src/main.ts or dist/main.js, and Node if told so. */
function tree(name: string, files: Readonly<Record<string, string>>, node: boolean): string {
	const root = join(folder, name);
	mkdirSync(join(root, "bin"), { recursive: true });
	copyFileSync(POSTERN, join(root, "bin", "postern"));
	writeFileSync(join(root, "package.json"), '{"type":"module"}');
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(join(root, path, ".."), { recursive: true });
		writeFileSync(join(root, path), text);
	}
	if (node) {
		mkdirSync(join(root, ".tools", "bin"), { recursive: true });
		symlinkSync(process.execPath, join(root, ".tools", "bin", "node"));
	}
	return join(root, "bin", "postern");
}

describe("the launcher", () => {
	test("runs the command and hands on its exit code, output and no noise", () => {
		const good = spawnSync(process.execPath, [POSTERN, "--version"]);
		expect([good.status, good.stdout.toString(), good.stderr.toString()]).toEqual([
			0,
			expect.stringMatching(/^postern /),
			"",
		]);
		const bad = spawnSync(process.execPath, [POSTERN, "sreve"]);
		expect([bad.status, bad.stderr.toString()]).toEqual([2, expect.stringContaining('"serve"')]);
	});

	test("a reader that goes away early is no failure to report", async () => {
		const child = spawn("sh", [
			"-c",
			`"${process.execPath}" "${POSTERN}" mask --help | head -c 1; "${process.execPath}" "${POSTERN}" --help | true`,
		]);
		let stderr = "";
		child.stderr.on("data", (chunk) => {
			stderr += chunk;
		});
		await once(child, "close");
		expect(stderr).toBe("");
	});

	test("prefers the sources of a checkout, and runs dist where a package has none", () => {
		const both = tree(
			"both",
			{
				"src/main.ts": 'process.stdout.write("src" as string);',
				"dist/main.js": 'process.stdout.write("dist")',
			},
			false,
		);
		const packed = tree("packed", { "dist/main.js": 'process.stdout.write("dist")' }, false);
		expect(spawnSync(process.execPath, [both]).stdout.toString()).toBe("src");
		expect(spawnSync(process.execPath, [packed]).stdout.toString()).toBe("dist");
	});

	withOldNode("with an old Node and none of the project's: exit 3 and what to do", () => {
		const launcher = tree("without", { "src/main.ts": "" }, false);
		const { status, stderr } = spawnSync(OLD_NODE ?? "", [launcher, "--version"]);
		expect(status).toBe(3);
		expect(stderr.toString()).toMatch(/needs Node 22\.19 or newer.*npm run setup.*\(node_too_old\)\n$/);
	});

	withOldNode("with an old Node hands arguments, streams and the exit code through", () => {
		const launcher = tree(
			"through",
			{
				"src/main.ts":
					'process.stdin.pipe(process.stdout); process.stderr.write(process.argv.slice(2).join("|")); process.stdin.on("end", () => { process.exitCode = 7; process.disconnect?.(); });',
			},
			true,
		);
		const { status, stdout, stderr } = spawnSync(OLD_NODE ?? "", [launcher, "a b", "--c"], {
			input: "body\0bytes",
		});
		expect([status, stdout.toString(), stderr.toString()]).toEqual([7, "body\0bytes", "a b|--c"]);
	});

	withOldNode.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
		"with an old Node hands %s on and waits for the end",
		async (signal) => {
			const main = `process.on("${signal}", () => { process.stdout.write("got ${signal}"); process.exit(5); }); process.stdout.write("up\\n"); setInterval(() => {}, 1000);`;
			const child = spawn(OLD_NODE ?? "", [tree(`signal-${signal}`, { "src/main.ts": main }, true)]);
			let stdout = "";
			child.stdout.on("data", (chunk) => {
				stdout += chunk;
				if (stdout === "up\n") child.kill(signal);
			});
			const [code] = await once(child, "close");
			expect([code, stdout]).toEqual([5, `up\ngot ${signal}`]);
		},
	);

	withOldNode("killed without a word, leaves no process behind", async () => {
		const argv = ["serve", "--bundle", "none", "--grpc", "127.0.0.1:0", "--admin", "off", "--audit", "off"];
		const child = spawn(OLD_NODE ?? "", [POSTERN, ...argv], { cwd: folder });
		let stderr = "";
		child.stderr.on("data", (chunk) => {
			stderr += chunk;
		});
		await until(() => stderr.includes("listening, not ready"));
		const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
		expect(inner).toMatch(/^\d+$/);
		child.kill("SIGKILL");
		await until(() => !existsSync(`/proc/${inner}`));
	});
});
