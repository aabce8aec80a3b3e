import { type ClientAnswer, callHttp1, callHttp2 } from "./client.ts";

export interface LoadResult {
	/** How often each outcome came: path, status, body where there was a 200, and whether it ended as announced. */
	readonly outcomes: Readonly<Record<string, number>>;
	readonly calls: number;
	/** Unmasked marks at the caller. */
	readonly leaked: number;
}

/** Keeps `callers` busy with calls, each of one path, every other one by HTTP/2, while `work` goes on. */
export async function underLoad(
	port: number,
	paths: readonly string[],
	callers: number,
	work: () => Promise<void>,
): Promise<LoadResult> {
	const outcomes: Record<string, number> = {};
	let calls = 0;
	let leaked = 0;
	let running = true;
	const note = (path: string, { status, body, complete, leaked: marks }: ClientAnswer): void => {
		const outcome = `${path} ${status}${status === 200 ? ` ${body}` : ""}${complete ? "" : " incomplete"}`;
		outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
		calls++;
		leaked += marks;
	};
	const load = Array.from({ length: callers }, async (_, at) => {
		const call = at % 2 === 0 ? callHttp1 : callHttp2;
		const path = paths[Math.floor(at / 2) % paths.length] ?? "/";
		while (running) {
			note(path, await call(port, { path }));
			// The load is there to be noticed, not to starve whom it meets.
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	});
	try {
		await work();
	} finally {
		running = false;
		await Promise.all(load);
	}
	return { outcomes, calls, leaked };
}
