import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";

const asIs = (bytes: Buffer): Buffer => bytes;

/** What came of one call. */
export interface CallEnd {
	/** gRPC status; 0 is OK. */
	readonly code: number;
	readonly details: string;
}

/** A gRPC client that sends and receives messages as bytes. */
export interface BytesClient {
	check(request: Uint8Array, deadlineMs?: number): Promise<Buffer>;
	process(): ProcessClient;
	close(): void;
}

export interface ProcessClient {
	send(message: Uint8Array): void;
	/** The next answer, or how the call ended. */
	next(): Promise<Buffer | CallEnd>;
	halfClose(): void;
	cancel(): void;
}

export function connectBytes(address: string): BytesClient {
	const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
	return {
		check: (request, deadlineMs) =>
			new Promise((resolve, reject) => {
				client.makeUnaryRequest(
					"/envoy.service.auth.v3.Authorization/Check",
					asIs,
					asIs,
					Buffer.from(request),
					new Metadata(),
					deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
					(error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
				);
			}),
		process: () =>
			wrap(client.makeBidiStreamRequest("/envoy.service.ext_proc.v3.ExternalProcessor/Process", asIs, asIs)),
		close: () => client.close(),
	};
}

function wrap(call: ClientDuplexStream<Buffer, Buffer>): ProcessClient {
	const arrived: (Buffer | CallEnd)[] = [];
	const waiting: ((event: Buffer | CallEnd) => void)[] = [];
	const put = (event: Buffer | CallEnd): void => {
		const taker = waiting.shift();
		if (taker === undefined) arrived.push(event);
		else taker(event);
	};
	call.on("data", put);
	call.on("error", () => {});
	call.on("status", ({ code, details }) => put({ code, details }));
	return {
		send: (message) => call.write(Buffer.from(message)),
		next: () => {
			const event = arrived.shift();
			return event === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(event);
		},
		halfClose: () => call.end(),
		cancel: () => call.cancel(),
	};
}
