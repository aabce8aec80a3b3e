import { createServer as createHttp2, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";

/** One request as it reached the upstream. */
export interface SeenRequest {
	readonly method: string;
	readonly path: string;
	/** Names in lower case, in order, repeats kept. */
	readonly headers: readonly (readonly [name: string, value: string])[];
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
				const request = readHead(pending.toString("latin1", 0, end));
				const length = Number(request.headers.find(([name]) => name === "content-length")?.[1] ?? 0);
				if (pending.length < end + 4 + length) return;
				pending = pending.subarray(end + 4 + length);
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
		seen.push({
			method: headers[":method"] ?? "",
			path,
			headers: Object.entries(headers).map(([n, v]) => [n, String(v)]),
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

function readHead(head: string): SeenRequest {
	const [start = "", ...lines] = head.split("\r\n");
	const [method = "", path = ""] = start.split(" ");
	const headers = lines.map((line) => {
		const colon = line.indexOf(":");
		return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
	});
	return { method, path, headers };
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
