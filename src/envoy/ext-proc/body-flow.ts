import type { DecodeStream } from "../../codec/decode-stream.ts";
import type { FieldReport, Masker } from "../../fields/types.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Judgement } from "./exchange.ts";
import type { ReplaceReason } from "./refusals.ts";

/** What one piece of a body became. */
export type JudgedPiece =
	| { readonly ok: true; readonly pieces: readonly Uint8Array[]; readonly length: number }
	| { readonly ok: false; readonly reason: ReplaceReason };

/** A body that is judged piece by piece. What was given out was judged; a failure takes nothing back. */
export interface BodyFlow {
	/** Judges the next piece; `last`: nothing follows it. One piece at a time. Never rejects. */
	write(piece: Uint8Array, last: boolean): JudgedPiece | Promise<JudgedPiece>;
	/** Of what was judged so far. */
	report(): FieldReport;
	/** Lets go of everything, however the body ended. */
	close(): void;
}

type Tools = Pick<ProcessDeps, "decoder" | "maxOutputBytes">;

/** As for whole bodies: constants of a directive must not make a piece grow without anyone looking. */
const STEP_BYTES = 16 * 1024;

/** Undefined: too many bodies are being decoded. The judgement names a format. */
export function openFlow(judgement: Judgement, tools: Tools): BodyFlow | undefined {
	const { plan, format, handoff, coding, grpc } = judgement;
	if (format === undefined) throw new TypeError("a body that flows has a format");
	const masker = plan.masker(format, handoff.consumer, grpc);
	const decoding = coding === undefined ? undefined : tools.decoder.open(coding);
	if (coding !== undefined && decoding === undefined) return undefined;
	return {
		write: (piece, last) =>
			decoding === undefined
				? maskPiece(masker, piece, last, tools.maxOutputBytes)
				: maskCodedPiece(decoding, masker, piece, last, tools.maxOutputBytes),
		report: () => masker.report(),
		close: () => decoding?.close(),
	};
}

/** What a piece has become so far, and whether it may become more. */
function createSink(masker: Masker, maxOutput: number) {
	const pieces: Uint8Array[] = [];
	let counted = 0;
	let length = 0;
	let refusal: ReplaceReason | undefined;
	function count(): void {
		for (; counted < pieces.length; counted++) length += pieces[counted]?.length ?? 0;
		if (length > maxOutput) refusal ??= "body_too_large";
	}
	return {
		take(bytes: Uint8Array): void {
			for (let at = 0; at < bytes.length && refusal === undefined; at += STEP_BYTES) {
				refusal = masker.write(bytes.subarray(at, at + STEP_BYTES), pieces);
				count();
			}
		},
		end(last: boolean): JudgedPiece {
			if (refusal === undefined && last) {
				refusal = masker.end(pieces);
				count();
			}
			return refusal === undefined ? { ok: true, pieces, length } : { ok: false, reason: refusal };
		},
	};
}

function maskPiece(masker: Masker, piece: Uint8Array, last: boolean, maxOutput: number): JudgedPiece {
	const sink = createSink(masker, maxOutput);
	sink.take(piece);
	return sink.end(last);
}

async function maskCodedPiece(
	decoding: DecodeStream,
	masker: Masker,
	piece: Uint8Array,
	last: boolean,
	maxOutput: number,
): Promise<JudgedPiece> {
	const sink = createSink(masker, maxOutput);
	const failure = await decoding.write(piece, last, (bytes) => sink.take(bytes));
	if (failure !== undefined)
		return { ok: false, reason: failure === "too_large" ? "body_too_large" : "body_malformed" };
	return sink.end(last);
}
