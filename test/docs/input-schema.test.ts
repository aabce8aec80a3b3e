import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RequestConfig } from "../../src/config/types.ts";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import type { Identity } from "../../src/identity/types.ts";
import { CAPABILITIES_PATH } from "../../src/policy/bundle/capabilities.ts";
import { LIBRARY_PATH } from "../../src/policy/bundle/library.ts";
import { findOpa, type Opa } from "../../src/policy/bundle/opa.ts";
import { type CheckConfig, COMPAT, checkDeps, fakePolicy, STRICT } from "../support/check-deps.ts";
import { corporaDir } from "../support/corpora.ts";
import { checkRequestBytes, structOf } from "../support/ext-authz-messages.ts";
import { INPUT_SCHEMA, PLUGIN_INPUT_SCHEMA } from "../support/input-schemas.ts";
import { placesOf, type Schema, violations } from "../support/json-schema.ts";
import { inFolder, writeSources } from "../support/policy.ts";
import { ROOT } from "../support/source-tree.ts";

const OPEN: Partial<RequestConfig> = {
	ambiguous_paths: "allow",
	repeated_headers: "allow",
	unread_bodies: "allow",
	redirected: "allow",
};
const PROFILES: readonly (readonly [string, Schema, CheckConfig])[] = [
	["strict", INPUT_SCHEMA, { ...STRICT, request: { ...STRICT.request, ...OPEN } }],
	["opa-envoy-plugin", PLUGIN_INPUT_SCHEMA, COMPAT],
	[
		"opa-envoy-plugin with extensions",
		INPUT_SCHEMA,
		{ ...COMPAT, policy: { ...COMPAT.policy, extensions: true } },
	],
];

const WHOLE_IDENTITY: Identity = {
	authenticated: true,
	method: "jwt",
	id: "ann",
	issuer: "https://id.example",
	subject: "ann",
	audiences: ["shop"],
	scopes: ["a"],
	roles: ["b"],
	groups: ["c"],
	claims: { sub: "ann", deep: { list: [1] } },
	spiffe_id: "spiffe://shop.example/web",
	expires_at: 4_102_444_800,
};

/** The documents that a policy gets for some requests. */
function documentsOf(config: CheckConfig, requests: readonly Uint8Array[]): readonly unknown[] {
	const documents: unknown[] = [];
	const policy = fakePolicy((input) => {
		documents.push(JSON.parse(input.toString()));
		return { kind: "value", value: true };
	});
	const identify = () => ({ ok: true, identity: WHOLE_IDENTITY }) as const;
	const { check } = createCheckService(checkDeps(policy, { config, identify }));
	for (const request of requests) void check(request, {});
	return documents;
}

