// The image's entry: becomes Postern, with the heap that fits the container's memory. The process stays the same one
// (execve), so signals and exit codes need nobody to hand them on, and no shell is needed.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const source = new URL("../src/launch/memory.ts", import.meta.url);
// A checkout runs its sources, whatever an earlier build left in dist; a package holds no sources.
const memory = existsSync(source) ? source : new URL("../dist/launch/memory.js", import.meta.url);
const { cgroupMemoryMax, heapLimits, MEMORY_ENVIRONMENT, memoryOptions } = await import(memory.href);

/** @param {string} path */
function read(path) {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return undefined;
	}
}

const processes = Number(process.env.LAUNCH_PROCESSES) || 1;
const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
const options = memoryOptions(heapLimits(cgroupMemoryMax(read), processes), given);
const postern = fileURLToPath(new URL("./postern", import.meta.url));
process.execve(
	process.execPath,
	[process.execPath, ...process.execArgv, ...options, postern, ...process.argv.slice(2)],
	{ ...MEMORY_ENVIRONMENT, ...process.env },
);
