import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { JwtConfig } from "../../src/config/types.ts";
import { createIdentify } from "../../src/identity/identify.ts";
import { parseKeySet } from "../../src/identity/key-set.ts";
import { verifyToken } from "../../src/identity/verify-token.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { corporaDir } from "../support/corpora.ts";
import { createSilentTelemetry } from "../support/silent-telemetry.ts";

interface Vector {
	readonly tcId: number;
	readonly comment: string;
	readonly jws?: unknown;
	readonly result: "valid" | "invalid";
}
interface Group {
	readonly comment: string;
	readonly public?: Readonly<Record<string, unknown>>;
	readonly private?: Readonly<Record<string, unknown>>;
	readonly tests: readonly Vector[];
}

const corpora = corporaDir();
const inCorpus = corpora === undefined ? test.skip : test;
let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-wycheproof-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function groups(file: string): readonly Group[] {
	const text = readFileSync(join(corpora ?? "", "jose", "wycheproof", file), "utf8");
	return (JSON.parse(text) as { testGroups: Group[] }).testGroups;
}

/** The group's key as an operator would publish it: the public half where there is one. */
function keySetOf(group: Group): string {
	const key = group.public ?? group.private ?? {};
	return JSON.stringify(Array.isArray(key["keys"]) ? key : { keys: [key] });
}

function config(jwks: string): JwtConfig {
	return {
		issuer: "i",
		audiences: ["a"],
		algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
		jwks,
		clock_skew_seconds: 0,
		refresh_seconds: 600,
		cooldown_seconds: 600,
		fetch_timeout_seconds: 5,
		max_staleness_seconds: 3600,
		max_key_set_bytes: 1 << 20,
		max_token_bytes: 65_536,
		cache_entries: 10,
		roles_claim: "roles",
		groups_claim: "groups",
	};
}

inCorpus("no Wycheproof vector, sent as a Bearer token, is taken for a caller", async () => {
	let sent = 0;
	let file = 0;
	for (const name of [
		"json_web_signature_test.json",
		"json_web_crypto_test.json",
		"json_web_key_test.json",
	]) {
		for (const group of groups(name)) {
			const path = join(folder, `${file++}.json`);
			writeFileSync(path, keySetOf(group));
			const silent = createSilentTelemetry();
			const service = createIdentify({
				config: {
					jwt: config(path),
					mtls: { enabled: false, principals: "spiffe" },
					headers: { id: "a", issuer: "b" },
				},
				clock: systemClock,
				log: silent.log,
				metrics: { tokenCache: silent.counter(), keySetRefreshes: silent.counter() },
			});
			await service.start();
			for (const vector of group.tests) {
				if (vector.jws === undefined) continue;
				const value = typeof vector.jws === "string" ? vector.jws : JSON.stringify(vector.jws);
				const outcome = await service.identify({ authorization: [`Bearer ${value}`], principal: "" });
				expect({ tcId: vector.tcId, ok: outcome.ok }).toEqual({ tcId: vector.tcId, ok: false });
				sent++;
			}
			service.stop();
		}
	}
	console.info(`wycheproof: ${sent} vectors sent as Bearer tokens, ${sent} refused`);
	expect(sent).toBeGreaterThan(470);
});

inCorpus("signatures are judged as Wycheproof judges them, where the key is one that we accept", async () => {
	const counts = { invalidRefused: 0, validAccepted: 0, validRefused: [] as string[], keyRefused: 0 };
	for (const group of groups("json_web_signature_test.json")) {
		let keys: ReturnType<typeof parseKeySet>;
		try {
			keys = parseKeySet(Buffer.from(keySetOf(group)));
		} catch {
			counts.keyRefused += group.tests.length;
			continue;
		}
		for (const vector of group.tests) {
			const token = typeof vector.jws === "string" ? vector.jws : JSON.stringify(vector.jws);
			const verdict = await verifyToken(token, keys, config(""), systemClock.now());
			// The payloads are no claims: a good signature is one whose payload is then refused as such.
			const signed = verdict.kind === "invalid" && verdict.code === "ERR_JWT_INVALID";
			if (vector.result === "invalid") {
				expect({ tcId: vector.tcId, signed }).toEqual({ tcId: vector.tcId, signed: false });
				counts.invalidRefused++;
			} else if (signed) counts.validAccepted++;
			else
				counts.validRefused.push(
					`${vector.tcId} ${vector.comment} (${group.comment}): ${JSON.stringify(verdict)}`,
				);
		}
	}
	const { validRefused, ...numbers } = counts;
	console.info(
		`wycheproof signatures: ${JSON.stringify(numbers)}; valid ones refused:\n${validRefused.join("\n")}`,
	);
	expect(counts.invalidRefused).toBeGreaterThan(300);
	expect(counts.validAccepted).toBeGreaterThan(20);
	// The header of these four names another algorithm than the key's own `alg`.
	expect(validRefused.map((text) => text.split(" ")[0])).toEqual(["346", "347", "350", "351"]);
});
