import process from "node:process";
import type { ProcessStream } from "../../../src/envoy/ext-proc/process-stream.ts";
import { startTransport } from "../../../src/envoy/transport/server.ts";
import type { LaneLimits } from "../../../src/envoy/transport/types.ts";
import type { Counter, Gauge } from "../../../src/telemetry/types.ts";
import { LANE_LIMITS, LANE_OPTIONS } from "./lane-fixture.ts";

/** A process of its own that serves the lane, under the limits of its argument: `slow…` is answered later, `large…` by 100 KB, anything else by itself. */
const counts: Record<string, number> = {};
const counter = (name: string, label: string): Counter => ({
	inc(labels = {}, by = 1) {
		const key = `${name} ${labels[label]}`;
		counts[key] = (counts[key] ?? 0) + by;
	},
});
const gauge: Gauge = { set: () => {} };
const quiet = (): void => {};
const transport = await startTransport(
	{
		...LANE_OPTIONS,
		// The slow calls of peers that are gone count until they end, and what is attacked here is one connection's limits.
		maxInFlight: 100_000,
		lane: { ...LANE_LIMITS, ...(JSON.parse(process.argv[2] ?? "{}") as Partial<LaneLimits>) },
	},
	{
		check(request) {
			const text = Buffer.from(request).toString("latin1", 0, 5);
			// What came is the transport's again when this returns.
			const echo = Buffer.from(request);
			if (text === "slow ") return new Promise((resolve) => setTimeout(() => resolve(echo), 100));
			return text === "large" ? Buffer.alloc(100_000) : echo;
		},
		deny: (reason) => Buffer.from(reason),
		process: {
			open: (): ProcessStream => ({
				receive: (message) => ({ kind: "answer", message: Buffer.from(message) }),
				mayEnd: () => true,
				abandon: () => {},
			}),
		},
		log: {
			debug: quiet,
			info: quiet,
			warn: quiet,
			error: () => {
				counts["error"] = (counts["error"] ?? 0) + 1;
			},
		},
		metrics: {
			limitsHit: counter("limit", "limit"),
			laneErrors: counter("ended", "code"),
			tlsRefused: counter("refused", "reason"),
			laneConnections: gauge,
			streams: gauge,
		},
	},
);
process.on("message", () => {
	process.send?.({ counts, rss: process.memoryUsage.rss(), inFlight: transport.inFlight() });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ address: transport.addresses[0] });
