import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { type CallScript, type LoadOrder, type LoadResult, readScript } from "./calls.ts";

/**
 * Load in a process of its own: frames are encoded before anything is timed, many streams share a connection, what a turn
 * has to send leaves in one write. Understands of HTTP/2 what a server's answers need: windows, PING, the end of streams.
 */

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const MAX_FRAME = 16_384;
const FIRST_WINDOW = 65_535;
const INITIAL_WINDOW_SIZE = 4;
const WIDE = 1 << 30;
/** Latencies by microseconds; what takes longer than the last counts there. */
const BUCKETS = 2_000_000;
/** What `grpc-timeout` says below. Microseconds. */
const PATIENCE = 500_000;
/** `HttpStatus { code: 503 }`, in a denial. */
const UNAVAILABLE = Buffer.from([0x08, 0xf7, 0x03]);

/** One message cut into DATA frames whose stream numbers are still to be filled in. */
type Encoded = readonly { readonly bytes: Buffer; readonly octets: number }[];

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
	const head = Buffer.alloc(9);
	head.writeUIntBE(payload.length, 0, 3);
	head[3] = type;
	head[4] = flags;
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
}

function literal(flags: number, name: string, value: string): Buffer {
	return Buffer.concat([
		Buffer.from([flags, name.length]),
		Buffer.from(name),
		Buffer.from([value.length]),
		Buffer.from(value),
	]);
}

const POST = Buffer.from([0x83, 0x86]);
const timeout = literal(0x40, "grpc-timeout", "500m");

/** A string of HPACK without Huffman's code: its length as an integer with a prefix of 7 bits (RFC 7541, 5). */
function text(value: string): Buffer {
	const bytes = Buffer.from(value, "latin1");
	const length = bytes.length < 127 ? [bytes.length] : [127];
	if (bytes.length >= 127) {
		let left = bytes.length - 127;
		for (; left >= 128; left = Math.floor(left / 128)) length.push((left % 128) + 128);
		length.push(left);
	}
	return Buffer.concat([Buffer.from(length), bytes]);
}

