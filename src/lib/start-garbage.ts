/**
 * Gives back what loading and starting left behind, a third of a process that has just started: V8 would keep it until
 * calls make enough garbage of their own, and a process that takes few calls, or none, for ever. It holds the thread for
 * some 20 ms and is for the moments before anybody is answered. Nothing happens unless the process was started with
 * `--expose-gc`, as `launch` and the supervisor do.
 */
export function releaseStartGarbage(): void {
	globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
