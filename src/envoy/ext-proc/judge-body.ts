import type { BodyFormat, FieldReport } from "../../fields/types.ts";
import { findWriteFault, watchWrites } from "../../fields/write-guard.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Judgement } from "./exchange.ts";
import type { ReplaceReason } from "./refusals.ts";

export type JudgedBody =
	| {
			readonly ok: true;
			readonly pieces: readonly Uint8Array[];
			readonly length: number;
			readonly report?: FieldReport;
	  }
	| { readonly ok: false; readonly reason: ReplaceReason };

type Tools = Pick<ProcessDeps, "decoder" | "maxBodyBytes" | "maxOutputBytes">;

/** The masker is fed in pieces so that a directive's constants cannot make a body grow without anyone looking. */
const PIECE_BYTES = 16 * 1024;

/** Decodes and masks one whole body. Bytes of it are given out only when all of it was judged. */
export async function judgeCodedBody(
	body: Uint8Array,
	judgement: Judgement,
	tools: Tools,
): Promise<JudgedBody> {
	const { coding } = judgement;
	// An empty body has no coding (RFC 9110, 8.4): a server may announce one for the answer it did not send.
	if (coding === undefined || body.length === 0) return judgeBody(body, judgement, tools);
	if (body.length > tools.maxBodyBytes) return { ok: false, reason: "body_too_large" };
	const decoded = await tools.decoder.decode(coding, body);
	if (decoded.ok) return mask(decoded.body, judgement, tools);
	return { ok: false, reason: DECODE_REASONS[decoded.reason] };
}

const DECODE_REASONS = {
	too_large: "body_too_large",
	malformed: "body_malformed",
	busy: "overload",
} as const satisfies Record<string, ReplaceReason>;

/** Masks one whole body that came without a coding. */
export function judgeBody(body: Uint8Array, judgement: Judgement, tools: Tools): JudgedBody {
	if (body.length > tools.maxBodyBytes) return { ok: false, reason: "body_too_large" };
	return mask(body, judgement, tools);
}

function mask(body: Uint8Array, judgement: Judgement, tools: Tools): JudgedBody {
	const { format } = judgement;
	if (format === undefined) {
		// No type is named: nothing passes as nothing, anything else cannot be read.
		return body.length === 0
			? { ok: true, pieces: [], length: 0 }
			: { ok: false, reason: "body_unsupported" };
	}
	const { write, coding, grpc } = judgement;
	const watch = write === undefined || grpc === undefined ? undefined : watchWrites(grpc, write.isMaskToken);
	const read = watch === undefined ? judgement : { ...judgement, grpc: watch.messages };
	const judged = run(body, format, read, tools.maxOutputBytes);
	if (!judged.ok || write === undefined) return judged;
	const fault = watch === undefined ? findWriteFault(format, body, write.isMaskToken) : watch.fault();
	if (fault !== undefined) return { ok: false, reason: fault };
	const unchanged = coding === undefined && Buffer.concat(judged.pieces).equals(body);
	return write.signed && !unchanged ? { ok: false, reason: "body_signed" } : judged;
}

function run(body: Uint8Array, format: BodyFormat, judgement: Judgement, maxOutput: number): JudgedBody {
	const masker = judgement.plan.masker(format, judgement.handoff.consumer, judgement.grpc);
	const pieces: Uint8Array[] = [];
	let counted = 0;
	let length = 0;
	for (let at = 0; at < body.length; at += PIECE_BYTES) {
		const refusal = masker.write(body.subarray(at, at + PIECE_BYTES), pieces);
		if (refusal !== undefined) return { ok: false, reason: refusal };
		for (; counted < pieces.length; counted++) length += pieces[counted]?.length ?? 0;
		if (length > maxOutput) return { ok: false, reason: "body_too_large" };
	}
	const refusal = masker.end(pieces);
	if (refusal !== undefined) return { ok: false, reason: refusal };
	for (; counted < pieces.length; counted++) length += pieces[counted]?.length ?? 0;
	if (length > maxOutput) return { ok: false, reason: "body_too_large" };
	return { ok: true, pieces, length, report: masker.report() };
}
