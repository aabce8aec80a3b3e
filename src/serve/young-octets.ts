import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ProcessService } from "../envoy/ext-proc/process-stream.ts";

/** Octets of messages between two sweeps. */
const SWEPT_EVERY = 16 * 1024 * 1024;

/**
 * Has V8 look after its young objects once so many octets of messages have come. Bodies lie outside of its heap, so a
 * large one gives it little reason to look by itself: what is read, judged and written piece by piece would stay until
 * 64 MB of it had piled up, in each space of the allocator.
 */
export function withSweeps(service: ProcessService, sweep: () => void = sweepYoung()): ProcessService {
	let octets = 0;
	return {
		open(trace) {
			const stream = service.open(trace);
			return {
				...stream,
				receive(message) {
					octets += message.length;
					if (octets >= SWEPT_EVERY) {
						octets = 0;
						sweep();
					}
					return stream.receive(message);
				},
			};
		},
	};
}

type Collect = (options: { readonly type: "minor" }) => void;

/** Node hands the collector out at the start only; a running process shows it to contexts that are made later. */
function exposeCollector(): Collect {
	setFlagsFromString("--expose-gc");
	return runInNewContext("gc") as Collect;
}

/** Where a process may not have the collector, memory grows as far as V8 lets it, and calls go on. */
export function sweepYoung(expose: () => Collect = exposeCollector): () => void {
	let collect: Collect | undefined;
	return () => {
		try {
			collect ??= expose();
			collect({ type: "minor" });
		} catch {
			collect = () => undefined;
		}
	};
}
