import type { AuditRecord, ReleaseRecord } from "../../src/audit/types.ts";
import { createDecoder } from "../../src/codec/decoder.ts";
import type { ProcessDeps } from "../../src/envoy/ext-proc/deps.ts";
import { createPlanCache, type HashKey } from "../../src/envoy/ext-proc/plan-cache.ts";
import { createDescriptorShelf } from "../../src/envoy/protobuf/descriptor-shelf.ts";
import { type Counted, memoryLog, memoryMetrics } from "./quiet.ts";

export interface TestProcessDeps {
	readonly deps: ProcessDeps;
	readonly records: ReleaseRecord[];
	readonly counted: Counted[];
	readonly log: ReturnType<typeof memoryLog>;
}

/** Everything that the `ExternalProcessor` service needs, in memory, with a clock that stands still. */
export function processDeps(changes: Partial<ProcessDeps> = {}, hash?: HashKey): TestProcessDeps {
	const records: ReleaseRecord[] = [];
	const { metrics, counted } = memoryMetrics();
	const log = memoryLog();
	const deps: ProcessDeps = {
		plans: createPlanCache(1 << 20, hash),
		...(hash === undefined ? {} : { hash }),
		decoder: createDecoder({ maxBytes: 1 << 24, maxRatio: 100, freeBytes: 1 << 16, maxTotalBytes: 1 << 26 }),
		audit: {
			write(record: AuditRecord) {
				if (record.type === "release") records.push(record);
				return true;
			},
			flush: async () => {},
			close: async () => {},
		},
		auditOverflow: "deny",
		clock: { now: () => 0, monotonic: () => 0 },
		log,
		metrics,
		headers: { allowed: [], mode: "enforce", cacheControl: "private, no-store" },
		withoutDecision: "block",
		errors: "apply",
		descriptors: createDescriptorShelf(undefined),
		messageLimits: { maxMessageBytes: 1 << 20, maxRatio: 100, freeBytes: 1 << 16, maxInflatedBytes: 1 << 22 },
		maxBodyBytes: 1 << 20,
		maxOutputBytes: 1 << 24,
		bufferLimit: 1 << 20,
		...changes,
	};
	return { deps, records, counted, log };
}
