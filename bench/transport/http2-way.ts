import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { ProcessStream, Step } from "../../src/envoy/ext-proc/process-stream.ts";
import { createMessageReader, readMessage } from "../../src/envoy/transport/lane/message-reader.ts";
import type { Transport, TransportDeps, TransportOptions } from "../../src/envoy/transport/types.ts";

const HEAD = { ":status": 200, "content-type": "application/grpc" };
const TRAILERS = { "grpc-status": "0" };
const PREFIX_BYTES = 5;

function framed(message: Uint8Array): Buffer {
	const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
	bytes[0] = 0;
	bytes.writeUInt32BE(message.length, 1);
	bytes.set(message, PREFIX_BYTES);
	return bytes;
}

/**
 * The way in between: Node's own HTTP/2 without a gRPC library. As little as can be had: no limits, no health, no errors.
 * For the comparison alone.
 */
export async function startHttp2(options: TransportOptions, deps: TransportDeps): Promise<Transport> {
	const server = createServer({ settings: { initialWindowSize: 1 << 20 } });

	function onCheck(stream: ServerHttp2Stream): void {
		const chunks: Buffer[] = [];
		stream.on("data", (chunk: Buffer) => chunks.push(chunk));
		stream.on("end", () => {
			const request = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
			const answer = deps.check(
				request.subarray(PREFIX_BYTES),
				Number.POSITIVE_INFINITY,
				undefined,
			) as Uint8Array;
			stream.respond(HEAD, { waitForTrailers: true });
			stream.on("wantTrailers", () => stream.sendTrailers(TRAILERS));
			stream.end(framed(answer));
		});
	}
	function onProcess(stream: ServerHttp2Stream, exchange: ProcessStream): void {
		const reader = createMessageReader();
		stream.respond(HEAD, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers(TRAILERS));
		stream.on("data", (chunk: Buffer) => {
			reader.pos = 0;
			while (readMessage(reader, chunk, chunk.length, options.maxMessageBytes) === "message") {
				const step = exchange.receive(reader.message) as Step;
				if (step.kind === "answer") stream.write(framed(step.message));
				else stream.close();
			}
		});
		stream.on("end", () => stream.end());
		stream.on("close", () => exchange.abandon());
	}

	server.on("stream", (stream, headers) => {
		stream.on("error", () => {});
		if (headers[":path"]?.endsWith("/Check")) onCheck(stream);
		else if (deps.process !== undefined) onProcess(stream, deps.process.open());
	});
	const path = options.addresses[0]?.replace(/^unix:(?:\/\/)?/, "") ?? "";
	server.listen(path);
	await once(server, "listening");
	return {
		addresses: options.addresses,
		health: { setServing: () => {} },
		inFlight: () => 0,
		drain: async () => {
			server.close();
		},
	};
}
