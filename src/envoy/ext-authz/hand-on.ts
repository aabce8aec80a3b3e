import { type HandoffKeys, handoffMetadata, operationJson, writeHandoff } from "../../decision/handoff.ts";
import type { Allow, Decision } from "../../decision/types.ts";
import { coversGrpc } from "../../fields/media.ts";
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
const NO_DIGESTS = {};
const NO_OPERATION = '""';

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

	/** The gRPC method that was called: what its messages are follows from it. */
	function methodOf(
		{ path }: RequestFacts,
		policy: ActivePolicy | undefined,
	): { readonly method: string; readonly digest: string } | undefined {
		const set = descriptors?.of(policy?.descriptors);
		const method = path.slice(1);
		return set?.descriptors.methods.has(method) ? { method, digest: set.digest } : undefined;
	}

	return ({ facts, consumer, policy }, decision) => {
		const { response, request } = decision.kind === "allow" ? decision : NO_DIRECTIVES;
		const judged = response !== undefined || request !== undefined;
		const forGrpc =
			(response !== undefined && coversGrpc(response)) || (request !== undefined && coversGrpc(request));
		const grpc = forGrpc && facts !== undefined ? methodOf(facts, policy) : undefined;
		const digests = judged ? hashed : NO_DIGESTS;
		const source = {
			verdict: decision.kind,
			op: facts === undefined ? NO_OPERATION : operationJson(facts.method, facts.host, facts.path),
			consumer,
			rev: policy?.revision ?? "",
			digests: grpc === undefined ? digests : { ...digests, descriptors: grpc.digest },
			method: grpc?.method,
			response: response?.text,
			request: request?.text,
		};
		// A denial masks nothing, so it can do without a consumer whose name is too long.
		const text =
			writeHandoff(source) ??
			(decision.kind === "deny" ? writeHandoff({ ...source, consumer: "" }) : undefined);
		return text === undefined ? undefined : handoffMetadata(decision.kind, judged, text);
	};
}
