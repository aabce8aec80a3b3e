import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";

/** What of an upstream no caller may ever see. Every upstream body of the tests holds it. */
export const SECRET = "SECRET-MARKER";

/** An answer as it came over the wire. */
export interface ClientAnswer {
	/** 0 when there was none. */
	readonly status: number;
	/** Lower-case names; repeats in order. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly trailers: readonly (readonly [name: string, value: string])[];
	readonly body: string;
	/** The body as it came, decoded where it was coded. */
	readonly bytes: Buffer;
	/** Ended as announced: neither cut short nor reset. */
	readonly complete: boolean;
	/** How often {@link SECRET} was in what came, whatever its coding. */
	readonly leaked: number;
	readonly ms: number;
}

export interface ClientRequest {
	readonly method?: string;
	readonly path: string;
	readonly headers?: readonly (readonly [string, string])[];
	readonly body?: string | Buffer;
	/** Sends the body in chunks of this many bytes instead of with a length. */
	readonly chunked?: number;
	/** Behind the body: chunked by HTTP/1.1, or by HTTP/2. */
	readonly trailers?: readonly (readonly [string, string])[];
	/** Milliseconds after which the caller gives up. */
	readonly patience?: number;
	/** Told of every piece as it comes, by HTTP/1.1 with what frames it; answers whether the caller has had enough. */
	readonly onPiece?: (piece: Buffer) => boolean | undefined;
}

/** The first value of a header. */
export function header(answer: ClientAnswer, name: string): string | undefined {
	return answer.headers.find(([each]) => each === name)?.[1];
}

/** One HTTP/1.1 call on a connection of its own; returns every byte that came. */
export function callHttp1(port: number, request: ClientRequest): Promise<ClientAnswer> {
	const body = Buffer.from(request.body ?? "");
	const lines = [
		`${request.method ?? "GET"} ${request.path} HTTP/1.1`,
		"host: example.test",
		"connection: close",
	];
	for (const [name, value] of request.headers ?? []) lines.push(`${name}: ${value}`);
	const { chunked: size } = request;
	if (size !== undefined) lines.push("transfer-encoding: chunked");
	else if (body.length > 0) lines.push(`content-length: ${body.length}`);
	const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
	const content = size === undefined ? body : chunks(body, size, request.trailers ?? []);
	return callRaw(port, Buffer.concat([head, content]), request);
}

function chunks(body: Buffer, size: number, trailers: readonly (readonly [string, string])[]): Buffer {
	const pieces: Buffer[] = [];
	for (let at = 0; at < body.length; at += size) {
		const piece = body.subarray(at, at + size);
		pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
	}
	const lines = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
	return Buffer.concat([...pieces, Buffer.from(`0\r\n${lines}\r\n`)]);
}

/** Writes `bytes` as they are and reads until the connection ends. */
export function callRaw(
	port: number,
	bytes: Buffer,
	request: Pick<ClientRequest, "method" | "patience" | "onPiece"> = {},
): Promise<ClientAnswer> {
	const start = performance.now();
	return new Promise((resolve) => {
		const received: Buffer[] = [];
		const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
		const finish = (): void => {
			clearTimeout(patience);
			socket.destroy();
			resolve(parse(Buffer.concat(received), request.method === "HEAD", performance.now() - start));
		};
		const patience = setTimeout(finish, request.patience ?? 8000);
		socket.on("data", (piece) => {
			received.push(piece);
			if (request.onPiece?.(piece)) finish();
		});
		socket.on("end", finish);
		socket.on("error", finish);
	});
}

