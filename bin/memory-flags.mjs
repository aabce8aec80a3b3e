// How much of a container's memory JavaScript may take, as flags of Node. Plain JavaScript without dependencies: it
// runs before anything else does.
import { readFileSync } from "node:fs";

const MIB = 1024 * 1024;
/** What is left for buffers, for the memories of policy modules, for code and stacks. */
const HEAP_SHARE = 0.6;
/** Below it Node does not start up well. */
const LEAST_HEAP_MIB = 48;
/** Short pauses matter more here than throughput: most objects of a call die young, and a small space is swept quickly. */
const SEMI_SPACE_MIB = 4;
/** Under this share a process has no room for three spaces of that size. */
const SMALL_MIB = 128;
/** What cgroups say when there is no limit is near 2^63; no machine has that. */
const NO_LIMIT = 2 ** 50;

/** Version 2, then version 1. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/**
 * The memory limit of this container in bytes; undefined where there is none.
 *
 * @param {(file: string) => string} [read]
 * @returns {number | undefined}
 */
export function memoryLimit(read = (file) => readFileSync(file, "latin1")) {
	for (const file of LIMIT_FILES) {
		let text;
		try {
			text = read(file).trim();
		} catch {
			continue;
		}
		const bytes = /^[0-9]+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
		return bytes > 0 && bytes < NO_LIMIT ? bytes : undefined;
	}
	return undefined;
}

/**
 * Flags for one of `processes` that share `limit` bytes. Empty where there is no limit, and where `NODE_OPTIONS` sets the
 * heap already.
 *
 * @param {number | undefined} limit
 * @param {number} processes
 * @param {string} options what `NODE_OPTIONS` holds
 * @returns {string[]}
 */
export function memoryFlags(limit, processes = 1, options = "") {
	if (limit === undefined || /--max[-_]old[-_]space[-_]size/.test(options)) return [];
	const share = limit / MIB / Math.max(1, processes);
	const semiSpace = share < SMALL_MIB ? 2 : SEMI_SPACE_MIB;
	const heap = Math.max(LEAST_HEAP_MIB, Math.floor(share * HEAP_SHARE));
	return [`--max-old-space-size=${heap}`, `--max-semi-space-size=${semiSpace}`];
}
