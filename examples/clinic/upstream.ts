import { createServer, type Server } from "node:http";
import { RECORDS } from "./records.ts";

export interface Upstream {
	/** Calls that reached the service since it started: a refused call must not. */
	calls(): number;
	stop(): Promise<void>;
}

/**
 * Starts the customer-records service on 127.0.0.1. It trusts whoever reaches it and filters nothing: that is what
 * the gate in front of it is for.
 */
export async function startUpstream(port: number): Promise<Upstream> {
	let calls = 0;
	const server: Server = createServer((request, response) => {
		calls += 1;
		const path = (request.url ?? "/").split("?")[0] ?? "/";
		const body = RECORDS.get(path);
		response.setHeader("content-type", "application/json");
		if (body === undefined) {
			response.statusCode = 404;
			response.end(`{"error": "no such record"}`);
			return;
		}
		response.setHeader("etag", `"${path.length}-${body.length}"`);
		response.end(body);
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	return {
		calls: () => calls,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
