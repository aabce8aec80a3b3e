import { pino } from "pino";
import type { Logger } from "./types.ts";

export interface LoggerOptions {
	readonly level: "debug" | "info" | "warn" | "error";
	/** File descriptor; 2 (stderr) unless told otherwise: stdout may be the audit log's. */
	readonly fd?: number;
	/** On every line. */
	readonly fields?: Readonly<Record<string, unknown>>;
}

export interface ClosableLogger extends Logger {
	/** Writes out what still waits. */
	flush(): void;
	/** Changes the least level; false when there is no such level. */
	setLevel(level: string): boolean;
}

const LEVELS: readonly string[] = ["debug", "info", "warn", "error"];

/** Names whose values never reach the log, at the top and one level down. Callers do not log such values; this is the net. */
const SECRET_NAMES = [
	"authorization",
	"cookie",
	"proxy_authorization",
	"proxy-authorization",
	"set_cookie",
	"set-cookie",
	"x_api_key",
	"x-api-key",
	"token",
	"access_token",
	"refresh_token",
	"id_token",
	"client_secret",
	"password",
	"secret",
	"api_key",
	"headers",
	"body",
];

/**
 * One JSON line per call: `level` as text, `time` in RFC 3339. Lines leave asynchronously, because a reader that
 * stalls would otherwise stop the event loop; what waits at the end of the process is written then.
 */
export function createLogger(options: LoggerOptions): ClosableLogger {
	const destination = pino.destination({ fd: options.fd ?? 2, sync: false });
	// Whoever read the log is gone; that must not end the process.
	destination.on("error", () => undefined);
	const inner = pino(
		{
			level: options.level,
			base: options.fields ?? null,
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: { level: (label) => ({ level: label }) },
			redact: {
				paths: SECRET_NAMES.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
				censor: "[redacted]",
			},
			serializers: { err: serializeError },
		},
		destination,
	);
	return {
		debug: (fields, message) => inner.debug(fields, message),
		info: (fields, message) => inner.info(fields, message),
		warn: (fields, message) => inner.warn(fields, message),
		error: (fields, message) => inner.error(fields, message),
		setLevel: (level) => {
			if (!LEVELS.includes(level)) return false;
			inner.level = level;
			return true;
		},
		flush: () => {
			try {
				destination.flushSync();
			} catch {
				// The reader is gone or full: a log line is no reason to hang or to fail at the end.
			}
		},
	};
}

/** Errors carry whatever their makers put into them (payloads, options); only these three are known to be plain. */
function serializeError(thrown: unknown): Readonly<Record<string, unknown>> {
	if (typeof thrown !== "object" || thrown === null) return { message: String(thrown) };
	const error = thrown as { code?: unknown; message?: unknown; stack?: unknown };
	return { code: error.code, message: error.message, stack: error.stack };
}
