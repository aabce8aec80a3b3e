import { createServer as createHttp2, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";

/** One request as it reached the upstream. */
export interface SeenRequest {
	readonly method: string;
	readonly path: string;
	/** Names in lower case, in order, repeats kept. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** As it came, chunks put together; of an HTTP/2 request what has come so far. */
	readonly body: string;
	readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** Writes an HTTP/1.1 answer, byte for byte. */
export type RawReply = (socket: Socket, request: SeenRequest) => void;

/** Answers an HTTP/2 request. */
export type StreamReply = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An upstream that answers each path as a test says, in HTTP/1.1 or, on its other port, in clear-text HTTP/2. */
export interface Upstream {
	readonly address: string;
	readonly http2Address: string;
	/** Requests seen since the last {@link clear}. */
	readonly seen: readonly SeenRequest[];
	reply(path: string, reply: RawReply): void;
	stream(path: string, reply: StreamReply): void;
	clear(): void;
	close(): Promise<void>;
}

export interface Answer {
	readonly status?: number;
	readonly headers?: readonly (readonly [string, string])[];
	readonly body?: string | Buffer;
	/** Sends the body in chunks of this many bytes instead of with a length. */
	readonly chunked?: number;
	/** Behind the chunks. */
	readonly trailers?: readonly (readonly [string, string])[];
	/** A `content-length` that is not the body's. */
	readonly announce?: number;
}

/** The bytes of an HTTP/1.1 answer. */
export function answerBytes(answer: Answer): Buffer {
	const body = Buffer.from(answer.body ?? "");
	const lines = [`HTTP/1.1 ${answer.status ?? 200} X`];
	for (const [name, value] of answer.headers ?? [["content-type", "application/json"]])
		lines.push(`${name}: ${value}`);
	if (answer.chunked === undefined) {
		lines.push(`content-length: ${answer.announce ?? body.length}`);
		return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
	}
	lines.push("transfer-encoding: chunked");
	const pieces: Buffer[] = [Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1")];
	for (let at = 0; at < body.length; at += answer.chunked) {
		const chunk = body.subarray(at, at + answer.chunked);
		pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
	}
	pieces.push(Buffer.from(`0\r\n${(answer.trailers ?? []).map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`));
	return Buffer.concat(pieces);
}

/** A reply that writes one whole answer. */
export function whole(answer: Answer): RawReply {
	const bytes = answerBytes(answer);
	return (socket) => socket.write(bytes);
}

export async function startUpstream(): Promise<Upstream> {
	const replies = new Map<string, RawReply>();
	const streams = new Map<string, StreamReply>();
	const seen: SeenRequest[] = [];
	const sockets = new Set<Socket>();
	const track = (socket: Socket): void => {
		sockets.add(socket);
		socket.on("error", () => {});
		socket.on("close", () => sockets.delete(socket));
	};
	const server = createServer((socket) => {
		track(socket);
		let pending = Buffer.alloc(0);
		socket.on("data", (bytes: Buffer) => {
			pending = Buffer.concat([pending, bytes]);
			for (;;) {
				const end = pending.indexOf("\r\n\r\n");
				if (end < 0) return;
				const head = readHead(pending.toString("latin1", 0, end));
				const content = readContent(head.headers, pending.subarray(end + 4));
				if (content === undefined) return;
				pending = content.rest;
				const request = { ...head, body: content.body.toString(), trailers: content.trailers };
				seen.push(request);
				(replies.get(request.path) ?? whole({ status: 404, body: "{}" }))(socket, request);
			}
		});
	});
	const http2 = createHttp2();
	http2.on("session", (session) => track(session.socket as Socket));
	http2.on("stream", (stream, headers) => {
		const path = headers[":path"] ?? "";
		stream.on("error", () => {});
		const request = {
			method: headers[":method"] ?? "",
			path,
			headers: Object.entries(headers).map(([n, v]) => [n, String(v)] as const),
			body: "",
			trailers: [] as (readonly [string, string])[],
		};
		seen.push(request);
		stream.on("data", (bytes: Buffer) => {
			request.body += bytes.toString();
		});
		stream.on("trailers", (trailers) => {
			request.trailers.push(...Object.entries(trailers).map(([n, v]) => [n, String(v)] as const));
		});
		const reply = streams.get(path);
		if (reply === undefined) stream.respond({ ":status": 404 }, { endStream: true });
		else reply(stream, headers);
	});
	const address = await listen(server);
	const http2Address = await listen(http2);
	return {
		address,
		http2Address,
		seen,
		reply: (path, reply) => replies.set(path, reply),
		stream: (path, reply) => streams.set(path, reply),
		clear() {
			seen.length = 0;
		},
		async close() {
			const closed = [server, http2].map((each) => new Promise((resolve) => each.close(resolve)));
			for (const socket of sockets) socket.destroy();
			await Promise.all(closed);
		},
	};
}

/** The body that follows a head, and what comes behind it; undefined while not all of it is there. */
function readContent(
	headers: SeenRequest["headers"],
	bytes: Buffer,
):
	| (Pick<SeenRequest, "trailers"> & { readonly body: Buffer; readonly rest: Buffer<ArrayBuffer> })
	| undefined {
	const find = (wanted: string): string | undefined => headers.find(([name]) => name === wanted)?.[1];
	if (find("transfer-encoding") === undefined) {
		const length = Number(find("content-length") ?? 0);
		if (bytes.length < length) return undefined;
		return { body: bytes.subarray(0, length), rest: Buffer.from(bytes.subarray(length)), trailers: [] };
	}
	const pieces: Buffer[] = [];
	for (let at = 0; ; ) {
		const lineEnd = bytes.indexOf("\r\n", at);
		if (lineEnd < 0) return undefined;
		const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
		const end = size === 0 ? bytes.indexOf("\r\n\r\n", lineEnd) : lineEnd + 2 + size;
		if (end < 0 || bytes.length < end + (size === 0 ? 4 : 2)) return undefined;
		if (size > 0) {
			pieces.push(bytes.subarray(lineEnd + 2, end));
			at = end + 2;
			continue;
		}
		const lines = bytes.toString("latin1", lineEnd + 2, Math.max(lineEnd + 2, end)).split("\r\n");
		const trailers = lines.filter((line) => line !== "").map(readLine);
		return { body: Buffer.concat(pieces), rest: Buffer.from(bytes.subarray(end + 4)), trailers };
	}
}

function readLine(line: string): readonly [string, string] {
	const colon = line.indexOf(":");
	return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function readHead(head: string): Omit<SeenRequest, "body" | "trailers"> {
	const [start = "", ...lines] = head.split("\r\n");
	const [method = "", path = ""] = start.split(" ");
	return { method, path, headers: lines.map(readLine) };
}

function listen(server: Pick<Server, "listen" | "address">): Promise<string> {
	return new Promise((resolve) => {
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			if (address === null || typeof address === "string") throw new Error("no port");
			resolve(`127.0.0.1:${address.port}`);
		});
	});
}
