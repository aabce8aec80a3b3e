import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import { corporaDir } from "../support/corpora.ts";
import { askOnce } from "../support/envoy/ask-once.ts";
import { createCertificates } from "../support/envoy/certificates.ts";
import { callHttp1, header } from "../support/envoy/client.ts";
import { type EnvoyConfig, type EnvoyProcess, filterOf, startEnvoy } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { startUpstream, type Upstream } from "../support/envoy/upstream.ts";
import { INPUT_SCHEMA } from "../support/input-schemas.ts";
import { violations } from "../support/json-schema.ts";
import { type Carrier, carriersOf, naughtyStrings, readSeen, TELLING_POLICY } from "../support/naughty.ts";
import { partOf } from "../support/test-size.ts";
import { createTokenIssuer, type TokenIssuer } from "../support/token-issuer.ts";
import { until } from "../support/until.ts";

function sendBodies(manager: EnvoyConfig): void {
	filterOf(manager, "ext_authz").typed_config.with_request_body = {
		max_request_bytes: 65536,
		pack_as_bytes: true,
	};
}

describe("naughty strings through the real Envoy", () => {
	/** Strings of the list, unless the whole is asked for; each is sent in every place. */
	const PART = 60;
	const strings = partOf(naughtyStrings(corporaDir()), PART, 20_261_129);
	let issuer: TokenIssuer;
	let app: RunningApp;
	let upstream: Upstream;
	let envoy: EnvoyProcess;

	beforeAll(async () => {
		issuer = await createTokenIssuer();
		app = await startApp({
			policy: TELLING_POLICY,
			files: { "keys.json": issuer.keySet },
			yaml: `identity: {jwt: {issuer: "${issuer.issuer}", audiences: [${issuer.audience}], jwks: keys.json}}\n`,
		});
		upstream = await startUpstream();
		envoy = await startEnvoy({
			postern: app.addresses.grpc[0] as string,
			upstream: upstream.address,
			certificates: await createCertificates(),
			change: (config) => {
				askOnce(config);
				for (const { filter_chains } of config.static_resources.listeners) {
					sendBodies(filter_chains[0].filters[0].typed_config);
				}
			},
		});
	}, 60_000);
	afterAll(async () => {
		await envoy.stop();
		await app.stop();
		await upstream.close();
	}, 30_000);

	/** What came of one call: the policy's word, or the status of a refusal. */
	async function send({ method, path, headers, body }: Carrier) {
		// Header values go out byte for byte.
		const bytes = Object.entries(headers).map(
			([name, value]) => [name, Buffer.from(value).toString("latin1")] as [string, string],
		);
		const answer = await callHttp1(envoy.port, {
			method,
			path,
			headers: bytes,
			...(body === undefined ? {} : { body }),
		});
		const told = header(answer, "x-seen");
		return {
			status: answer.status,
			complete: answer.complete,
			seen: told === undefined ? undefined : readSeen(told),
		};
	}

	test("get one answer, and one audit line where Postern was asked; what arrives is what was sent", async () => {
		const wrong: unknown[] = [];
		let calls = 0;
		let asked = 0;
		for (const text of strings) {
			for (const carrier of await carriersOf(text, issuer)) {
				// A value with controls cannot be sent in a header, and spaces around one are no part of it.
				// biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
				if (carrier.place === "header" && /[\0-\x1f\x7f]|^\s|\s$|^$/.test(text)) continue;
				const { status, complete, seen } = await send(carrier);
				calls++;
				if (seen !== undefined) asked++;
				const { place, refusal, wanted } = carrier;
				const arrived = seen === undefined ? status : carrier.arrived(seen);
				const refused = refusal !== undefined && (status === refusal || (place === "path" && status === 400));
				// Envoy resolves dot segments before anybody looks.
				const resolved = place === "path" && seen !== undefined && seen.path !== carrier.path;
				if (resolved) expect([".", ".."]).toContain(text);
				if (!complete || !(refused || resolved || isDeepStrictEqual(arrived, wanted))) {
					wrong.push({ place, text, arrived, wanted });
				}
			}
		}
		expect(wrong).toEqual([]);
		expect(asked).toBeGreaterThan(strings.length * 5);
		expect(upstream.seen.length).toBe(asked);

		const read = () => readFileSync(join(app.folder, "audit.jsonl"), "utf8");
		await until(async () => (await envoy.accessLog()).length >= calls);
		const ids = (await envoy.accessLog())
			.map((line) => line["decision_id"])
			.filter((id) => typeof id === "string");
		await until(() => read().split("\n").length > ids.length);
		const records = read()
			.slice(0, -1)
			.split("\n")
			.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
		expect((await envoy.accessLog()).length).toBe(calls);
		expect(records.map((record) => record["decision_id"]).sort()).toEqual([...ids].sort());
		process.stdout.write(
			`naughty strings through Envoy: ${calls} calls and answers, ${ids.length} reached Postern, ${records.length} audit lines\n`,
		);
	}, 300_000);
});

describe("the input that the real Envoy makes", () => {
	let mesh: Mesh;
	const inputs: unknown[] = [];
	beforeAll(async () => {
		const plainHeaders = (manager: EnvoyConfig): void => {
			filterOf(manager, "ext_authz").typed_config.encode_raw_headers = false;
		};
		mesh = await startMesh({ change: askOnce, variants: { bodies: sendBodies, plainHeaders } });
		mesh.decide("/any", (input) => {
			inputs.push(input);
			return { allowed: true };
		});
	}, 60_000);
	afterAll(async () => {
		await mesh.close();
	}, 30_000);

	test("is what its schema says, by HTTP/1.1 and HTTP/2, with bodies and queries, raw headers or not", async () => {
		const json: [string, string][] = [["content-type", "application/json"]];
		const form: [string, string][] = [["content-type", "application/x-www-form-urlencoded"]];
		for (const by of ["get", "get2"] as const) {
			await mesh[by]("/any?a=1&a=2&b");
			await mesh[by]("/any", { via: "plainHeaders", headers: [["x-a", "1"]] });
			await mesh[by]("/any", { via: "bodies", method: "POST", headers: json, body: '{"a":[1,{"b":null}]}' });
			await mesh[by]("/any", { via: "bodies", method: "PUT", headers: form, body: "a=1&b=2" });
			await mesh[by]("/any", { via: "bodies", method: "DELETE" });
		}
		expect(inputs.length).toBe(10);
		expect(inputs.flatMap((input) => violations(INPUT_SCHEMA, input))).toEqual([]);
		const [first] = inputs as { attributes: { request: { http: object } } }[];
		expect(Object.keys(first?.attributes.request.http ?? {})).toEqual(
			expect.arrayContaining(["method", "path", "headers"]),
		);
	});
});
