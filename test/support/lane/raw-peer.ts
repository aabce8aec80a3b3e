import { connect, type Socket } from "node:net";
import { createHpackDecoder, decodeBlock } from "../../../src/envoy/transport/lane/hpack/decoder.ts";
import { createFrameReader, F, type Frame, frame, PREFACE, T } from "./frames.ts";

export const CHECK = "/envoy.service.auth.v3.Authorization/Check";
export const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

/** A header block of literals that no table keeps. */
export function plainBlock(fields: readonly (readonly [string, string])[]): Buffer {
	return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), textOf(name), textOf(value)]));
}

function textOf(text: string): Buffer {
	const bytes = Buffer.from(text, "latin1");
	if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
	const rest = bytes.length - 127;
	return Buffer.concat([Buffer.from([127, (rest & 127) | 128, rest >> 7]), bytes]);
}

export type Fields = readonly (readonly [string, string])[];

/** The fields of a gRPC call; `more` replaces those of the same name, or comes behind; an empty value takes one away. */
export function grpcFields(path = CHECK, more: Readonly<Record<string, string>> = {}): Fields {
	const fields = new Map([
		[":method", "POST"],
		[":scheme", "http"],
		[":path", path],
		[":authority", "postern"],
		["te", "trailers"],
		["content-type", "application/grpc"],
	]);
	for (const [name, value] of Object.entries(more)) fields.set(name, value);
	return [...fields].filter(([, value]) => value !== "");
}

/** gRPC's five octets and the message. */
export function grpcMessage(message: Uint8Array | string, flag = 0): Buffer {
	const bytes = Buffer.from(message as string);
	const prefix = Buffer.alloc(5);
	prefix[0] = flag;
	prefix.writeUInt32BE(bytes.length, 1);
	return Buffer.concat([prefix, bytes]);
}

export function headers(
	stream: number,
	fields: Fields = grpcFields(),
	flags: number = F.END_HEADERS,
): Buffer {
	return frame(T.HEADERS, flags, stream, plainBlock(fields));
}

export function data(stream: number, payload: Uint8Array, flags = 0): Buffer {
	return frame(T.DATA, flags, stream, payload);
}

/** A whole Check. */
export function check(stream: number, message: Uint8Array | string = "ask"): Buffer {
	return Buffer.concat([headers(stream), data(stream, grpcMessage(message), F.END_STREAM)]);
}

export function uint32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value >>> 0);
	return bytes;
}

export function windowUpdate(stream: number, increment: number): Buffer {
	return frame(T.WINDOW_UPDATE, 0, stream, uint32(increment));
}

export function reset(stream: number, code = 8): Buffer {
	return frame(T.RST_STREAM, 0, stream, uint32(code));
}

export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
	const bytes = pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)]));
	return frame(T.SETTINGS, 0, 0, Buffer.concat(bytes));
}

/** What a peer has heard of one stream. */
export interface Heard {
	readonly heads: Readonly<Record<string, string>>[];
	data: Buffer;
	ended: boolean;
	/** Code of a RST_STREAM. */
	reset?: number;
}

/** A client that says what it is told to, and takes down what it hears. */
export interface RawPeer {
	readonly socket: Socket;
	readonly frames: readonly Frame[];
	send(...bytes: readonly Uint8Array[]): void;
	heard(stream: number): Heard;
	/** Code of the last GOAWAY, and of how many. */
	goaways(): readonly { readonly last: number; readonly code: number }[];
	isClosed(): boolean;
	/** Waits until `done` says so; looks again at every frame and at the end. */
	until(done: () => boolean, what?: string): Promise<void>;
	/** gRPC status of a stream, once it has ended. */
	status(stream: number): Promise<string | undefined>;
	/** The one message of a stream that ends with OK. */
	answer(stream: number): Promise<string>;
	close(): void;
}

export interface RawOptions {
	/** SETTINGS behind the preface. */
	readonly settings?: readonly (readonly [number, number])[];
	/** Nothing is sent by itself. */
	readonly silent?: boolean;
	readonly patience?: number;
}

