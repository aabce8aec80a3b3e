/** RFC 9113, section 7; by these names they are counted. */
export const ERROR = {
	NO_ERROR: 0,
	PROTOCOL_ERROR: 1,
	INTERNAL_ERROR: 2,
	FLOW_CONTROL_ERROR: 3,
	STREAM_CLOSED: 5,
	FRAME_SIZE_ERROR: 6,
	REFUSED_STREAM: 7,
	CANCEL: 8,
	COMPRESSION_ERROR: 9,
	ENHANCE_YOUR_CALM: 11,
} as const;

export type ErrorName = keyof typeof ERROR;

/**
 * Ends a connection. Where RFC 9113 lets an error of one stream be one of the connection (section 5.4.1) we take it for
 * one: a client of good will makes none of them, and streams that a peer makes us reset are a way around the limit on
 * concurrent streams (CVE-2025-8671).
 */
export class ConnectionError extends Error {
	readonly code: ErrorName;
	/** The limit that was hit, as it is counted. */
	readonly limit: string | undefined;

	constructor(code: ErrorName, message: string, limit?: string) {
		super(message);
		this.name = "ConnectionError";
		this.code = code;
		this.limit = limit;
	}
}
