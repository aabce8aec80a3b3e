import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FIXED_LIMITS } from "../config/limits.ts";
import { type Address, formatAddress } from "../lib/address.ts";
import { errorMessage, hasErrorCode } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";

export interface AdminDeps {
	/** What keeps the process from taking calls, one line each; empty when it is ready. */
	readonly missing: () => readonly string[];
	readonly metrics: { render(): Promise<string>; readonly contentType: string };
	/** Plain JSON for `/status`: states and revisions, never a secret. */
	readonly status: () => object | Promise<object>;
}

export interface AdminServer {
	/** As bound, with the real port. */
	readonly address: string;
	stop(): Promise<void>;
}

interface Answer {
	readonly code: number;
	readonly type: string;
	readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";

/**
 * Serves `/livez`, `/readyz`, `/metrics` and `/status` to operators and probes; read-only.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function startAdmin(
	address: Address,
	deps: AdminDeps,
	bindSocket: (path: string, bind: () => Promise<void>) => Promise<void>,
): Promise<AdminServer> {
	const server = createServer(
		{
			maxHeaderSize: FIXED_LIMITS.admin_header_bytes.value,
			headersTimeout: FIXED_LIMITS.admin_request_seconds.value * 1000,
			requestTimeout: FIXED_LIMITS.admin_request_seconds.value * 1000,
			connectionsCheckingInterval: 1000,
			keepAliveTimeout: 5000,
		},
		(request, response) => void respond(request, response, deps),
	);
	server.maxConnections = FIXED_LIMITS.admin_connections.value;
	// A client that reads nothing holds a connection no longer than one that sends nothing.
	server.setTimeout(2 * FIXED_LIMITS.admin_request_seconds.value * 1000, (socket) => socket.destroy());
	if (address.kind === "unix")
		await bindSocket(address.path, () => listen(server, { path: address.path }, address));
	else await listen(server, { host: address.host, port: address.port }, address);
	const bound = server.address() as AddressInfo | string;
	return {
		address: formatAddress(
			typeof bound === "string" || address.kind === "unix" ? address : { ...address, port: bound.port },
		),
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

function listen(
	server: Server,
	where: { path: string } | { host: string; port: number },
	address: Address,
): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", (error) => {
			const shown = formatAddress(address);
			reject(
				hasErrorCode(error, "EADDRINUSE")
					? new PosternError("address_in_use", `another process listens on ${shown}`, { cause: error })
					: new PosternError("address_unusable", `cannot listen on ${shown}: ${errorMessage(error)}`, {
							cause: error,
						}),
			);
		});
		server.listen(where, () => resolve());
	});
}

async function respond(request: IncomingMessage, response: ServerResponse, deps: AdminDeps): Promise<void> {
	const answer = await answerFor(request, deps).catch(
		(): Answer => ({ code: 500, type: TEXT, body: "the answer could not be made\n" }),
	);
	response.writeHead(answer.code, {
		"content-type": answer.type,
		"content-length": Buffer.byteLength(answer.body),
		"cache-control": "no-store",
		"x-content-type-options": "nosniff",
		"content-security-policy": "default-src 'none'",
		...(answer.code === 405 ? { allow: "GET, HEAD" } : {}),
	});
	response.end(request.method === "HEAD" ? "" : answer.body);
}

async function answerFor(request: IncomingMessage, deps: AdminDeps): Promise<Answer> {
	if (request.method !== "GET" && request.method !== "HEAD") {
		return { code: 405, type: TEXT, body: "only GET and HEAD\n" };
	}
	const path = (request.url ?? "").split("?", 1)[0];
	switch (path) {
		case "/livez":
			return { code: 200, type: TEXT, body: "alive\n" };
		case "/readyz":
		case "/health": {
			const missing = deps.missing();
			if (missing.length === 0) return { code: 200, type: TEXT, body: "ready\n" };
			return { code: 503, type: TEXT, body: `not ready:\n${missing.map((line) => `- ${line}\n`).join("")}` };
		}
		case "/metrics":
			return { code: 200, type: deps.metrics.contentType, body: await deps.metrics.render() };
		case "/status":
			return {
				code: 200,
				type: "application/json",
				body: `${JSON.stringify(await deps.status(), null, 2)}\n`,
			};
		default:
			return { code: 404, type: TEXT, body: "/livez /readyz /metrics /status\n" };
	}
}
