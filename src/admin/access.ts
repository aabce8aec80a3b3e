import { createHash, timingSafeEqual } from "node:crypto";

/** What a request wants to do. */
export type Right = "read" | "write";

/** What it may not, and why. */
export type Refusal = "unauthorized" | "forbidden" | "rate_limited";

export interface AccessOptions {
	/** SHA-256 of the token in force for each right; undefined where there is none. */
	readonly tokens: Readonly<Record<Right, () => Buffer | undefined>>;
	/** Reading asks for a proof of the right; otherwise everybody who reaches the port reads. */
	readonly guarded: boolean;
	readonly maxFailures: number;
	readonly maxTotalFailures: number;
	readonly maxAddresses: number;
	readonly monotonic: () => number;
}

export interface Attempt {
	readonly right: Right;
	/** The `authorization` header. */
	readonly authorization: string | undefined;
	readonly address: string;
	/** The holder of a client certificate that may read. */
	readonly reader: boolean;
}

export interface Access {
	/** Undefined: it may. */
	refuses(attempt: Attempt): Refusal | undefined;
}

export const FAILURE_WINDOW_MS = 60_000;
/** For so long an address that has shown a right token is not shut out by the failures of others. */
const KNOWN_MS = 600_000;

interface Window {
	since: number;
	failures: number;
}

/** Compares tokens in constant time, and slows down who guesses. */
export function createAccess(options: AccessOptions): Access {
	const { tokens, monotonic, maxAddresses } = options;
	const byAddress = new Map<string, Window>();
	const knownSince = new Map<string, number>();
	const all: Window = { since: Number.NEGATIVE_INFINITY, failures: 0 };

	function failuresOf(window: Window | undefined): number {
		return window === undefined || monotonic() - window.since > FAILURE_WINDOW_MS ? 0 : window.failures;
	}
	function count(window: Window): Window {
		if (monotonic() - window.since > FAILURE_WINDOW_MS) {
			window.since = monotonic();
			window.failures = 0;
		}
		window.failures++;
		return window;
	}
	function isLimited(address: string): boolean {
		if (failuresOf(byAddress.get(address)) >= options.maxFailures) return true;
		if (failuresOf(all) < options.maxTotalFailures) return false;
		return monotonic() - (knownSince.get(address) ?? Number.NEGATIVE_INFINITY) > KNOWN_MS;
	}

	return {
		refuses({ right, authorization, address, reader }) {
			if (right === "read" && (!options.guarded || reader)) return undefined;
			if (right === "write" && tokens.write() === undefined) return "forbidden";
			const token = bearer(authorization);
			if (token === undefined) return "unauthorized";
			if (isLimited(address)) return "rate_limited";
			const digest = createHash("sha256").update(token).digest();
			// Both are compared, whatever the first says.
			const isRead = equal(digest, tokens.read());
			const isWrite = equal(digest, tokens.write());
			if (!isRead && !isWrite) {
				keep(byAddress, address, count(byAddress.get(address) ?? { ...all, failures: 0 }), maxAddresses);
				count(all);
				return "unauthorized";
			}
			keep(knownSince, address, monotonic(), maxAddresses);
			return right === "write" && !isWrite ? "forbidden" : undefined;
		},
	};
}

/** RFC 6750, section 2.1. */
function bearer(authorization: string | undefined): string | undefined {
	return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "")?.[1];
}

function equal(digest: Buffer, expected: Buffer | undefined): boolean {
	return expected !== undefined && timingSafeEqual(digest, expected);
}

function keep<T>(map: Map<string, T>, key: string, value: T, max: number): void {
	map.delete(key);
	map.set(key, value);
	for (const oldest of map.keys()) {
		if (map.size <= max) break;
		map.delete(oldest);
	}
}
