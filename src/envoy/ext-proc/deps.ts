import type { AuditWriter } from "../../audit/types.ts";
import type { Decoder } from "../../codec/decoder.ts";
import type { Directive, FieldReport } from "../../fields/types.ts";
import type { Clock } from "../../lib/clock.ts";
import type { SpanSink } from "../../telemetry/span-types.ts";
import type { Logger, Metrics } from "../../telemetry/types.ts";
import type { DescriptorShelf } from "../protobuf/descriptor-shelf.ts";
import type { MessageLimits } from "../protobuf/mask/method-messages.ts";
import type { HashKey, PlanCache } from "./plan-cache.ts";
import type { HeaderRules } from "./response-headers.ts";

/** What the `ExternalProcessor` service is made of. */
export interface ProcessDeps {
	readonly plans: PlanCache;
	/** Absent: no hash key is configured. */
	readonly hash?: HashKey;
	readonly decoder: Decoder;
	readonly audit: AuditWriter;
	/** Makes a report fit to be written down: member names are data, and those that the directive does not spell out may tell it. */
	readonly safeReport?: (report: FieldReport, directive: Directive) => FieldReport;
	/** `deny`: a body whose release cannot be recorded is replaced. */
	readonly auditOverflow: "drop" | "deny";
	readonly clock: Clock;
	readonly log: Logger;
	/** Absent: traces are off. */
	readonly spans?: SpanSink;
	readonly metrics: Pick<
		Metrics,
		"bodies" | "bodyBytes" | "maskedFields" | "processSeconds" | "unjudgedRequests"
	>;
	readonly headers: HeaderRules;
	/** An upstream's answer for which nobody decided. */
	readonly withoutDecision: "block" | "pass";
	/** Error statuses of the upstream under a directive. */
	readonly errors: "apply" | "replace";
	/** The types of gRPC messages, by the digest that a decision was made with. */
	readonly descriptors: Pick<DescriptorShelf, "byDigest">;
	readonly messageLimits: MessageLimits;
	/** Largest body that is judged as a whole, as it comes, bytes. */
	readonly maxBodyBytes: number;
	/** Largest body as it goes, or largest piece of one that flows, bytes: constants of a directive can make it grow. */
	readonly maxOutputBytes: number;
	/** What Envoy holds back of an answer, bytes; a larger one must flow where Envoy is set up for it. */
	readonly bufferLimit: number;
}
