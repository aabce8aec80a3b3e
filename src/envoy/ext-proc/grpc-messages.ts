import type { Handoff } from "../../decision/handoff-types.ts";
import { formatOf, isGrpc } from "../../fields/media.ts";
import type { GrpcMessages } from "../../fields/scan/grpc-messages.ts";
import type { GrpcFraming } from "../../fields/types.ts";
import { methodMessages } from "../protobuf/mask/method-messages.ts";
import type { ProcessDeps } from "./deps.ts";
import { type HeaderField, valuesOf } from "./header-field.ts";
import type { ReplaceReason } from "./refusals.ts";

/** How messages lie in a body, by its own `content-type`; undefined when it is none of gRPC. */
export function framingOf(headers: readonly HeaderField[]): GrpcFraming | undefined {
	const types = valuesOf(headers, "content-type");
	const format = types.length === 1 ? formatOf(types[0]) : undefined;
	return isGrpc(format) ? format : undefined;
}

/**
 * What the messages of a body are: by the method that was decided about and the descriptor set that this was done with,
 * never by what the body says of itself.
 */
export function messagesOf(
	direction: "request" | "response",
	headers: readonly HeaderField[],
	handoff: Handoff,
	{ descriptors, messageLimits }: Pick<ProcessDeps, "descriptors" | "messageLimits">,
): GrpcMessages | ReplaceReason {
	const { method, digests } = handoff;
	if (method === undefined || digests.descriptors === undefined) return "body_unsupported";
	const set = descriptors.byDigest(digests.descriptors);
	// Another replica has activated another bundle; this one will, or has.
	if (set === undefined) return "handoff_stale";
	const encodings = valuesOf(headers, "grpc-encoding");
	if (encodings.length > 1) return "body_unsupported";
	const [encoding = "identity"] = encodings;
	return methodMessages(set, { method, direction, encoding }, messageLimits) ?? "body_unsupported";
}
