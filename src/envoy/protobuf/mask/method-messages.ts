import { type InflateCoding, type InflateLimits, inflateNow } from "../../../codec/inflate-sync.ts";
import type { GrpcMessages } from "../../../fields/scan/grpc-messages.ts";
import type { Descriptors } from "../descriptors.ts";
import { messageAsJson } from "./message-as-json.ts";
import { createMessageMasker } from "./message-masker.ts";

export interface MessageLimits {
	/** Largest message, as it comes and inflated, bytes. */
	readonly maxMessageBytes: number;
	/** Output over input of one message; small ones may always grow to `freeBytes`. */
	readonly maxRatio: number;
	readonly freeBytes: number;
	/** What the messages of one body may inflate to together, bytes. */
	readonly maxInflatedBytes: number;
}

/** One direction of a call, and how its messages are compressed. */
export interface MethodDirection {
	/** `package.Service/Method`. */
	readonly method: string;
	readonly direction: "request" | "response";
	/** Value of `grpc-encoding`; absent: none. */
	readonly encoding?: string;
}

const CODINGS: ReadonlySet<string> = new Set(["gzip", "deflate"] satisfies InflateCoding[]);

/**
 * What the messages of one body of a call are. Undefined for a method that the descriptor set does not have, and for
 * messages compressed in a way that is not undone here.
 */
export function methodMessages(
	descriptors: Descriptors,
	{ method, direction, encoding = "identity" }: MethodDirection,
	limits: MessageLimits,
): GrpcMessages | undefined {
	const known = descriptors.methods.get(method);
	if (known === undefined) return undefined;
	const type = direction === "request" ? known.input : known.output;
	const plain: GrpcMessages = {
		masker: (context) => createMessageMasker(descriptors, type, context),
		json: (message) => messageAsJson(message, type, descriptors, limits.maxInflatedBytes),
		maxMessageBytes: limits.maxMessageBytes,
	};
	if (encoding === "identity") return plain;
	if (!CODINGS.has(encoding)) return undefined;
	let left = limits.maxInflatedBytes;
	return {
		...plain,
		inflate(message) {
			const bounds: InflateLimits = { ...limits, maxBytes: Math.min(limits.maxMessageBytes, left) };
			const inflated = inflateNow(encoding as InflateCoding, message, bounds);
			if (typeof inflated !== "string") left -= inflated.length;
			return inflated;
		},
	};
}
