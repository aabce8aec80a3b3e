import { constants } from "node:crypto";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { FIXED_LIMITS } from "../../../config/limits.ts";
import { callerNames } from "../../../lib/caller-names.ts";
import { admittedAs } from "../../../lib/caller-pattern.ts";
import type { TlsMaterial } from "../../../lib/tls-material.ts";
import type { Logger, Metrics } from "../../../telemetry/types.ts";
import type { TlsOptions } from "../types.ts";

import { createRefusal } from "./refuse.ts";

/** Suites with forward secrecy and authenticated encryption alone (RFC 9113, section 9.2.2). */
const CIPHERS = [
	"TLS_AES_128_GCM_SHA256",
	"TLS_AES_256_GCM_SHA384",
	"TLS_CHACHA20_POLY1305_SHA256",
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** The lines about refusals of one kind are at least so far apart; the counter counts them all. */
const LOG_EVERY_MS = 10_000;

export interface TlsFrontDeps {
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "tlsRefused" | "limitsHit">;
	readonly monotonic: () => number;
	/** Whether who takes the connections answers a peer that has ended its side. */
	readonly allowHalfOpen: boolean;
}

/**
 * Ends TLS in front of a transport: hands over the connections of callers that are listed, and no others. Whom a
 * certificate names is asked only when the handshake has proved it against the authorities in force; sessions are never
 * resumed, because a resumed one would not be proved again.
 */
export function createTlsServer(
	{ materials, callers, maxConnections }: TlsOptions,
	{ log, metrics, monotonic, allowHalfOpen }: TlsFrontDeps,
	take: (socket: TLSSocket) => void,
): Server {
	const refusal = createRefusal();
	const told = new Map<string, number>();
	let untold = 0;

	function refused(
		reason: "handshake" | "protocol" | "caller",
		fields: Readonly<Record<string, unknown>>,
	): void {
		metrics.tlsRefused.inc({ reason });
		const now = monotonic();
		if (now - (told.get(reason) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) {
			untold++;
			return;
		}
		told.set(reason, now);
		log.warn({ reason, ...fields, ...(untold > 0 ? { more: untold } : {}) }, "a TLS connection was refused");
		untold = 0;
	}

	function admit(socket: TLSSocket): void {
		// What ends a connection is told by `close`.
		socket.on("error", () => undefined);
		const { remoteAddress: address } = socket;
		if (socket.alpnProtocol !== "h2") {
			refused("protocol", { address });
			socket.destroy();
			return;
		}
		const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
		const names = certificate === undefined || certificate.ca ? undefined : callerNames(certificate);
		if (names !== undefined && admittedAs(callers, names) !== undefined) {
			take(socket);
			return;
		}
		refused("caller", { address, names: [...(names?.uris ?? []), ...(names?.dns ?? [])].slice(0, 8) });
		refusal.refuse(socket);
	}

	const server = createServer(
		{
			...secureOptions(materials.current()),
			ALPNProtocols: ["h2"],
			handshakeTimeout: FIXED_LIMITS.tls_handshake_seconds.value * 1000,
			allowHalfOpen,
			noDelay: true,
		},
		admit,
	);
	server.maxConnections = maxConnections;
	server.on("drop", () => metrics.limitsHit.inc({ limit: "serve.tls.max_connections" }));
	server.on("tlsClientError", (error, socket) => {
		// Probes and scanners come and go; what they sent is not repeated.
		refused("handshake", {
			address: socket.remoteAddress,
			code: (error as NodeJS.ErrnoException).code ?? "unknown",
		});
		socket.destroy();
	});
	const forget = materials.onChange((material) => server.setSecureContext(secureOptions(material)));
	server.once("close", forget);
	return server;
}

function secureOptions({ certificate, key, clientCa }: TlsMaterial) {
	return {
		cert: certificate,
		key,
		// Without authorities of our own Node would believe those of the web.
		ca: clientCa ?? [],
		requestCert: true,
		rejectUnauthorized: true,
		minVersion: "TLSv1.2",
		ciphers: CIPHERS,
		honorCipherOrder: true,
		ecdhCurve: "X25519:P-256:P-384",
		secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
	} as const;
}