/** One clear-text HTTP/2 call on a connection of its own. */
export function callHttp2(port: number, request: ClientRequest): Promise<ClientAnswer> {
	const start = performance.now();
	return new Promise((resolve) => {
		const session = connectHttp2(`http://127.0.0.1:${port}`);
		const pieces: Buffer[] = [];
		let status = 0;
		let headers: readonly (readonly [string, string])[] = [];
		let trailers: readonly (readonly [string, string])[] = [];
		let complete = false;
		const finish = (): void => {
			clearTimeout(patience);
			session.destroy();
			const body = Buffer.concat(pieces);
			resolve(seen({ status, headers, trailers, body, complete }, performance.now() - start));
		};
		const patience = setTimeout(finish, request.patience ?? 8000);
		session.on("error", finish);
		const stream = session.request(
			{
				":method": request.method ?? "GET",
				":path": request.path,
				":authority": "example.test",
				...Object.fromEntries(request.headers ?? []),
			},
			{ endStream: request.body === undefined, waitForTrailers: request.trailers !== undefined },
		);
		stream.on("wantTrailers", () => stream.sendTrailers(Object.fromEntries(request.trailers ?? [])));
		if (request.body !== undefined) stream.end(request.body);
		stream.on("response", (answered) => {
			status = Number(answered[":status"]);
			headers = pairs(answered);
		});
		stream.on("trailers", (answered) => {
			trailers = pairs(answered);
		});
		stream.on("data", (piece: Buffer) => {
			pieces.push(piece);
			if (request.onPiece?.(piece)) finish();
		});
		stream.on("end", () => {
			complete = stream.rstCode === 0;
		});
		stream.on("error", () => {
			complete = false;
		});
		stream.on("close", () => {
			complete = complete && stream.rstCode === 0;
			finish();
		});
	});
}

function pairs(headers: object): readonly (readonly [string, string])[] {
	return Object.entries(headers).flatMap(([name, value]) =>
		(Array.isArray(value) ? value : [value]).map((each) => [name, String(each)] as const),
	);
}

type Parsed = Omit<ClientAnswer, "body" | "bytes" | "leaked" | "ms"> & { readonly body: Buffer };

function parse(bytes: Buffer, bodiless: boolean, ms: number): ClientAnswer {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0) return seen({ status: 0, headers: [], trailers: [], body: bytes, complete: false }, ms);
	const [start = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
	const headers = lines.map(readLine);
	const status = Number(start.split(" ")[1]);
	const rest = bytes.subarray(end + 4);
	const find = (name: string): string | undefined => headers.find(([each]) => each === name)?.[1];
	if (find("transfer-encoding") === "chunked" && !bodiless)
		return seen({ status, headers, ...readChunks(rest) }, ms);
	const length =
		bodiless || status === 204 || status === 304 ? 0 : Number(find("content-length") ?? rest.length);
	return seen({ status, headers, trailers: [], body: rest, complete: rest.length === length }, ms);
}

function readLine(line: string): readonly [string, string] {
	const colon = line.indexOf(":");
	return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function readChunks(bytes: Buffer): Pick<Parsed, "trailers" | "body" | "complete"> {
	const pieces: Buffer[] = [];
	for (let at = 0; ; ) {
		const lineEnd = bytes.indexOf("\r\n", at);
		const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
		if (Number.isNaN(size))
			return { trailers: [], body: Buffer.concat([...pieces, bytes.subarray(at)]), complete: false };
		if (size === 0) {
			const trailers = bytes
				.toString("latin1", lineEnd + 2)
				.split("\r\n")
				.filter((line) => line !== "")
				.map(readLine);
			return {
				trailers,
				body: Buffer.concat(pieces),
				complete: bytes.subarray(-4).equals(Buffer.from("\r\n\r\n")),
			};
		}
		pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
		at = lineEnd + 2 + size + 2;
	}
}

function seen(parsed: Parsed, ms: number): ClientAnswer {
	const coded = parsed.headers.some(([name, value]) => name === "content-encoding" && value === "gzip");
	const body = coded && parsed.complete ? gunzipSync(parsed.body) : parsed.body;
	const everything = [
		...parsed.headers.map(([, value]) => value),
		...parsed.trailers.map(([, value]) => value),
		body.toString("latin1"),
	].join("\n");
	return {
		...parsed,
		body: body.toString("utf8"),
		bytes: body,
		leaked: everything.split(SECRET).length - 1,
		ms,
	};
}
