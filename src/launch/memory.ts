const MIB = 1024 * 1024;

/** Sizes for `--max-old-space-size` and `--max-semi-space-size`, MiB. */
export interface HeapLimits {
	/** Absent: nothing is known, and V8 chooses. */
	readonly oldSpace?: number;
	readonly semiSpace: number;
}

/** Larger ones make fewer collections, for a few hundredths of the CPU, and take several times their size. */
const SEMI_SPACE = 2;
/** What a process needs besides its heap: code, stacks, sockets, a policy's memory of usual size. */
const OUTSIDE_HEAP = 64;
const LEAST_OLD_SPACE = 48;
/** Share of the rest that may be heap; the other part is for bodies, inputs and larger policies. */
const HEAP_SHARE = 0.6;

/**
 * Heap limits for each of `processes` processes that share `memoryMaxBytes`, so that V8 collects before the kernel
 * kills. Infinity: there is no limit.
 */
export function heapLimits(memoryMaxBytes: number, processes: number): HeapLimits {
	if (!Number.isFinite(memoryMaxBytes)) return { semiSpace: SEMI_SPACE };
	const each = memoryMaxBytes / MIB / Math.max(1, processes);
	const oldSpace = Math.max(LEAST_OLD_SPACE, Math.floor((each - OUTSIDE_HEAP) * HEAP_SHARE));
	return { oldSpace, semiSpace: SEMI_SPACE };
}

/**
 * A heap that grows in small steps holds a sixth less. (`--optimize-for-size` does so too, and holds 8 % less still, but what
 * it compiles takes a quarter more CPU.)
 */
const SMALL_STEPS = ["--heap-growing-percent", 20] as const;
/** There is a process for each core: more threads for V8's own work would only hold memory. */
const V8_THREADS = ["--v8-pool-size", 1] as const;

/** For `lib/start-garbage.ts`. */
const COLLECTABLE = ["--expose-gc"] as const;

/** The options of Node that keep a process within them, but those that `given` already sets. */
export function memoryOptions(
	{ oldSpace, semiSpace }: HeapLimits,
	given: readonly string[],
): readonly string[] {
	const wanted = [
		...(oldSpace === undefined ? [] : [["--max-old-space-size", oldSpace] as const]),
		["--max-semi-space-size", semiSpace] as const,
		V8_THREADS,
		SMALL_STEPS,
		COLLECTABLE,
	];
	const isGiven = (name: string): boolean =>
		given.some((option) => option.replaceAll("_", "-").replace(/=.*/s, "") === name);
	return wanted.filter(([name]) => !isGiven(name)).map((option) => option.join("="));
}

/**
 * Environment of the process, beneath what is given: glibc hands pieces as large as these back at once. V8's compilers take
 * their memory by such pieces, from a heap of their thread that keeps for ever what they once needed: 13 MB after a minute
 * of Checks. It is read before `main`, so nobody can set it for himself.
 */
export const MEMORY_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_MMAP_THRESHOLD_: "32768" };

/** Reads a small file; undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

const V2 = "/sys/fs/cgroup";
const V1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
/** Version 1 says "no limit" by a number near 2^63. */
const NO_LIMIT = 2 ** 60;

/** The least memory limit of this process's cgroup and of those around it, bytes; Infinity when there is none. */
export function cgroupMemoryMax(read: ReadText): number {
	const path = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1] ?? "/";
	let least = limitOf(read(V1));
	// In a container the path may be that of the host, and only the mount's own root is there.
	for (let folder = path === "/" ? "" : path; ; folder = folder.slice(0, folder.lastIndexOf("/"))) {
		least = Math.min(least, limitOf(read(`${V2}${folder}/memory.max`)));
		if (folder === "") return least;
	}
}

function limitOf(text: string | undefined): number {
	const value = /^\d+\s*$/.test(text ?? "") ? Number(text) : Number.POSITIVE_INFINITY;
	return value >= NO_LIMIT ? Number.POSITIVE_INFINITY : value;
}
