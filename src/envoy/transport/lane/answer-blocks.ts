import { Buffer } from "node:buffer";

/** Header blocks of answers. Nothing is indexed and nothing Huffman-coded, so they are the same on every connection. */

const STATUS_200 = 0x88;
const CONTENT_TYPE = 31;

function text(value: string): Buffer {
	const bytes = Buffer.from(value, "latin1");
	if (bytes.length > 126) throw new Error("a header value over 126 octets");
	return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A literal without indexing (RFC 7541, section 6.2.2), its name spelled out. */
function field(name: string, value: string): Buffer {
	return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The same with a name of the static table whose index is 15 or more. */
function named(index: number, value: string): Buffer {
	return Buffer.concat([Buffer.from([0x0f, index - 15]), text(value)]);
}

/** What stands in front of every answer that has messages. */
export const GRPC_HEAD: Buffer = Buffer.concat([
	Buffer.from([STATUS_200]),
	named(CONTENT_TYPE, "application/grpc"),
]);

export const OK_TRAILERS: Buffer = field("grpc-status", "0");

/** Trailers of an error; `details` is plain ASCII without a percent sign, and says nothing of the inside. */
export function errorTrailers(status: number, details: string): Buffer {
	return Buffer.concat([field("grpc-status", String(status)), field("grpc-message", details)]);
}

/** A whole answer without a message ("Trailers-Only"). */
export function trailersOnly(status: number, details: string): Buffer {
	return Buffer.concat([GRPC_HEAD, errorTrailers(status, details)]);
}

/** Tells a client that compresses that nobody asked it to. */
export const ACCEPT_IDENTITY: Buffer = field("grpc-accept-encoding", "identity");

/** The head of an answer to somebody who does not speak gRPC. */
export function plainHead(status: number): Buffer {
	// 0x08: a literal without indexing, named by `:status 200`.
	return Buffer.concat([Buffer.from([0x08]), text(String(status)), named(CONTENT_TYPE, "text/plain")]);
}
