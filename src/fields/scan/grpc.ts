import { asBuffer } from "../json-text.ts";
import { MAX_TRAILER_BYTES } from "../limits.ts";
import type { GrpcFraming, Refusal } from "../types.ts";
import { type Base64Text, createBase64Text } from "./base64-text.ts";
import type { BodyReader } from "./body-reader.ts";
import { appendBytes, createByteBuffer } from "./byte-buffer.ts";
import type { GrpcMessages } from "./grpc-messages.ts";
import type { MaskContext } from "./json-scanner.ts";
import { keepBytes, putBytes } from "./output.ts";

/** One byte of flags, four of length. */
const HEADER_BYTES = 5;
const PLAIN = 0;
const COMPRESSED = 1;
const TRAILERS = 0x80;

/**
 * The messages of a gRPC body, each judged by itself: one is held back until it is complete, for a length stands
 * before it. What came compressed goes on as it is. A gRPC-Web body ends in a frame of trailers, which are judged as
 * trailers are.
 */
export function readGrpc(context: MaskContext, messages: GrpcMessages, framing: GrpcFraming): BodyReader {
	const { output } = context;
	const mask = messages.masker(context);
	const header = new Uint8Array(HEADER_BYTES);
	let headerLength = 0;
	let content = createByteBuffer();
	/** The frame of trailers was met; nothing follows it. */
	let over = false;
	const text: Base64Text | undefined = framing === "grpc-web-text" ? createBase64Text() : undefined;

	/** Looks at a header that is complete. */
	function judgeHeader(): Refusal | undefined {
		const flags = header[0]!;
		if (flags === TRAILERS && framing !== "grpc") {
			return lengthOf(header) > MAX_TRAILER_BYTES ? "body_too_large" : undefined;
		}
		if (flags !== PLAIN && !(flags === COMPRESSED && messages.inflate !== undefined)) return "body_malformed";
		return lengthOf(header) > messages.maxMessageBytes ? "body_too_large" : undefined;
	}

	function put(flags: number, payload: Uint8Array): void {
		const head = Buffer.allocUnsafe(HEADER_BYTES);
		head[0] = flags;
		head.writeUInt32BE(payload.length, 1);
		if (text !== undefined) {
			// A text of its own for each frame: a reader need not wait for the next one to read this.
			putBytes(output, Buffer.from(Buffer.concat([head, payload]).toString("base64"), "latin1"));
			return;
		}
		putBytes(output, head);
		putBytes(output, payload);
	}

	/** The content of the frame at hand; `at` is where the frame begins in the chunk if it lies in it as a whole, else -1. */
	function judgeFrame(frame: Uint8Array, at: number): Refusal | undefined {
		const flags = header[0]!;
		headerLength = 0;
		if (flags === TRAILERS) {
			over = true;
			const trailers = judgeTrailerBlock(frame, context.plan.directive.grpcMessage === "release");
			if (trailers === undefined) return "body_malformed";
			put(TRAILERS, trailers);
			return undefined;
		}
		let message: Uint8Array = frame;
		if (flags === COMPRESSED) {
			const plain = messages.inflate?.(frame) ?? "malformed";
			if (plain === "too_large" || plain === "malformed") return `body_${plain}`;
			message = plain;
		}
		const masked = mask(message);
		if (typeof masked === "string") return masked;
		if (masked === frame && at >= 0) keepBytes(output, at, at + HEADER_BYTES + frame.length);
		else put(PLAIN, masked);
		return undefined;
	}

	function read(bytes: Uint8Array, isChunk: boolean): Refusal | undefined {
		let i = 0;
		while (i < bytes.length) {
			if (over) return "body_malformed";
			if (headerLength < HEADER_BYTES) {
				header[headerLength++] = bytes[i++]!;
				if (headerLength < HEADER_BYTES) continue;
				const refusal = judgeHeader();
				if (refusal !== undefined) return refusal;
			}
			const missing = lengthOf(header) - content.length;
			const end = i + missing;
			if (end > bytes.length) {
				appendBytes(content, bytes, i, bytes.length);
				return undefined;
			}
			let frame: Uint8Array = bytes.subarray(i, end);
			const whole = content.length === 0 && i >= HEADER_BYTES && isChunk;
			if (content.length > 0) {
				appendBytes(content, bytes, i, end);
				frame = content.bytes.subarray(0, content.length);
				// The frame may go out as it is, so its store is not used again.
				content = createByteBuffer();
			}
			const refusal = judgeFrame(frame, whole ? i - HEADER_BYTES : -1);
			if (refusal !== undefined) return refusal;
			i = end;
		}
		return undefined;
	}

	return {
		unread: 0,
		write(chunk) {
			if (text === undefined) return read(chunk, true);
			return read(text.decode(chunk), false) ?? (text.broken ? "body_malformed" : undefined);
		},
		end() {
			const complete = headerLength === 0 && text?.complete() !== false;
			return complete ? undefined : "body_malformed";
		},
	};
}

function lengthOf(header: Uint8Array): number {
	return header[1]! * 0x1000000 + ((header[2]! << 16) | (header[3]! << 8) | header[4]!);
}

/**
 * The block of trailers in which a gRPC-Web body ends: of it only `grpc-status` stays, which is a small number, and
 * `grpc-message` where the directive releases it. `undefined` for what is no such block.
 */
function judgeTrailerBlock(block: Uint8Array, releaseMessage: boolean): Uint8Array | undefined {
	const kept = new Map<string, string>();
	for (const line of asBuffer(block).toString("latin1").split(/\r?\n/)) {
		if (line === "") continue;
		const colon = line.indexOf(":");
		if (colon < 1) return undefined;
		const name = line.slice(0, colon).trim().toLowerCase();
		const value = line.slice(colon + 1).trim();
		if (name !== "grpc-status" && !(name === "grpc-message" && releaseMessage)) continue;
		if (kept.has(name)) return undefined;
		kept.set(name, value);
	}
	const status = kept.get("grpc-status");
	if (status !== undefined && !GRPC_STATUS.test(status)) return undefined;
	if (!GRPC_MESSAGE.test(kept.get("grpc-message") ?? "")) return undefined;
	return Buffer.from([...kept].map(([name, value]) => `${name}:${value}\r\n`).join(""), "latin1");
}

/** A status code of gRPC; anything else in its place could be data. */
export const GRPC_STATUS = /^(?:0|[1-9][0-9]{0,2})$/;
/** Percent-encoded text. */
const GRPC_MESSAGE = /^[ -~]*$/;
