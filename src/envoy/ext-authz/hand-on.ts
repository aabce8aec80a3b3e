import {
	type HandoffFrame,
	type HandoffKeys,
	handoffFrame,
	handoffMetadata,
	operationJson,
	writeHandoff,
} from "../../decision/handoff.ts";
import type { Allow, Decision } from "../../decision/types.ts";
import { coversGrpc } from "../../fields/media.ts";
import type { Directive } from "../../fields/types.ts";
import type { ActivePolicy } from "../../policy/types.ts";
import type { CheckDeps } from "./deps.ts";
import type { RequestFacts } from "./request-facts.ts";

/** The call that is handed on, as far as it is known. */
export interface HandedCall {
	readonly facts: RequestFacts | undefined;
	/** {@link CallerTexts.consumer} */
	readonly consumer: string;
	readonly policy: ActivePolicy | undefined;
}

const NO_DIRECTIVES: Pick<Allow, "response" | "request"> = {};
const NO_METHOD: Partial<GrpcMethod> = {};
const NO_DIGESTS = {};
const NO_OPERATION = '""';

/** The gRPC method that was called: what its messages are follows from it. */
interface GrpcMethod {
	readonly method: string;
	/** Of the descriptor set that has it. */
	readonly digest: string;
}

/** A frame, and all that it depends on. Not the policy itself, which would be kept for as long. */
interface KnownFrame {
	readonly consumer: string;
	readonly rev: string;
	readonly response: Directive | undefined;
	readonly request: Directive | undefined;
	readonly method: string | undefined;
	readonly digest: string | undefined;
	readonly frame: HandoffFrame;
}

/** Writes what a decision hands to ext_proc; undefined when it is too large. */
export function createHandOn({
	descriptors,
	hashKeyId,
	trusted,
}: Pick<CheckDeps, "descriptors" | "hashKeyId" | "trusted">): (
	call: HandedCall,
	decision: Decision,
) => HandoffKeys | undefined {
	const hashed = trusted && hashKeyId !== undefined ? { hash_key: hashKeyId } : NO_DIGESTS;

	function methodOf({ path }: RequestFacts, policy: ActivePolicy | undefined): GrpcMethod | undefined {
		const set = descriptors?.of(policy?.descriptors);
		const method = path.slice(1);
		return set?.descriptors.methods.has(method) ? { method, digest: set.digest } : undefined;
	}

	/** Of the last allow and of the last denial: the next ones say the same, more often than not, but for their operation. */
	const frames: { [verdict in Decision["kind"]]?: KnownFrame } = {};

	function frameFor(
		decision: Decision,
		consumer: string,
		rev: string,
		grpc: GrpcMethod | undefined,
	): HandoffFrame {
		const { response, request } = decision.kind === "allow" ? decision : NO_DIRECTIVES;
		const { method, digest } = grpc ?? NO_METHOD;
		const known = frames[decision.kind];
		if (
			known !== undefined &&
			known.consumer === consumer &&
			known.rev === rev &&
			known.response === response &&
			known.request === request &&
			known.method === method &&
			known.digest === digest
		)
			return known.frame;
		const digests = response === undefined && request === undefined ? NO_DIGESTS : hashed;
		const frame = handoffFrame({
			verdict: decision.kind,
			consumer,
			rev,
			digests: digest === undefined ? digests : { ...digests, descriptors: digest },
			method,
			response: response?.text,
			request: request?.text,
		});
		frames[decision.kind] = { consumer, rev, response, request, method, digest, frame };
		return frame;
	}

	return ({ facts, consumer, policy }, decision) => {
		const { response, request } = decision.kind === "allow" ? decision : NO_DIRECTIVES;
		const forGrpc =
			(response !== undefined && coversGrpc(response)) || (request !== undefined && coversGrpc(request));
		const grpc = forGrpc && facts !== undefined ? methodOf(facts, policy) : undefined;
		const operation =
			facts === undefined ? NO_OPERATION : operationJson(facts.method, facts.host, facts.path);
		const rev = policy?.revision ?? "";
		// A denial masks nothing, so it can do without a consumer whose name is too long.
		const text =
			writeHandoff(frameFor(decision, consumer, rev, grpc), operation) ??
			(decision.kind === "deny" ? writeHandoff(frameFor(decision, "", rev, grpc), operation) : undefined);
		const judged = response !== undefined || request !== undefined;
		return text === undefined ? undefined : handoffMetadata(decision.kind, judged, text);
	};
}