export async function connectRaw(address: string, options: RawOptions = {}): Promise<RawPeer> {
	const socket = address.startsWith("unix:")
		? connect(address.replace(/^unix:(\/\/)?/, ""))
		: connect(Number(address.slice(address.lastIndexOf(":") + 1)), "127.0.0.1");
	await new Promise<void>((resolve, reject) => {
		socket.once("connect", resolve);
		socket.once("error", reject);
	});
	socket.setNoDelay(true);
	socket.on("error", () => {});
	const frames: Frame[] = [];
	const streams = new Map<number, Heard>();
	const decoder = createHpackDecoder(4096);
	const read = createFrameReader();
	const waiting = new Set<() => void>();
	let closed = false;
	const heard = (stream: number): Heard => {
		const found = streams.get(stream) ?? { heads: [], data: Buffer.alloc(0), ended: false };
		streams.set(stream, found);
		return found;
	};
	const look = (): void => {
		for (const each of [...waiting]) each();
	};
	function take(one: Frame): void {
		frames.push(one);
		const { type, flags, stream, payload } = one;
		if (options.silent !== true && (flags & F.ACK) === 0) {
			if (type === T.SETTINGS) socket.write(frame(T.SETTINGS, F.ACK, 0));
			if (type === T.PING) socket.write(frame(T.PING, F.ACK, 0, payload));
		}
		if (type === T.DATA || type === T.HEADERS) {
			const entry = heard(stream);
			if (entry.ended) throw new Error(`a frame behind the end of stream ${stream}`);
			if (type === T.DATA) {
				if (entry.heads.length === 0) throw new Error("DATA in front of HEADERS");
				entry.data = Buffer.concat([entry.data, payload]);
			} else {
				const fields: Record<string, string> = {};
				decodeBlock(decoder, payload, 0, payload.length, ({ name, value }) => {
					fields[name] = value;
				});
				entry.heads.push(fields);
			}
			if ((flags & F.END_STREAM) !== 0) entry.ended = true;
		}
		if (type === T.RST_STREAM) heard(stream).reset = payload.readUInt32BE(0);
	}
	socket.on("data", (bytes) => {
		for (const one of read(bytes)) take(one);
		look();
	});
	socket.on("close", () => {
		closed = true;
		look();
	});
	const peer: RawPeer = {
		socket,
		frames,
		send: (...bytes) => {
			socket.write(Buffer.concat(bytes));
		},
		heard,
		goaways: () =>
			frames
				.filter(({ type }) => type === T.GOAWAY)
				.map(({ payload }) => ({ last: payload.readUInt32BE(0), code: payload.readUInt32BE(4) })),
		isClosed: () => closed,
		until: (done, what = String(done)) =>
			new Promise((resolve, reject) => {
				if (done()) {
					resolve();
					return;
				}
				const attempt = (): void => {
					if (done()) settle(resolve);
					else if (closed) settle(() => reject(new Error(`closed before ${what}`)));
				};
				const limit = setTimeout(
					() => settle(() => reject(new Error(`waited for ${what}`))),
					options.patience ?? 10_000,
				);
				const settle = (end: () => void): void => {
					clearTimeout(limit);
					waiting.delete(attempt);
					end();
				};
				waiting.add(attempt);
				if (closed) attempt();
			}),
		async status(stream) {
			await peer.until(() => heard(stream).ended, `the end of stream ${stream}`);
			return heard(stream).heads.at(-1)?.["grpc-status"];
		},
		async answer(stream) {
			const status = await peer.status(stream);
			if (status !== "0") throw new Error(`stream ${stream} ended with ${status}`);
			const bytes = heard(stream).data;
			if (bytes.readUInt32BE(1) !== bytes.length - 5) throw new Error("no whole message");
			return bytes.toString("utf8", 5);
		},
		close: () => socket.destroy(),
	};
	if (options.silent !== true) {
		socket.write(Buffer.concat([PREFACE, settings(...(options.settings ?? []))]));
		// What is acknowledged by itself must not stand in the middle of what a test sends.
		await peer.until(() => closed || frames.some(({ type }) => type === T.SETTINGS));
	}
	return peer;
}
