import type { BodyReader } from "./body-reader.ts";
import type { JsonScanner } from "./json-scanner.ts";

/** The whole body is one JSON text. */
export function readJson(scanner: JsonScanner): BodyReader {
	return {
		unread: 0,
		write: (chunk) => scanner.feed(chunk, 0, chunk.length),
		end: () => scanner.endText(true),
	};
}

/**
 * One JSON text between two separators, which are copied; blank stretches are copied too. The separator
 * is LF for NDJSON and RS (RFC 7464) for JSON text sequences; neither may stand inside a JSON string.
 */
export function readRecords(scanner: JsonScanner, separator: "lf" | "rs"): BodyReader {
	const byte = separator === "lf" ? 0x0a : 0x1e;
	/** RFC 7464, section 2.1: every text of a sequence has an RS before it. */
	let opened = separator === "lf";
	return {
		unread: 0,
		write(chunk) {
			let start = 0;
			while (start < chunk.length) {
				const found = chunk.indexOf(byte, start);
				const end = found < 0 ? chunk.length : found;
				if (!opened && end > start) return "body_malformed";
				const refusal = scanner.feed(chunk, start, end);
				if (refusal !== undefined) return refusal;
				if (found < 0) return undefined;
				opened = true;
				const ended = scanner.endText(false) ?? scanner.frame(chunk, found, found + 1);
				if (ended !== undefined) return ended;
				start = found + 1;
			}
			return undefined;
		},
		end: () => scanner.endText(false),
	};
}
