// The image's entry: becomes Postern, with the heap that fits the container's memory. The process stays the same one
// (execve), so signals and exit codes need nobody to hand them on, and no shell is needed.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { memoryFlags, memoryLimit } from "./memory-flags.mjs";

const postern = fileURLToPath(new URL("./postern", import.meta.url));
const processes = Number(process.env.LAUNCH_PROCESSES) || 1;
const flags = memoryFlags(memoryLimit(), processes, process.env.NODE_OPTIONS);
process.execve(
	process.execPath,
	[process.execPath, ...flags, postern, ...process.argv.slice(2)],
	process.env,
);