/** Every field spelled out, and none kept. */
function plainBlock(fields: readonly (readonly [string, string])[]): Buffer {
	return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** As Envoy's encoder does it: the path spelled out every time, the rest indexed after the first. */
function headBlocks(path: string): { readonly first: Buffer; readonly later: Buffer } {
	const named = Buffer.concat([Buffer.from([0x04, path.length]), Buffer.from(path)]);
	const authority = Buffer.concat([Buffer.from([0x41, 7]), Buffer.from("postern")]);
	const type = Buffer.concat([Buffer.from([0x5f, 16]), Buffer.from("application/grpc")]);
	const te = literal(0x40, "te", "trailers");
	return {
		first: Buffer.concat([POST, named, authority, te, timeout, type]),
		later: Buffer.concat([POST, named, Buffer.from([0xc1, 0xc0, 0xbf, 0xbe])]),
	};
}

function encode(message: Uint8Array, last: boolean): Encoded {
	const bytes = Buffer.concat([Buffer.alloc(5), message]);
	bytes.writeUInt32BE(message.length, 1);
	const frames: { readonly bytes: Buffer; readonly octets: number }[] = [];
	for (let at = 0; at < bytes.length; at += MAX_FRAME) {
		const part = bytes.subarray(at, at + MAX_FRAME);
		const ends = last && at + MAX_FRAME >= bytes.length;
		frames.push({ bytes: frame(0, ends ? END_STREAM : 0, 0, part), octets: part.length });
	}
	return frames;
}

interface Call {
	readonly messages: readonly Encoded[];
	/** Next message to be sent, and its next frame. */
	next: number;
	frame: number;
	/** Octets that the server lets come on this stream (RFC 9113, 5.2). */
	window: number;
	readonly began: number;
	/** Octets of the answer that is being received; −1: none is. */
	missing: number;
	prefix: number;
	length: number;
	ended: boolean;
	status: number;
	/** When it was sent; `began` is when it was due. */
	readonly sent: number;
	refused: boolean;
}

interface Script {
	readonly first: Buffer;
	readonly later: Buffer;
	readonly calls: readonly (readonly Encoded[])[];
	/** HEADERS frames of each call, in place of the two. */
	readonly heads: readonly Buffer[] | undefined;
	readonly unary: boolean;
}

function prepare({ path, calls, heads }: CallScript): Script {
	const { first, later } = headBlocks(path);
	const unary = path.endsWith("/Check");
	const frames = heads?.map((fields) => frame(HEADERS, END_HEADERS | END_STREAM, 0, plainBlock(fields)));
	return {
		heads: frames,
		first: frame(HEADERS, END_HEADERS, 0, first),
		later: frame(HEADERS, END_HEADERS, 0, later),
		calls: calls.map((messages) => messages.map((message) => encode(message, unary))),
		unary,
	};
}

const now = (): number => performance.now() * 1000;

async function run(order: LoadOrder): Promise<LoadResult> {
	const script = prepare(readScript(readFileSync(order.script)));
	const times = new Uint32Array(BUCKETS);
	let turn = 0;
	let done = 0;
	let failed = 0;
	let good = 0;
	let refused = 0;
	let givenUp = 0;
	const refusals = new Uint32Array(BUCKETS);
	let limit = order.calls;
	const cpu = process.cpuUsage();

	function finish(call: Call, at: number): void {
		done++;
		times[Math.min(BUCKETS - 1, Math.round(at - call.began))]!++;
		if (call.status !== 0 || call.next < call.messages.length) failed++;
		else if (call.refused) {
			refused++;
			refusals[Math.min(BUCKETS - 1, Math.round(at - call.sent))]!++;
		} else if (at - call.sent <= PATIENCE) good++;
	}

	async function openConnection(): Promise<{
		begin(at: number): boolean;
		flush(): void;
		idle(): boolean;
		socket: Socket;
	}> {
		const socket = connectTo(order.address);
		await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
		const calls = new Map<number, Call>();
		let stream = -1;
		let room = FIRST_WINDOW;
		let streamWindow = FIRST_WINDOW;
		let waiting: { readonly id: number; readonly call: Call }[] = [];
		let out: Buffer[] = [];
		let held: Buffer = Buffer.alloc(0);
		let started = false;

		function flush(): void {
			if (out.length === 0) return;
			socket.write(out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out));
			out = [];
		}
		function send(id: number, call: Call): void {
			const message = call.messages[call.next];
			if (message === undefined) return;
			for (; call.frame < message.length; call.frame++) {
				const { bytes, octets } = message[call.frame] as Encoded[number];
				if (room < octets || call.window < octets) {
					waiting.push({ id, call });
					return;
				}
				room -= octets;
				call.window -= octets;
				const numbered = Buffer.from(bytes);
				numbered.writeUInt32BE(id, 5);
				out.push(numbered);
			}
			call.next++;
			call.frame = 0;
		}
		function begin(at: number): boolean {
			if (calls.size >= order.streams || turn >= limit) return false;
			stream += 2;
			const number = turn++ % script.calls.length;
			const messages = script.calls[number] as readonly Encoded[];
			const call: Call = {
				messages,
				next: 0,
				frame: 0,
				window: streamWindow,
				began: at,
				missing: -1,
				prefix: 0,
				length: 0,
				ended: false,
				status: 0,
				sent: now(),
				refused: false,
			};
			calls.set(stream, call);
			const head = Buffer.from(script.heads?.[number] ?? (started ? script.later : script.first));
			started = true;
			head.writeUInt32BE(stream, 5);
			out.push(head);
			send(stream, call);
			return true;
		}
		/** Reads the length-prefixed answers; each asks for the next message. */
		function receive(id: number, call: Call, bytes: Buffer, from: number, to: number): void {
			let at = from;
			while (at < to) {
				if (call.missing < 0) {
					if (call.prefix++ > 0) call.length = call.length * 256 + (bytes[at] as number);
					else call.length = 0;
					at++;
					if (call.prefix < 5) continue;
					call.prefix = 0;
					call.missing = call.length;
				}
				const count = Math.min(call.missing, to - at);
				call.missing -= count;
				at += count;
				if (call.missing > 0) return;
				call.missing = -1;
				if (call.next < call.messages.length) send(id, call);
				else if (!script.unary && !call.ended) {
					call.ended = true;
					out.push(frame(0, END_STREAM, id, Buffer.alloc(0)));
				}
			}
		}
		function onFrame(bytes: Buffer, at: number, length: number): void {
			const type = bytes[at + 3];
			const flags = bytes[at + 4] as number;
			const id = bytes.readUInt32BE(at + 5) & 0x7fffffff;
			const payload = at + 9;
			if (type === SETTINGS && (flags & ACK) === 0) {
				for (let pair = payload; pair < payload + length; pair += 6)
					if (bytes.readUInt16BE(pair) === INITIAL_WINDOW_SIZE) streamWindow = bytes.readUInt32BE(pair + 2);
				out.push(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
			} else if (type === PING && (flags & ACK) === 0)
				out.push(frame(PING, ACK, 0, bytes.subarray(payload, payload + length)));
			else if (type === GOAWAY) throw new Error("the server ends the connection");
			else if (type === WINDOW_UPDATE) {
				const more = bytes.readUInt32BE(payload);
				const opened = calls.get(id);
				if (id === 0) room += more;
				else if (opened !== undefined) opened.window += more;
				const again = waiting;
				waiting = [];
				for (const each of again) send(each.id, each.call);
			}
			const call = calls.get(id);
			if (call === undefined) return;
			if (type === 0 && script.unary && bytes.subarray(payload, payload + length).includes(UNAVAILABLE))
				call.refused = true;
			if (type === 0) receive(id, call, bytes, payload, payload + length);
			if (type === RST_STREAM) call.status = 1;
			// Trailers, whose one field that matters is a literal in every encoder: an error says more than `0`.
			if (type === HEADERS && (flags & END_STREAM) !== 0 && length > 60) call.status = 2;
			// Of plain HTTP the status is an entry of the static table, 200 the first (RFC 7541, appendix A).
			if (script.heads !== undefined && type === HEADERS && bytes[payload] !== 0x88) call.status = 2;
			if (type !== RST_STREAM && ((type !== 0 && type !== HEADERS) || (flags & END_STREAM) === 0)) return;
			calls.delete(id);
			const ended = now();
			finish(call, ended);
			if (order.rate === undefined) begin(ended);
		}
		socket.on("data", (chunk) => {
			const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
			let at = 0;
			while (bytes.length - at >= 9) {
				const length = bytes.readUIntBE(at, 3);
				if (bytes.length - at < 9 + length) break;
				onFrame(bytes, at, length);
				at += 9 + length;
			}
			held = bytes.subarray(at);
			flush();
		});
		const windows = Buffer.from([0, 4, 0x3f, 0xff, 0xff, 0xff]);
		const wide = Buffer.alloc(4);
		wide.writeUInt32BE(WIDE);
		out.push(
			Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
			frame(SETTINGS, 0, 0, windows),
			frame(WINDOW_UPDATE, 0, 0, wide),
		);
		flush();
		await new Promise((resolve) => setTimeout(resolve, 50));
		return {
			socket,
			idle: () => calls.size === 0,
			begin,
			flush,
		};
	}

	const connections = await Promise.all(Array.from({ length: order.connections }, openConnection));
	const began = now();
	if (order.seconds !== undefined)
		setTimeout(() => {
			limit = Math.min(limit, turn);
		}, order.seconds * 1000);
	if (order.rate === undefined) {
		for (const { begin, flush } of connections) {
			for (let count = 0; count < order.streams; count++) begin(now());
			flush();
		}
	} else
		await openLoop(
			order.rate,
			() => limit,
			() => turn,
			connections,
			order.patience,
			() => {
				turn++;
				givenUp++;
			},
		);
	let before = -1;
	// A server that does not answer at all for so long will not answer any more.
	while (done > before && !(turn >= limit && connections.every(({ idle }) => idle()))) {
		before = done;
		for (let wait = 0; wait < 5000 && !(turn >= limit && connections.every(({ idle }) => idle())); wait++)
			await new Promise((resolve) => setTimeout(resolve, 1));
	}
	const seconds = (now() - began) / 1e6;
	for (const { socket, idle } of connections) {
		if (!idle()) failed++;
		socket.destroy();
	}
	const { user, system } = process.cpuUsage(cpu);
	return {
		calls: done,
		seconds,
		p50: quantile(times, done, 0.5),
		p99: quantile(times, done, 0.99),
		p999: quantile(times, done, 0.999),
		failed,
		good,
		refused,
		refusedP50: refused === 0 ? 0 : quantile(refusals, refused, 0.5),
		refusedP99: refused === 0 ? 0 : quantile(refusals, refused, 0.99),
		givenUp,
		spent: user + system,
	};
}

function connectTo(address: string): Socket {
	if (address.startsWith("unix:")) return connect(address.replace(/^unix:(?:\/\/)?/, ""));
	const colon = address.lastIndexOf(":");
	return connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true });
}

