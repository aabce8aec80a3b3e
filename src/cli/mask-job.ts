import { createHmac } from "node:crypto";
import { readDirective } from "../fields/directive.ts";
import { DECISION_RULES, PLAIN_RULES } from "../fields/directive-rules.ts";
import { createMasker } from "../fields/masker.ts";
import { formatOf, formatUnder } from "../fields/media.ts";
import { compilePlan, DECISION_PLAN, PLAIN_PLAN } from "../fields/plan.ts";
import type { GrpcMessages } from "../fields/scan/grpc-messages.ts";
import type { FieldReport, MaskerOptions, Refusal } from "../fields/types.ts";

export interface MaskRequest {
	readonly directive: unknown;
	readonly contentType: string;
	readonly consumer?: string;
	/** As the key file holds it. */
	readonly hashKey?: Uint8Array;
	/** The directive is one of a decision: with the keys and under the rules that hold there. */
	readonly decision?: boolean;
	/** What the messages of a gRPC body are. */
	readonly grpc?: GrpcMessages;
}

export type MaskRefusal = Refusal | "directive_invalid";

export interface MaskJob {
	/** Feeds a piece of the body, cut into pieces of `chunkSize` bytes if given. */
	write(bytes: Uint8Array, chunkSize: number | undefined, out: Uint8Array[]): Refusal | undefined;
	end(out: Uint8Array[]): MaskRefusal | undefined;
	report(): FieldReport;
}

const NO_MAC = new Uint8Array(32);

export type PreparedMask =
	| { readonly ok: true; readonly job: MaskJob }
	| { readonly ok: false; readonly code: MaskRefusal; readonly message?: string };

/** Reads the directive, then the media type: a bad directive is refused before any body is looked at. */
export function prepareMask(request: MaskRequest): PreparedMask {
	const { decision = false } = request;
	const read = readDirective(request.directive, decision ? DECISION_RULES : PLAIN_RULES);
	if (!read.ok) return invalid(read.message);
	const plan = compilePlan(read.directive, decision ? DECISION_PLAN : PLAIN_PLAN);
	const key = request.hashKey === undefined ? undefined : withoutLineEnd(request.hashKey);
	if (request.consumer?.includes("\0")) return invalid("hash: a consumer holds no U+0000");
	const format = decision ? formatUnder(read.directive, request.contentType) : formatOf(request.contentType);
	if (format === undefined) return { ok: false, code: "body_unsupported" };
	let keyMissing = false;
	const options: MaskerOptions = {
		...(request.consumer !== undefined && { consumer: request.consumer }),
		hmac(message) {
			if (key === undefined || key.length === 0) {
				keyMissing = true;
				return NO_MAC;
			}
			return createHmac("sha256", key).update(message).digest();
		},
	};
	const masker = createMasker(plan, format, options, request.grpc);
	return {
		ok: true,
		job: {
			write(bytes, chunkSize, out) {
				const size = chunkSize ?? bytes.length;
				for (let at = 0; at < bytes.length; at += size) {
					const refusal = masker.write(bytes.subarray(at, at + size), out);
					if (refusal !== undefined) return refusal;
				}
				return undefined;
			},
			// A key is missed only where a value has to be hashed; then nothing leaves.
			end: (out) => masker.end(out) ?? (keyMissing ? "directive_invalid" : undefined),
			report: () => masker.report(),
		},
	};
}

function invalid(message: string): PreparedMask {
	return { ok: false, code: "directive_invalid", message };
}

/** A key file's bytes without one final line end. */
function withoutLineEnd(key: Uint8Array): Uint8Array {
	if (key.at(-1) !== 0x0a) return key;
	return key.subarray(0, key.at(-2) === 0x0d ? -2 : -1);
}
