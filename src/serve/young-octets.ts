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

/** Node hands the collector out at the start only; a running process shows it to contexts that are made later. */
function sweepYoung(): () => void {
	let collect: ((options: { readonly type: "minor" }) => void) | undefined;
	return () => {
		if (collect === undefined) {
			setFlagsFromString("--expose-gc");
			collect = runInNewContext("gc") as NonNullable<typeof collect>;
		}
		collect({ type: "minor" });
	};
}
