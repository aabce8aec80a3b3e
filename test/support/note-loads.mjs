// For `--import`: appends the address of every file that a process loads to a file of its own in its working directory,
// and to another what it asks of the garbage collector, which is not done.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";

const kind = process.argv.includes("--worker") ? "worker" : "serve";
globalThis.gc = (options) =>
	appendFileSync(`collections-${kind}-${process.pid}`, `${JSON.stringify(options)}\n`);
registerHooks({
	load(url, context, next) {
		if (url.startsWith("file:")) appendFileSync(`loads-${kind}-${process.pid}`, `${url}\n`);
		return next(url, context);
	},
});
