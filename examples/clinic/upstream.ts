import { createServer, type IncomingMessage, type Server } from "node:http";
import { RECORDS } from "./records.ts";

export interface Upstream {
	/** Calls that reached the service since it started: a refused call must not. */
	calls(): number;
	/** What the service got and answered last, as texts. */
	last(): { readonly sent: string; readonly answered: string };
	stop(): Promise<void>;
}

/**
 * Starts the customer-records service on 127.0.0.1. It trusts whoever reaches it and filters nothing: that is what
 * the gate in front of it is for.
 */
export async function startUpstream(port: number): Promise<Upstream> {
	const records = new Map(RECORDS);
	let calls = 0;
	let last = { sent: "", answered: "" };
	const server: Server = createServer(async (request, response) => {
		calls += 1;
		const path = (request.url ?? "/").split("?")[0] ?? "/";
		const sent = await textOf(request);
		const record = records.get(path);
		response.setHeader("content-type", "application/json");
		if (record === undefined) {
			response.statusCode = 404;
			response.end(`{"error": "no such record"}`);
			return;
		}
		const body = request.method === "PATCH" ? changed(record, sent) : record;
		records.set(path, body);
		last = { sent, answered: body };
		response.setHeader("etag", `"${path.length}-${body.length}"`);
		response.end(body);
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	return {
		calls: () => calls,
		last: () => last,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

async function textOf(request: IncomingMessage): Promise<string> {
	let text = "";
	request.setEncoding("utf8");
	for await (const piece of request) text += piece;
	return text;
}

/** The service takes whatever members it is sent: that nobody sends what they may not is the gate's work. */
function changed(record: string, change: string): string {
	return JSON.stringify({ ...JSON.parse(record), ...JSON.parse(change) }, undefined, 2);
}
