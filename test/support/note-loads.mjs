// For `--import`: appends the address of every file that a process loads to a file of its own in its working directory.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";

const kind = process.argv.includes("--worker") ? "worker" : "serve";
registerHooks({
	load(url, context, next) {
		if (url.startsWith("file:")) appendFileSync(`loads-${kind}-${process.pid}`, `${url}\n`);
		return next(url, context);
	},
});
