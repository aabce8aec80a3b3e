import { Buffer } from "node:buffer";
import type { Body, GrpcMessage } from "../../request/body.ts";
import type { Descriptors } from "../protobuf/descriptors.ts";
import { emptyMessage, readDynamic } from "../protobuf/dynamic-message.ts";
import { type PrintLimits, printJson } from "../protobuf/protojson.ts";
import { cursor, WireError } from "../protobuf/reader.ts";

/** One byte that says whether the message is compressed, four of its length. */
const FRAME_HEADER_BYTES = 5;

type GrpcReader = (message: GrpcMessage) => Body;

/** Readers of gRPC bodies by descriptor set; each is made once. */
export function createGrpcReaders(
	limits: PrintLimits,
): (descriptors: Descriptors | undefined) => GrpcReader | undefined {
	const readers = new WeakMap<Descriptors, GrpcReader>();
	return (descriptors) => {
		if (descriptors === undefined) return undefined;
		let reader = readers.get(descriptors);
		if (reader === undefined) {
			reader = createGrpcReader(descriptors, limits);
			readers.set(descriptors, reader);
		}
		return reader;
	};
}

/**
 * Reads the one message of a unary or server-streaming call, as the descriptor set describes it, into JSON. A second
 * message behind it is refused: the policy would judge the one, and the upstream may read the other.
 */
export function createGrpcReader(descriptors: Descriptors, limits: PrintLimits): GrpcReader {
	return ({ bytes, start, end, segments }) => {
		if (segments.length !== 2) return malformed("the path is no /service/method");
		if (end - start < FRAME_HEADER_BYTES) return malformed("a frame is cut short");
		if (bytes[start] !== 0) return { kind: "none", state: "compressed" };
		const from = start + FRAME_HEADER_BYTES;
		const stop = from + bytes.readUInt32BE(start + 1);
		if (stop > end) return { kind: "none", state: "truncated" };
		const method = descriptors.methods.get(`${segments[0]}/${segments[1]}`);
		if (method === undefined || method.clientStreaming) return { kind: "none", state: "unparsed" };
		const message = emptyMessage(method.input);
		try {
			readDynamic(cursor(bytes, from, stop), message);
			if (stop < end) return malformed("a second message");
			const text = printJson(message, descriptors, limits);
			if (text === undefined) return { kind: "none", state: "too_large" };
			const json = Buffer.from(text);
			return {
				kind: "json",
				state: "parsed",
				json: { bytes: json, start: 0, end: json.length, surrogates: [] },
			};
		} catch (thrown) {
			if (thrown instanceof WireError) return malformed(thrown.message);
			throw thrown;
		}
	};
}

function malformed(what: string): Body {
	return { kind: "malformed", message: `gRPC body: ${what}` };
}
