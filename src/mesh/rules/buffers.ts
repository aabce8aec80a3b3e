import type { Place } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { CODECS } from "../messages.ts";
import type { PosternChain } from "../postern-chain.ts";
import { enumAt, fieldAt, fieldOf, isOpen, numberAt, placeAt } from "../read-node.ts";
import type { PosternFacts, Tell } from "../types.ts";

/** How large an answer may be that is held back, and where that is said; for HTTP/1.1 and for HTTP/2 callers. */
interface Buffers {
	readonly http1?: { readonly bytes: number; readonly at: Place; readonly written: boolean };
	readonly http2?: { readonly bytes: number; readonly at: Place; readonly written: boolean };
}

const DEFAULT_BUFFER_BYTES = 1024 * 1024;
const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const SMALL_BUFFER_BYTES = 64 * 1024;
/** What a message holds besides the body. */
const ENVELOPE_BYTES = 64 * 1024;

function buffersOf(chain: PosternChain): Buffers {
	const { listener, manager, at } = chain;
	const codec = enumAt(manager, CODECS, "codec_type") ?? "AUTO";
	const limit = fieldOf(listener, "per_connection_buffer_limit_bytes");
	const windowPath = ["http2_protocol_options", "initial_stream_window_size"];
	const window = fieldAt(manager, ...windowPath);
	const speaks1 = codec === "AUTO" || codec === "HTTP1";
	const speaks2 = codec === "AUTO" || codec === "HTTP2";
	return {
		...(listener === undefined || !speaks1 || isOpen(limit?.value)
			? {}
			: {
					http1: {
						bytes: numberAt(listener, "per_connection_buffer_limit_bytes") ?? DEFAULT_BUFFER_BYTES,
						at: limit?.place ?? at,
						written: limit !== undefined,
					},
				}),
		...(manager === undefined ||
		!speaks2 ||
		isOpen(window?.value) ||
		(listener === undefined && window === undefined)
			? {}
			: {
					http2: {
						bytes: numberAt(manager, ...windowPath) ?? DEFAULT_WINDOW_BYTES,
						at: window?.place ?? placeAt(manager, at, ...windowPath),
						written: window !== undefined,
					},
				}),
	};
}

/** The smaller of the two, for whatever must fit both; undefined where one is not known. */
export function leastBytes(chain: PosternChain): number | undefined {
	const { http1, http2 } = buffersOf(chain);
	const known = [http1, http2].flatMap((each) => each?.bytes ?? []);
	return chain.listener === undefined || known.length === 0 ? undefined : Math.min(...known);
}

/** The buffers of a masked chain against each other and against Postern. */
export function checkBuffers(chain: PosternChain, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const buffers = buffersOf(chain);
	const { http1, http2 } = buffers;
	if (http1 !== undefined && http2 !== undefined && http1.bytes !== http2.bytes) {
		const at = http2.written || !http1.written ? http2.at : http1.at;
		tell("edge_buffers_differ", at, `${http1.bytes} and ${http2.bytes} bytes`);
	}
	for (const each of [http1, http2]) {
		if (each === undefined) continue;
		if (each.bytes < SMALL_BUFFER_BYTES) tell("edge_buffer_small", each.at, `${each.bytes} bytes`);
		if (each.written) checkAgainstPostern(each.bytes, each.at, facts, tell);
	}
}

/** Also for the limit that a route sets. */
export function checkAgainstPostern(
	bytes: number,
	at: Place,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const most = Math.min(facts.maxBodyBytes, facts.maxMessageBytes - ENVELOPE_BYTES);
	if (bytes <= most) return;
	tell(
		"edge_buffer_over_postern",
		at,
		`${bytes} bytes, and Postern takes ${most}${facts.known ? "" : " by default"}`,
	);
}