/** Calls fall due by the clock; one that comes late counts from when it was due, so that a stall is not overlooked. */
async function openLoop(
	rate: number,
	limit: () => number,
	begun: () => number,
	connections: readonly { begin(at: number): boolean; flush(): void }[],
	patience = Number.POSITIVE_INFINITY,
	giveUp = (): void => undefined,
): Promise<void> {
	const began = now();
	const due: number[] = [];
	let planned = 0;
	let at = 0;
	while (begun() < limit()) {
		for (; planned < limit() && began + (planned * 1e6) / rate <= now(); planned++)
			due.push(began + (planned * 1e6) / rate);
		let stale = 0;
		while (stale < due.length && now() - (due[stale] as number) > patience) stale++;
		for (const _ of due.splice(0, stale)) giveUp();
		while (due.length > 0) {
			const chosen = connections[at++ % connections.length];
			if (chosen === undefined || !chosen.begin(due[0] as number)) break;
			due.shift();
		}
		// What a turn has to send leaves in one write.
		for (const { flush } of connections) flush();
		await new Promise((resolve) => setImmediate(resolve));
	}
}

function quantile(times: Uint32Array, count: number, share: number): number {
	let left = Math.ceil(count * share);
	for (let time = 0; time < times.length; time++) {
		left -= times[time] as number;
		if (left <= 0) return time;
	}
	return times.length;
}

process.on("message", (order) => {
	run(order as LoadOrder).then(
		(result) => process.send?.(result),
		(error) => process.send?.({ error: String(error) }),
	);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
