import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { KeyPair } from "./envoy/certificates.ts";

/** The files of `serve.tls` in a folder of their own. */
export interface TlsFolder {
	readonly folder: string;
	/** Lines of `postern.yaml` inside `serve`. */
	readonly serve: string;
	putPair(pair: KeyPair): void;
	putAuthorities(pem: string): void;
}

/** Puts files the way issuers do: written beside, and moved into place. */
export function createTlsFolder(pair: KeyPair, authorities: string, callers: readonly string[]): TlsFolder {
	const folder = mkdtempSync(join(tmpdir(), "postern-tls-"));
	const put = (name: string, text: string): void => {
		writeFileSync(join(folder, `${name}.next`), text, { mode: 0o600 });
		renameSync(join(folder, `${name}.next`), join(folder, name));
	};
	const putPair = ({ certificate, key }: KeyPair): void => {
		put("tls.crt", certificate);
		put("tls.key", key);
	};
	putPair(pair);
	put("ca.crt", authorities);
	return {
		folder,
		serve: `tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key, client_ca: ${folder}/ca.crt, reload_seconds: 1}, callers: [${callers.map((each) => JSON.stringify(each)).join(", ")}]`,
		putPair,
		putAuthorities: (pem) => put("ca.crt", pem),
	};
}

/** What came of one Check by TLS: the answer's bytes, or the gRPC status. */
export type TlsAnswer = Buffer | { readonly code: number; readonly details: string };

/** A gRPC client with a certificate, or without one; `server`: the name that it expects. */
export function connectTls(address: string, authority: string, pair?: KeyPair, server = "postern") {
	const client = new Client(
		address,
		credentials.createSsl(
			Buffer.from(authority),
			pair === undefined ? null : Buffer.from(pair.key),
			pair === undefined ? null : Buffer.from(pair.certificate),
		),
		{ "grpc.use_local_subchannel_pool": 1, "grpc.ssl_target_name_override": server },
	);
	return {
		check: (deadlineMs = 5000): Promise<TlsAnswer> =>
			new Promise((resolve) => {
				client.makeUnaryRequest(
					"/envoy.service.auth.v3.Authorization/Check",
					(bytes: Buffer) => bytes,
					(bytes: Buffer) => bytes,
					Buffer.alloc(0),
					new Metadata(),
					{ deadline: Date.now() + deadlineMs },
					(error, answer) => resolve(answer ?? { code: error?.code ?? -1, details: error?.details ?? "" }),
				);
			}),
		close: () => client.close(),
	};
}

/** A bare TLS connection; resolves when it is up, or with the code of what went wrong. */
export function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket | string> {
	return new Promise((resolve) => {
		const socket = connect({ host: "127.0.0.1", port, servername: "postern", ...options });
		socket.once("secureConnect", () => resolve(socket));
		socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
	});
}