/** Requests that together fill every field there is. */
function wholeRequests(): readonly Uint8Array[] {
	const peer = (address: object) => ({
		address,
		service: "s",
		labels: { app: "web" },
		principal: "spiffe://shop.example/web",
		certificate: "PEM",
	});
	const socketAddress = {
		protocol: 1,
		address: "10.0.0.1",
		resolverName: "r",
		ipv4Compat: true,
		networkNamespaceFilepath: "/n",
	};
	const addresses = [
		{ socketAddress: { ...socketAddress, portValue: 1 } },
		{ socketAddress: { ...socketAddress, namedPort: "p" } },
		{ pipe: { path: "/p", mode: 438 } },
		{ envoyInternalAddress: { serverListenerName: "l", endpointId: "e" } },
	];
	const metadata = {
		filterMetadata: { a: structOf({ b: [1, { c: null }], d: true }) },
		typedFilterMetadata: { t: { type_url: "type.example/x", value: Buffer.from("x") } },
	};
	const json = { "content-type": "application/json" };
	const bodies = [
		{ headers: json, body: '{"a":[1,{"b":null}]}' },
		{ headers: json, rawBody: Buffer.from("[1,true]") },
		{ headers: json, body: '"text"' },
		{ headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=1&a=2" },
		{
			headerMap: {
				headers: [
					{ key: "x-a", value: "1" },
					{ key: "x-a", rawValue: Buffer.from("2") },
				],
			},
		},
	];
	return addresses.flatMap((address) =>
		bodies.map((body) =>
			checkRequestBytes({
				attributes: {
					source: peer(address),
					destination: peer(address),
					request: {
						time: { seconds: 1_772_368_496, nanos: 1 },
						http: {
							...{ id: "1", method: "POST", path: "/a/b?c=d&c", host: "h", scheme: "https" },
							...{ query: "q", fragment: "f", size: 20, protocol: "HTTP/1.1" },
							...body,
						},
					},
					contextExtensions: { tier: "gold" },
					metadataContext: metadata,
					routeMetadataContext: metadata,
					tlsSession: { sni: "shop.example" },
				},
			}),
		),
	);
}

describe.each(PROFILES)("the schema of the input in the profile %s", (_profile, schema, config) => {
	test("describes requests that fill every field, and has nothing that none fills", () => {
		const met = new Set<string>();
		const documents = documentsOf(config, wholeRequests());
		expect(documents.length).toBe(20);
		for (const document of documents) expect(violations(schema, document, met)).toEqual([]);
		expect(placesOf(schema).filter((place) => !met.has(place))).toEqual([]);
	});

	test("describes an empty request", () => {
		const empty = checkRequestBytes({ attributes: { request: { http: { path: "/" } } } });
		const [document] = documentsOf(config, [empty]);
		expect(violations(schema, document)).toEqual([]);
		expect(document).toBeDefined();
	});

	const corpora = corporaDir();
	(corpora === undefined ? test.skip : test)("describes every request of the recorded corpus", () => {
		const documents = documentsOf(config, recordedRequests(corpora as string));
		const wrong = documents.flatMap((document) => violations(schema, document));
		expect(wrong).toEqual([]);
		expect(documents.length).toBeGreaterThan(900);
		console.info(`input schema: ${documents.length} documents of the ext-authz corpus`);
	});
});

/** Wire bytes of every recorded request, by the corpus's own encoder. */
function recordedRequests(corpora: string): readonly Uint8Array[] {
	const home = join(corpora, "ext-authz");
	process.env["DIFF_NODE_MODULES"] = join(ROOT, "node_modules");
	const { Client, loadRoot } = createRequire(import.meta.url)(join(home, "lib/pb.js")) as {
		readonly Client: { readonly prototype: { encode(this: unknown, one: unknown): Buffer } };
		loadRoot(folder: string, files: readonly string[]): unknown;
	};
	const root = loadRoot(join(home, "protos"), ["envoy/service/auth/v3/external_auth.proto"]);
	return readdirSync(join(home, "cases")).flatMap((file) => {
		const { cases } = JSON.parse(readFileSync(join(home, "cases", file), "utf8")) as { cases: unknown[] };
		return cases.map((one) => Client.prototype.encode.call({ root }, one));
	});
}

describe("opa's type checker with the schema of the input", () => {
	let opa: Opa;
	beforeAll(async () => {
		opa = await findOpa();
	});
	const schemaFile = (name: string) => join(ROOT, "docs", "reference", name);
	const strict = schemaFile("input.schema.json");
	const plugin = schemaFile("input.opa-envoy-plugin.schema.json");

	function check(schema: string, paths: readonly string[]) {
		return opa.run(
			["check", "--strict", "--capabilities", CAPABILITIES_PATH, "--schema", schema, ...paths],
			ROOT,
		);
	}
	/** What the checker says of one rule's body. */
	const verdict = (command: "check" | "eval", schema: string, condition: string) =>
		inFolder(async (folder) => {
			const rules = `package envoy.authz\n\nimport data.postern.lib.roles\n\nallow if ${condition}\n\nused if roles.any({}, [])\n`;
			await writeSources(folder, { "policy.rego": rules });
			const run =
				command === "check"
					? await check(schema, [folder, LIBRARY_PATH])
					: await opa.run(
							["eval", "--schema", schema, "-d", folder, "-d", LIBRARY_PATH, "data.envoy.authz.allow"],
							ROOT,
						);
			return { good: run.code === 0, said: `${run.stdout}${run.stderr}` };
		});

	test("accepts the policies of this repository, their tests, and the library", async () => {
		const folders = readdirSync(join(ROOT, "rego")).filter((name) => !name.startsWith("."));
		expect(folders).toContain("clinic");
		expect(
			await check(
				strict,
				folders.map((name) => join("rego", name)),
			),
		).toMatchObject({ code: 0, stderr: "" });
	});

	const H = "input.attributes.request.http";
	test.each<[string, string]>([
		['input.parsed_pth[0] == "a"', "parsed_pth"],
		['input.identity.rols[_] == "a"', "rols"],
		['input.identiy.id == "a"', "identiy"],
		[`${H}.metod == "GET"`, "metod"],
		[`input.attributes.request.http_.method == "GET"`, "http_"],
		["input.attributes.source.address.socket_address.address", "socket_address"],
		["input.attributes.metadata_context.filter_metadata", "metadata_context"],
		["input.attributes.request.time == 1", "match error"],
		['input.parsed_path == "a"', "match error"],
		['input.parsed_path.a == "a"', "parsed_path"],
		["input.truncated_body == 1", "match error"],
		["input.headers_list[0][0] == 1", "match error"],
		["input.body_stat", "body_stat"],
		["roles.any(input.identity_, [])", "identity_"],
	])("finds %s", async (condition, place) => {
		for (const command of ["check", "eval"] as const) {
			const { good, said } = await verdict(command, strict, condition);
			expect({ good, said }).toEqual({ good: false, said: expect.stringContaining("rego_type_error") });
			expect(said).toContain(place);
		}
	});

	test.each([
		`${H}.headers["x-any"] == "1"`,
		"input.parsed_body.order.items[0].price > 7",
		'input.identity.claims["https://id.example/team"].name == "a"',
		'input.attributes.contextExtensions.tier == "gold"',
		'input.attributes.metadataContext.filterMetadata["envoy.filters.http.jwt_authn"].payload.sub == "a"',
		'roles.any(input.identity, {"support"})',
		"some [name, value] in input.headers_list; name == value".replace("; ", "\n\t"),
	])("lets %s pass", async (condition) => {
		const body = condition.includes("\n") ? `{\n\t${condition}\n}` : condition;
		expect(await verdict("check", strict, body)).toEqual({ good: true, said: "" });
	});

	test("of the peer's document does not know our keys", async () => {
		const condition = 'input.identity.id == "a"';
		expect((await verdict("check", plugin, condition)).said).toContain("identity");
		expect((await verdict("check", plugin, 'input.parsed_path[0] == "a"')).good).toBe(true);
		expect((await verdict("check", plugin, `${H}.headerMap.headers[_].key == "a"`)).good).toBe(true);
		expect((await verdict("check", strict, `${H}.headerMap.headers[_].key == "a"`)).good).toBe(false);
	});

	test("knows the schemas by their file names", () => {
		expect([strict, plugin].map((file) => basename(file))).toEqual(
			readdirSync(join(ROOT, "docs", "reference"))
				.filter((name) => name.startsWith("input."))
				.sort()
				.reverse(),
		);
	});
});
