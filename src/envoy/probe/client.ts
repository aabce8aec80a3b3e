import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { PosternError } from "../../lib/errors.ts";
import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "../transport/service-names.ts";

/** PEM texts; `certificate` and `key` go together. */
export interface ProbeTls {
	readonly ca?: Buffer;
	readonly certificate?: Buffer;
	readonly key?: Buffer;
	/** Name in the server's certificate, where it is not the host that is called. */
	readonly name?: string;
}

/** Calls that Envoy makes, by hand. Each rejects with an Error whose message an operator can read. */
export interface ProbeClient {
	health(request: Buffer): Promise<Buffer>;
	check(request: Buffer): Promise<Buffer>;
	/** Sends each message after the answer to the one before it, then ends the call as Envoy does. */
	process(messages: readonly Buffer[], goOn: (answer: Buffer) => boolean): Promise<void>;
	close(): void;
}

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * @param address `HOST:PORT` or `unix:///PATH`
 * @param tls undefined: plain text
 * @throws PosternError `usage` for TLS files that are none
 */
export function connectProbe(address: string, tls: ProbeTls | undefined, timeoutMs: number): ProbeClient {
	const client = new Client(address, credentialsOf(tls), {
		"grpc.enable_channelz": 0,
		"grpc.use_local_subchannel_pool": 1,
		...(tls?.name === undefined
			? {}
			: { "grpc.ssl_target_name_override": tls.name, "grpc.default_authority": tls.name }),
	});
	// A deadline as a date would need a clock; the call is cancelled instead.
	const unary = (path: string, request: Buffer): Promise<Buffer> =>
		new Promise((resolve, reject) => {
			const call = client.makeUnaryRequest(path, asIs, asIs, request, new Metadata(), {}, (error, answer) => {
				clearTimeout(timer);
				if (error === null && answer !== undefined) resolve(answer);
				else reject(late ? tooLate(timeoutMs) : readable(error));
			});
			let late = false;
			const timer = setTimeout(() => {
				late = true;
				call.cancel();
			}, timeoutMs);
		});
	return {
		health: (request) => unary("/grpc.health.v1.Health/Check", request),
		check: (request) => unary(`/${AUTHORIZATION}/Check`, request),
		process: (messages, goOn) =>
			new Promise((resolve, reject) => {
				const call = client.makeBidiStreamRequest(`/${EXTERNAL_PROCESSOR}/Process`, asIs, asIs);
				let late = false;
				const timer = setTimeout(() => {
					late = true;
					call.cancel();
				}, timeoutMs);
				const [first, ...rest] = messages;
				call.on("data", (answer: Buffer) => {
					const next = goOn(answer) ? rest.shift() : undefined;
					if (next === undefined) call.end();
					else call.write(next);
				});
				call.on("error", (error: ServiceError) => {
					clearTimeout(timer);
					reject(late ? tooLate(timeoutMs) : readable(error));
				});
				call.on("end", () => {
					clearTimeout(timer);
					resolve();
				});
				if (first !== undefined) call.write(first);
			}),
		close: () => client.close(),
	};
}

function credentialsOf(tls: ProbeTls | undefined): ChannelCredentials {
	if (tls === undefined) return credentials.createInsecure();
	try {
		return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.certificate ?? null);
	} catch (thrown) {
		throw new PosternError("usage", "probe: the TLS files hold no PEM certificates and key that fit", {
			cause: thrown,
		});
	}
}

function readable(error: ServiceError | null): Error {
	return new Error(error === null ? "no answer" : error.details, { cause: error });
}

function tooLate(timeoutMs: number): Error {
	return new Error(`no answer within ${timeoutMs / 1000} s`);
}
