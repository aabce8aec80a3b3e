import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { TlsFiles } from "../../config/types.ts";
import type { Clock } from "../../lib/clock.ts";
import { PosternError, toPosternError } from "../../lib/errors.ts";
import type { TlsMaterial, TlsMaterials } from "../../lib/tls-material.ts";
import { watchFile } from "../../policy/source/watch-file.ts";
import type { Logger, Metrics } from "../../telemetry/types.ts";
import { type CheckedMaterial, checkMaterial, type TlsTexts } from "./material.ts";
import { readTlsFiles } from "./read-files.ts";

export interface TlsSourceOptions {
	/** Section of the configuration, for texts and labels. */
	readonly port: "grpc" | "admin";
	readonly files: TlsFiles;
	readonly reloadSeconds: number;
	readonly clock: Clock;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "tlsReloads" | "tlsExpiry">;
}

/** What `/status` shows of it; times are RFC 3339. */
export interface TlsState {
	readonly expires_at?: string;
	readonly client_ca_expires_at?: string;
	readonly last_error?: string;
}

export interface TlsSource extends TlsMaterials {
	/** Reads for the first time. @throws PosternError `tls_unusable` */
	start(): Promise<void>;
	stop(): void;
	state(): TlsState;
}

/** Part of a certificate's life after which it should have been renewed: issuers renew at two thirds. */
const LATE_SHARE = 0.8;
const WARN_AGAIN_MS = 3_600_000;
/** Files are written one after the other. */
const SETTLE_MS = 500;

/**
 * Certificate, key and client authorities as one value that is always whole and good: changed files are held to
 * everything a handshake needs before they take the place of the old ones, and what is bad never does.
 */
export function createTlsSource(options: TlsSourceOptions): TlsSource {
	const { port, files, clock, log, metrics } = options;
	let active: CheckedMaterial | undefined;
	let activeDigest = "";
	/** A failure that may be half of a change: it is told when it stands after a moment. */
	let suspected: string | undefined;
	let settling: NodeJS.Timeout | undefined;
	let lastError: string | undefined;
	let warnedAt = Number.NEGATIVE_INFINITY;
	let running: Promise<void> | undefined;
	let again = false;
	let stopped = false;
	const unwatch: (() => void)[] = [];
	const listeners = new Set<(material: TlsMaterial, authorities: boolean) => void>();

	function isValid({ validFrom, validTo }: CheckedMaterial): boolean {
		return validFrom <= clock.now() && clock.now() < validTo;
	}

	async function load(): Promise<void> {
		const texts = await readTlsFiles(files);
		const digest = digestOf(texts);
		if (digest === activeDigest) {
			lastError = undefined;
			suspected = undefined;
			return;
		}
		const next = checkMaterial(texts);
		if (active !== undefined && isValid(active) && !isValid(next))
			throw new PosternError(
				"tls_unusable",
				`certificate: ${next.validTo <= clock.now() ? "is expired" : "is not valid yet"}, and the one in force is valid`,
			);
		const before = active;
		active = next;
		activeDigest = digest;
		lastError = undefined;
		suspected = undefined;
		warnedAt = Number.NEGATIVE_INFINITY;
		metrics.tlsExpiry.set(next.validTo / 1000, { port, file: "certificate" });
		if (next.clientCaValidTo !== undefined)
			metrics.tlsExpiry.set(next.clientCaValidTo / 1000, { port, file: "client_ca" });
		for (const warning of next.warnings) log.warn({ port }, warning);
		if (before === undefined) return;
		const authorities = before.clientCa !== next.clientCa;
		metrics.tlsReloads.inc({ port, result: "activated" });
		log.info({ port, expires_at: timeOf(next.validTo), authorities }, "certificate renewed");
		for (const listener of [...listeners]) listener(next, authorities);
	}

	function fail(thrown: unknown): void {
		const { message } = toPosternError(thrown);
		if (suspected !== message) {
			suspected = message;
			clearTimeout(settling);
			settling = setTimeout(look, SETTLE_MS);
			settling.unref();
			return;
		}
		// A bad file is looked at again and again; it is told once.
		if (message === lastError) return;
		lastError = message;
		metrics.tlsReloads.inc({ port, result: "failed" });
		log.error({ port, error: message }, "the new certificate was not taken; the one in force stays");
	}

	/** Once an hour, while a certificate is late. */
	function watchExpiry(): void {
		if (active === undefined || clock.monotonic() - warnedAt < WARN_AGAIN_MS) return;
		const now = clock.now();
		const { validFrom, validTo, clientCaValidTo } = active;
		const at = { port, expires_at: timeOf(validTo) };
		if (now >= validTo) log.error(at, "the certificate is expired: Envoy refuses it");
		else if (now < validFrom)
			log.error({ port, valid_from: timeOf(validFrom) }, "the certificate is not valid yet");
		else if (now >= validFrom + LATE_SHARE * (validTo - validFrom))
			log.warn(at, "the certificate is near its end and was not renewed");
		else if (clientCaValidTo !== undefined && now >= clientCaValidTo)
			log.error({ port }, "every client authority is expired: no Envoy can call");
		else return;
		warnedAt = clock.monotonic();
	}

	async function loop(): Promise<void> {
		do {
			again = false;
			await load().catch(fail);
		} while (again && !stopped);
		watchExpiry();
	}

	function look(): void {
		if (stopped) return;
		if (running !== undefined) {
			again = true;
			return;
		}
		running = loop().finally(() => {
			running = undefined;
		});
	}

	return {
		current() {
			if (active === undefined) throw new PosternError("internal", "TLS before its certificate");
			return active;
		},
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async start() {
			try {
				await load();
			} catch (thrown) {
				const { message } = toPosternError(thrown);
				throw new PosternError("tls_unusable", `serve.${port === "grpc" ? "tls" : "admin_tls"}.${message}`, {
					cause: thrown,
				});
			}
			watchExpiry();
			// Mounted secrets are swapped by a link in the folder that the configured path names.
			const paths = [files.certificate, files.key, files.client_ca].filter((path) => path !== undefined);
			for (const path of new Map(paths.map((each) => [dirname(each), each])).values())
				unwatch.push(watchFile(path, options.reloadSeconds * 1000, look));
		},
		stop() {
			stopped = true;
			clearTimeout(settling);
			for (const each of unwatch) each();
		},
		state: () => ({
			...(active === undefined ? {} : { expires_at: timeOf(active.validTo) }),
			...(active?.clientCaValidTo === undefined
				? {}
				: { client_ca_expires_at: timeOf(active.clientCaValidTo) }),
			...(lastError === undefined ? {} : { last_error: lastError }),
		}),
	};
}

function timeOf(ms: number): string {
	return new Date(ms).toISOString();
}

function digestOf({ certificate, key, clientCa = "" }: TlsTexts): string {
	const hash = createHash("sha256");
	for (const text of [certificate, key, clientCa]) hash.update(`${text.length}:`).update(text);
	return hash.digest("hex");
}
