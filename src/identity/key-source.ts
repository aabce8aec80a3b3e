import { open } from "node:fs/promises";
import type { JwtConfig } from "../config/types.ts";
import type { Clock } from "../lib/clock.ts";
import { fetchBytes } from "../lib/fetch-bytes.ts";
import { createRefreshing, type Refreshing, type RefreshingState } from "../lib/refreshing.ts";
import { isUrl } from "../lib/remote-url.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";

/** A key set with the number of its generation. */
export interface KeyGeneration {
	/** From 1; grows whenever the keys differ from those before. */
	readonly generation: number;
	readonly keys: KeySet;
}

export interface KeySource extends Pick<Refreshing<KeyGeneration>, "current" | "refresh" | "start" | "stop"> {
	state(): RefreshingState & { readonly generation: number; readonly keys: number };
}

export interface KeySourceDeps {
	readonly clock: Clock;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "keySetRefreshes">;
}

/** The key set of `identity.jwt.jwks`, kept fresh; a file or a URL. */
export function createKeySource(config: JwtConfig, deps: KeySourceDeps): KeySource {
	let generation = 0;
	let last: KeySet | undefined;

	function numbered(keys: KeySet): KeyGeneration {
		if (last?.digest !== keys.digest) generation++;
		last = keys;
		return { generation, keys };
	}

	const refreshing = createRefreshing<KeyGeneration>({
		load: async (signal) =>
			numbered(parseKeySet(await readKeySet(config.jwks, config.max_key_set_bytes, signal))),
		clock: deps.clock,
		timeoutMs: config.fetch_timeout_seconds * 1000,
		cooldownMs: config.cooldown_seconds * 1000,
		maxAgeMs: config.refresh_seconds * 1000,
		maxStalenessMs: config.max_staleness_seconds * 1000,
		onLoaded: (loaded) => {
			deps.metrics.keySetRefreshes.inc({ result: "ok" });
			const { size: keys, ignored } = loaded.keys;
			deps.log.debug({ generation: loaded.generation, keys, ignored }, "key set read");
		},
		onFailed: (error) => {
			deps.metrics.keySetRefreshes.inc({ result: "failed" });
			deps.log.warn({ error }, "the key set cannot be read");
		},
	});
	return {
		current: refreshing.current,
		refresh: refreshing.refresh,
		start: refreshing.start,
		stop: refreshing.stop,
		state: () => ({ ...refreshing.state(), generation, keys: last?.size ?? 0 }),
	};
}

/** The bytes of a key set, from a file or a URL, of bounded size. Rejects with a message for the operator. */
export async function readKeySet(
	location: string,
	maxBytes: number,
	signal: AbortSignal,
): Promise<Uint8Array> {
	if (isUrl(location)) {
		return fetchBytes(location, { maxBytes, signal, accept: "application/jwk-set+json, application/json" });
	}
	const file = await open(location, "r");
	try {
		const stat = await file.stat();
		if (!stat.isFile()) throw new Error("the key set is no regular file");
		if (stat.size > maxBytes) throw new Error(`the key set is larger than ${maxBytes} bytes`);
		return await file.readFile();
	} finally {
		await file.close();
	}
}
