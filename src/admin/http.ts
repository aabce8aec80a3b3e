import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { FIXED_LIMITS } from "../config/limits.ts";
import { type Address, formatAddress } from "../lib/address.ts";
import { errorMessage, hasErrorCode } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import type { TlsMaterials } from "../lib/tls-material.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { type Access, FAILURE_WINDOW_MS, type Refusal, type Right } from "./access.ts";
import { type ClientCertificates, isReader, tlsOptions } from "./client-certificates.ts";

/**
 * Not by `import`: of a module with an `import` Node reads every export, `http.WebSocket` among them, and behind that stands
 * all of its `fetch`, which takes 14 MB.
 */
const { createServer } = process.getBuiltinModule("node:http");

export interface AdminDeps {
	/** What keeps the process from taking calls, one line each; empty when it is ready. */
	readonly missing: () => readonly string[];
	readonly metrics: { render(): Promise<string>; readonly contentType: string };
	/** Plain JSON for `/status`: states and revisions, never a secret. */
	readonly status: () => object | Promise<object>;
	/** Who may read and write; probes are for everybody. */
	readonly access: Access;
	/** Absent: plain HTTP. */
	readonly tls?: { readonly materials: TlsMaterials; readonly clients?: ClientCertificates };
	/** False when there is no such level. */
	readonly setLogLevel: (level: string) => boolean;
	readonly log: Logger;
	readonly refused: Metrics["adminRefused"];
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
	readonly headers?: Readonly<Record<string, string>>;
}

const TEXT = "text/plain; charset=utf-8";

/**
 * Serves `/livez` and `/readyz` to probes, `/metrics`, `/status` and `/log-level` to operators.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function startAdmin(
	address: Address,
	deps: AdminDeps,
	bindSocket: (path: string, bind: () => Promise<void>) => Promise<void>,
): Promise<AdminServer> {
	const limits = {
		maxHeaderSize: FIXED_LIMITS.admin_header_bytes.value,
		headersTimeout: FIXED_LIMITS.admin_request_seconds.value * 1000,
		requestTimeout: FIXED_LIMITS.admin_request_seconds.value * 1000,
		connectionsCheckingInterval: 1000,
		keepAliveTimeout: 5000,
	};
	const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
		void respond(request, response, deps);
	const { tls } = deps;
	const server =
		tls === undefined ? createServer(limits, onRequest) : serverWithTls(tls.materials, limits, onRequest);
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

function serverWithTls(
	materials: TlsMaterials,
	limits: object,
	onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
	const server = createTlsServer({ ...limits, ...tlsOptions(materials.current()) }, onRequest);
	server.on("tlsClientError", (_error, socket) => socket.destroy());
	const forget = materials.onChange((material) => {
		server.setSecureContext(tlsOptions(material));
		server.closeIdleConnections();
	});
	server.once("close", forget);
	return server;
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
		...answer.headers,
	});
	response.end(request.method === "HEAD" ? "" : answer.body);
}

async function answerFor(request: IncomingMessage, deps: AdminDeps): Promise<Answer> {
	const path = (request.url ?? "").split("?", 1)[0];
	const reads = request.method === "GET" || request.method === "HEAD";
	switch (path) {
		case "/livez":
			return reads ? { code: 200, type: TEXT, body: "alive\n" } : onlyMethods("GET, HEAD");
		case "/readyz":
		case "/health":
			return reads ? readiness(deps.missing()) : onlyMethods("GET, HEAD");
		case "/metrics":
			if (!reads) return onlyMethods("GET, HEAD");
			return (
				refusalOf(request, deps, "read") ?? {
					code: 200,
					type: deps.metrics.contentType,
					body: await deps.metrics.render(),
				}
			);
		case "/status":
			if (!reads) return onlyMethods("GET, HEAD");
			return (
				refusalOf(request, deps, "read") ?? {
					code: 200,
					type: "application/json",
					body: `${JSON.stringify(await deps.status(), null, 2)}\n`,
				}
			);
		case "/log-level":
			if (request.method !== "PUT") return onlyMethods("PUT");
			return refusalOf(request, deps, "write") ?? (await setLogLevel(request, deps));
		default:
			return { code: 404, type: TEXT, body: "/livez /readyz /metrics /status /log-level\n" };
	}
}

function readiness(missing: readonly string[]): Answer {
	if (missing.length === 0) return { code: 200, type: TEXT, body: "ready\n" };
	return { code: 503, type: TEXT, body: `not ready:\n${missing.map((line) => `- ${line}\n`).join("")}` };
}

function onlyMethods(allow: string): Answer {
	return { code: 405, type: TEXT, body: `only ${allow}\n`, headers: { allow } };
}

/** Takes effect at once, until the process ends. */
async function setLogLevel(request: IncomingMessage, deps: AdminDeps): Promise<Answer> {
	let text = "";
	for await (const piece of request) {
		text += String(piece);
		if (text.length > FIXED_LIMITS.admin_body_bytes.value)
			return { code: 413, type: TEXT, body: "too long\n", headers: { connection: "close" } };
	}
	const level = text.trim();
	if (!deps.setLogLevel(level))
		return { code: 400, type: TEXT, body: "the body must be one of debug, info, warn, error\n" };
	deps.log.warn({ level }, "the log level was changed");
	return { code: 200, type: TEXT, body: `${level}\n` };
}

const REFUSALS: Readonly<Record<Refusal, Answer>> = {
	unauthorized: {
		code: 401,
		type: TEXT,
		body: "a bearer token is needed\n",
		headers: { "www-authenticate": "Bearer" },
	},
	forbidden: {
		code: 403,
		type: TEXT,
		body: "this token does not give that right\n",
		headers: { "www-authenticate": 'Bearer error="insufficient_scope"' },
	},
	rate_limited: {
		code: 429,
		type: TEXT,
		body: "too many wrong tokens\n",
		headers: { "retry-after": String(FAILURE_WINDOW_MS / 1000) },
	},
};

function refusalOf(request: IncomingMessage, deps: AdminDeps, right: Right): Answer | undefined {
	const refusal = deps.access.refuses({
		right,
		authorization: request.headers.authorization,
		address: request.socket.remoteAddress ?? "unix",
		reader: deps.tls?.clients !== undefined && isReader(request.socket, deps.tls.clients),
	});
	if (refusal === undefined) return undefined;
	deps.refused.inc({ reason: refusal });
	return REFUSALS[refusal];
}
