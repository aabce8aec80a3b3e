/**
 * `node scripts/run.mjs FILE [ARGUMENT...]`: sets up what is missing, then runs a script of the project with the
 * project's Node and tools, and ends as it ended.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { pathToFileURL } from "node:url";
import { setUpOrExit, withTools } from "./setup.mjs";

/**
 * @param {readonly string[]} argv a script and its arguments
 * @param {Parameters<typeof setUpOrExit>[0]} [parts]
 * @returns {Promise<number>} exit code
 */
export async function runScript(argv, parts) {
	const { bin, node } = await setUpOrExit(parts);
	const child = spawn(node, argv, { stdio: "inherit", env: withTools(bin) });
	const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];
	// A terminal sends Ctrl-C to the whole group, so the child may hear of it twice: it has to bear that.
	const handlers = forwarded.map((name) => [name, () => child.kill(name)]);
	for (const [name, handler] of handlers) {
		process.on(name, handler);
	}
	const code = await new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (status, signal) =>
			resolve(signal === null ? status : 128 + (constants.signals[signal] ?? 0)),
		);
	});
	for (const [name, handler] of handlers) {
		process.off(name, handler);
	}
	return code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const argv = process.argv.slice(2);
	if (argv.length === 0) {
		process.stderr.write("usage: node scripts/run.mjs FILE [ARGUMENT...]\n");
		process.exit(2);
	}
	process.exit(await runScript(argv));
}
