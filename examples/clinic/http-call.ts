import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

export interface Call {
	readonly port: number;
	readonly method: string;
	readonly path: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** JSON text. */
	readonly body?: string;
	/** PEM texts; with them the call goes over mutual TLS. */
	readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string };
}

export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

const TIMEOUT_MS = 10_000;

/** One call to 127.0.0.1 on a connection of its own. */
export function callHttp(call: Call): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const common = {
			host: "127.0.0.1",
			port: call.port,
			method: call.method,
			path: call.path,
			headers: {
				...call.headers,
				...(call.body === undefined
					? {}
					: { "content-type": "application/json", "content-length": Buffer.byteLength(call.body) }),
				connection: "close",
			},
			timeout: TIMEOUT_MS,
			agent: false as const,
		};
		const request =
			call.tls === undefined
				? plainRequest(common)
				: tlsRequest({ ...common, ca: call.tls.ca, cert: call.tls.certificate, key: call.tls.key });
		request.on("response", (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => {
				const body = Buffer.concat(chunks).toString("utf8");
				resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
			});
		});
		request.on("timeout", () => request.destroy(new Error(`no answer from port ${call.port} in time`)));
		request.on("error", reject);
		request.end(call.body);
	});
}
