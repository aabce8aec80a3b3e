import { createHmac } from "node:crypto";
import { readDirective } from "../../src/fields/directive.ts";
import { DECISION_RULES, PLAIN_RULES } from "../../src/fields/directive-rules.ts";
import { createMasker } from "../../src/fields/masker.ts";
import {
	compilePlan,
	DECISION_PLAN,
	PLAIN_PLAN,
	type Plan,
	type PlanOptions,
} from "../../src/fields/plan.ts";
import type { GrpcMessages } from "../../src/fields/scan/grpc-messages.ts";
import type { BodyFormat, FieldReport, Refusal } from "../../src/fields/types.ts";

export const TEST_KEY = "a key of the tests";

export interface MaskCall {
	readonly directive: unknown;
	readonly body: string | Uint8Array;
	readonly format?: BodyFormat;
	/** Sizes of the pieces, used in turn; the body in one piece when absent. */
	readonly chunks?: readonly number[];
	readonly consumer?: string;
	/** As a directive inside a decision. */
	readonly decision?: boolean;
	readonly options?: PlanOptions;
	/** What the messages of a gRPC body are. */
	readonly grpc?: GrpcMessages;
}

export interface Masked {
	readonly refusal: Refusal | undefined;
	readonly bytes: Buffer;
	readonly text: string;
	readonly report: FieldReport;
}

/** Compiles a directive that has to be valid. */
export function planOf(directive: unknown, decision = false, options?: PlanOptions): Plan {
	const read = readDirective(directive, decision ? DECISION_RULES : PLAIN_RULES);
	if (!read.ok) throw new Error(`${read.kind}: ${read.message}`);
	return compilePlan(read.directive, options ?? (decision ? DECISION_PLAN : PLAIN_PLAN));
}

/** Masks one body as the callers of the fields room do. */
export function mask(call: MaskCall): Masked {
	return maskWith(planOf(call.directive, call.decision, call.options), call);
}

/** As `mask`, with a plan that other bodies went through before. */
export function maskWith(plan: Plan, call: Omit<MaskCall, "directive">): Masked {
	const options = {
		...(call.consumer !== undefined && { consumer: call.consumer }),
		hmac: (message: Uint8Array) => createHmac("sha256", TEST_KEY).update(message).digest(),
	};
	const masker = createMasker(plan, call.format ?? "json", options, call.grpc);
	const body = Buffer.from(call.body);
	const out: Uint8Array[] = [];
	const chunks = call.chunks ?? [body.length];
	let refusal: Refusal | undefined;
	for (let at = 0, turn = 0; at < body.length && refusal === undefined; turn++) {
		const size = Math.max(1, chunks[turn % chunks.length] ?? body.length);
		refusal = masker.write(body.subarray(at, at + size), out);
		at += size;
	}
	refusal ??= masker.end(out);
	const bytes = refusal === undefined ? Buffer.concat(out) : Buffer.alloc(0);
	return { refusal, bytes, text: bytes.toString("utf8"), report: masker.report() };
}
