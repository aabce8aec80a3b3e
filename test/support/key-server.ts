import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A key server on loopback that counts its requests and answers as it is told. */
export interface KeyServer {
	readonly url: string;
	requests(): number;
	/** What every further request gets. */
	answer(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
	serve(document: string): void;
	close(): Promise<void>;
}

export async function startKeyServer(document: string): Promise<KeyServer> {
	let count = 0;
	let handler = json(document);
	const server = createServer((request, response) => {
		count++;
		handler(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/keys`,
		requests: () => count,
		answer: (next) => {
			handler = next;
		},
		serve: (next) => {
			handler = json(next);
		},
		close: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => resolve());
			}),
	};
}

function json(document: string): (request: IncomingMessage, response: ServerResponse) => void {
	return (_request, response) => {
		response.setHeader("content-type", "application/json");
		response.end(document);
	};
}
