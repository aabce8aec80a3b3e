import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connect as connectTls } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { renderEnvoyConfig } from "../../scripts/envoy-config.mjs";
import { changeHeaders } from "../../src/envoy/ext-proc/answers.ts";
import { createCertificates } from "../support/envoy/certificates.ts";
import { type ClientAnswer, callHttp1, header } from "../support/envoy/client.ts";
import { type EnvoyConfig, extProcOf, filterOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { type Move, scripted } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { responseBytes } from "../support/ext-proc-messages.ts";
import { codesIn } from "../support/mesh-check.ts";

/**
 * What `check --envoy` calls an error does leak, allow or break: each test here runs the real Envoy with the very
 * settings in which the check finds the code, and shows what comes of them.
 */

/** Stands for what no caller may see; not the mark that the tests of Postern count, for here it is meant to leak. */
const BARE = "UNMASKED";
const BODY = `{"id":7,"ssn":"${BARE}"}`;
const MASKED = '{"id":7}';
const RELEASING = { allowed: true, response: { release: ["$.id"] } };
const TYPE = "type.googleapis.com";

type Change = (manager: EnvoyConfig, listener: EnvoyConfig) => void;

const authz =
	(change: (settings: EnvoyConfig) => void): Change =>
	(manager) =>
		change(filterOf(manager, "ext_authz").typed_config);
const proc =
	(change: (settings: EnvoyConfig) => void): Change =>
	(manager) =>
		change(extProcOf(manager));
const route =
	(change: (route: EnvoyConfig) => void): Change =>
	(manager) =>
		change(manager.route_config.virtual_hosts[0].routes[0]);
const matcher =
	(change: (wrapper: EnvoyConfig) => void): Change =>
	(manager) =>
		change(filterOf(manager, "ext_proc").typed_config);
/** The settings of a filter for one route. */
const perRoute = (filter: string, type: string, settings: EnvoyConfig): Change =>
	route((each) => {
		each.typed_per_filter_config = {
			...each.typed_per_filter_config,
			[`envoy.filters.http.${filter}`]: { "@type": `${TYPE}/${type}`, ...settings },
		};
	});
const NO_AUTHZ = perRoute("ext_authz", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", {
	disabled: true,
});
const SKIP = {
	action: {
		name: "skip",
		typed_config: { "@type": `${TYPE}/envoy.extensions.filters.common.matcher.action.v3.SkipFilter` },
	},
};
const headerIs = (name: string, value: string): EnvoyConfig => ({
	single_predicate: {
		input: {
			name: "header",
			typed_config: {
				"@type": `${TYPE}/envoy.type.matcher.v3.HttpRequestHeaderMatchInput`,
				header_name: name,
			},
		},
		value_match: { exact: value },
	},
});
const metadataIs = (key: string, value: string): EnvoyConfig => ({
	single_predicate: {
		input: {
			name: "metadata",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput`,
				filter: "envoy.filters.http.ext_authz",
				path: [{ key }],
			},
		},
		custom_match: {
			name: "envoy.matching.matchers.metadata_matcher",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.matching.input_matchers.metadata.v3.Metadata`,
				value: { string_match: { exact: value } },
			},
		},
	},
});
const matching = (predicate: EnvoyConfig): EnvoyConfig => ({
	matcher_list: { matchers: [{ predicate, on_match: SKIP }] },
});
function wrap(manager: EnvoyConfig, name: string, xds_matcher: EnvoyConfig): void {
	const filter = filterOf(manager, name);
	filter.typed_config = {
		"@type": `${TYPE}/envoy.extensions.common.matching.v3.ExtensionWithMatcher`,
		xds_matcher,
		extension_config: { name: filter.name, typed_config: filter.typed_config },
	};
}

/** Of the shipped listener with TLS; there before the listeners of the tests are made. */
let tls: EnvoyConfig;
const withTls =
	(change: (context: EnvoyConfig) => void): Change =>
	(_manager, listener) => {
		const socket: EnvoyConfig = JSON.parse(JSON.stringify(tls));
		change(socket.typed_config);
		listener.filter_chains[0].transport_socket = socket;
	};

/** Code → what is changed in the shipped listener. */
const CHANGES = {
	authz_fails_open: authz((each) => {
		each.failure_mode_allow = true;
	}),
	authz_partly_enabled: authz((each) => {
		each.filter_enabled = { default_value: { numerator: 0, denominator: "HUNDRED" } };
	}),
	proc_fails_open: proc((each) => {
		each.failure_mode_allow = true;
	}),
	proc_observes_only: proc((each) => {
		each.observability_mode = true;
	}),
	proc_replacement_disabled: proc((each) => {
		each.disable_immediate_response = true;
	}),
	proc_body_unseen: proc((each) => {
		each.processing_mode.response_body_mode = "NONE";
		each.allow_mode_override = false;
	}),
	proc_body_partial: proc((each) => {
		each.processing_mode.response_body_mode = "BUFFERED_PARTIAL";
	}),
	proc_headers_skipped: proc((each) => {
		each.processing_mode.response_header_mode = "SKIP";
	}),
	proc_trailers_skipped: proc((each) => {
		each.processing_mode.response_trailer_mode = "SKIP";
	}),
	proc_override_open: proc((each) => {
		delete each.allowed_override_modes;
	}),
	proc_headers_stuck: proc((each) => {
		delete each.mutation_rules;
	}),
	proc_headers_hidden: proc((each) => {
		const names = [":status", "content-type", "content-length"];
		each.forward_rules = { allowed_headers: { patterns: names.map((exact) => ({ exact })) } };
	}),
	matcher_absent: matcher((each) => {
		delete each.xds_matcher;
	}),
	matcher_on_no_match: matcher((each) => {
		each.xds_matcher.on_no_match = SKIP;
	}),
	matcher_inverted: (manager: EnvoyConfig, listener: EnvoyConfig) => {
		NO_AUTHZ(manager, listener);
		matcher((each) => {
			each.xds_matcher = matching({ not_matcher: metadataIs("fields", "some") });
		})(manager, listener);
	},
	matcher_condition: matcher((each) => {
		each.xds_matcher = matching(headerIs("x-fields", "all"));
	}),
	matcher_code_details: matcher((each) => {
		const [, own] = each.xds_matcher.matcher_list.matchers;
		const [first] = own.predicate.or_matcher.predicate;
		const { call_expr: call } =
			first.single_predicate.custom_match.typed_config.expr_match.cel_expr_parsed.expr;
		call.args[1].const_expr.string_value = "via_upstream";
	}),
	matcher_per_route: perRoute(
		"ext_proc",
		"envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute",
		{
			xds_matcher: matching({
				and_matcher: { predicate: [metadataIs("postern", "1"), metadataIs("fields", "all")] },
			}),
		},
	),
	matcher_skips_check: (manager: EnvoyConfig) =>
		wrap(manager, "ext_authz", matching(headerIs("x-internal", "1"))),
	matcher_composite: (manager: EnvoyConfig, listener: EnvoyConfig) => {
		NO_AUTHZ(manager, listener);
		const settings = extProcOf(manager);
		const filter = filterOf(manager, "ext_proc");
		filter.name = "composite";
		filter.typed_config = {
			"@type": `${TYPE}/envoy.extensions.common.matching.v3.ExtensionWithMatcher`,
			extension_config: {
				name: "composite",
				typed_config: { "@type": `${TYPE}/envoy.extensions.filters.http.composite.v3.Composite` },
			},
			xds_matcher: {
				matcher_list: {
					matchers: [
						{
							predicate: metadataIs("fields", "some"),
							on_match: {
								action: {
									name: "mask",
									typed_config: {
										"@type": `${TYPE}/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction`,
										typed_config: { name: "envoy.filters.http.ext_proc", typed_config: settings },
									},
								},
							},
						},
					],
				},
			},
		};
	},
	chain_fields_ignored: (manager: EnvoyConfig) => {
		manager.http_filters.splice(manager.http_filters.indexOf(filterOf(manager, "ext_proc")), 1);
	},
	chain_filter_disabled: (manager: EnvoyConfig) => {
		filterOf(manager, "ext_proc").disabled = true;
	},
	chain_decompressor: (manager: EnvoyConfig, listener: EnvoyConfig) => {
		withoutMatcher(manager);
		route((each) => {
			delete each.request_headers_to_add;
		})(manager, listener);
		manager.http_filters.splice(-1, 0, {
			name: "envoy.filters.http.decompressor",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.filters.http.decompressor.v3.Decompressor`,
				decompressor_library: {
					name: "gzip",
					typed_config: { "@type": `${TYPE}/envoy.extensions.compression.gzip.decompressor.v3.Gzip` },
				},
			},
		});
	},
	chain_cache_outside: (manager: EnvoyConfig) => {
		manager.http_filters.splice(manager.http_filters.indexOf(filterOf(manager, "ext_proc")), 1);
		manager.http_filters.unshift({
			name: "envoy.filters.http.cache",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.filters.http.cache.v3.CacheConfig`,
				typed_config: {
					"@type": `${TYPE}/envoy.extensions.http.cache.simple_http_cache.v3.SimpleHttpCacheConfig`,
				},
			},
		});
	},
	route_check_disabled: NO_AUTHZ,
	route_masking_disabled: perRoute("ext_proc", "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute", {
		disabled: true,
	}),
	route_mirrored: route((each) => {
		each.route.request_mirror_policies = [{ cluster: "upstream" }];
	}),
	edge_certificates_untrusted: withTls((context) => {
		context.common_tls_context.validation_context.trust_chain_verification = "ACCEPT_UNTRUSTED";
	}),
	edge_certificates_unverified: withTls((context) => {
		context.require_client_certificate = true;
		delete context.common_tls_context.validation_context;
	}),
	cluster_not_http2: (manager: EnvoyConfig) => {
		filterOf(manager, "ext_authz").typed_config.grpc_service.envoy_grpc.cluster_name = "postern-http1";
		extProcOf(manager).grpc_service.envoy_grpc.cluster_name = "postern-http1";
	},
} as const satisfies Record<string, Change>;

type Code = keyof typeof CHANGES;

/** Changes what all listeners share. */
function prepare(config: EnvoyConfig): void {
	const { listeners, clusters } = config.static_resources;
	tls = listeners[1].filter_chains[0].transport_socket;
	const http1: EnvoyConfig = JSON.parse(JSON.stringify(clusters[0]));
	http1.name = "postern-http1";
	delete http1.typed_extension_protocol_options;
	// Trailers of HTTP/1.1 upstreams reach nobody otherwise.
	clusters[1].typed_extension_protocol_options = {
		"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
			"@type": `${TYPE}/envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
			explicit_http_config: { http_protocol_options: { enable_trailers: true } },
		},
	};
	clusters.push(http1);
}

/** What the check finds in the shipped file with one listener changed. */
function codesOf(code: Code): readonly string[] {
	const template = readFileSync(resolve(import.meta.dirname, "../../envoy/authz-and-fields.yaml"), "utf8");
	const names = [...template.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name ?? "");
	const address = '{"pipe":{"path":"/run/postern.sock"}}';
	const values = names.map((name) => [
		name,
		name.endsWith("_PORT") ? 1 : name.endsWith("ADDRESS") ? address : "/f",
	]);
	const rendered = renderEnvoyConfig(template, Object.fromEntries(values));
	const config: EnvoyConfig = JSON.parse(JSON.stringify(parse(rendered, { maxAliasCount: -1 })));
	prepare(config);
	const [listener] = config.static_resources.listeners;
	config.static_resources.listeners = [listener];
	CHANGES[code](listener.filter_chains[0].filters[0].typed_config, listener);
	return codesIn(JSON.stringify(config), code === "chain_fields_ignored" ? { known: true } : {});
}

let mesh: Mesh;
beforeAll(async () => {
	mesh = await startMesh({ variants: CHANGES, change: prepare, shippedTimes: true });
	mesh.upstream.reply("/a", whole({ body: BODY }));
	mesh.decide("/a", RELEASING);
	mesh.decide("/denied", false);
	mesh.upstream.reply("/denied", whole({ body: BODY }));
}, 30_000);
afterAll(() => closeAndCount("what the check finds", mesh), 30_000);
afterEach(() => mesh.reset());

test("the shipped listener masks, refuses and hides what the tests below let through", async () => {
	expect(await mesh.get("/a")).toMatchObject({ status: 200, body: MASKED });
	expect((await mesh.get("/denied")).status).toBe(403);
	expect(
		codesIn(readFileSync(resolve(import.meta.dirname, "../../envoy/authz-and-fields.yaml"), "utf8")),
	).toEqual(["values_open"]);
});

/** Asks by the listener of a code, in whose settings the check finds that code. */
async function ask(
	code: Code,
	path = "/a",
	request: Parameters<Mesh["get"]>[1] & { readonly by?: "get" | "get2" } = {},
): Promise<ClientAnswer> {
	expect(codesOf(code)).toContain(code);
	const { by = "get", ...rest } = request;
	return mesh[by](path, { ...rest, via: code });
}

const fails = (move: Move = { code: 13 }): void => mesh.processBy(scripted({ headers: move }));
const CONTINUE = changeHeaders({ remove: ["content-length"], set: [] });

describe("answers reach the caller unmasked", () => {
	test("proc_fails_open: an error in Postern is an unmasked body", async () => {
		fails();
		expect(await ask("proc_fails_open")).toMatchObject({ status: 200, body: BODY });
		expect((await mesh.get("/a")).status).toBe(502);
	});

	test("proc_observes_only: what Postern answers is ignored", async () => {
		expect(await ask("proc_observes_only")).toMatchObject({ status: 200, body: BODY });
	});

	test("proc_body_unseen: an override that asks for the body is ignored", async () => {
		const buffered = {
			response_header_mode: 1,
			response_body_mode: 2,
			request_trailer_mode: 2,
			response_trailer_mode: 1,
		};
		fails(Buffer.concat([CONTINUE, responseBytes({ mode_override: buffered })]));
		expect(await ask("proc_body_unseen")).toMatchObject({ status: 200, body: BODY });
	});

	test("proc_body_partial: what does not fit the buffer passes unmasked", async () => {
		const large = "x".repeat(3_000_000);
		mesh.decide("/large", RELEASING);
		mesh.upstream.reply("/large", whole({ body: `${large}${BARE}` }));
		const body = responseBytes({
			response_body: { response: { body_mutation: { body: Buffer.from("-") } } },
		});
		mesh.processBy(scripted({ headers: CONTINUE, body }));
		const answer = await ask("proc_body_partial", "/large");
		expect(answer.status).toBe(200);
		expect(answer.body.startsWith("-")).toBe(true);
		expect(answer.body.endsWith(BARE)).toBe(true);
	});

	test("proc_trailers_skipped: trailers pass as they are", async () => {
		mesh.decide("/trailers", RELEASING);
		mesh.upstream.reply("/trailers", whole({ body: BODY, chunked: 8, trailers: [["x-ssn", BARE]] }));
		const shipped = await mesh.get2("/trailers");
		expect([shipped.status, shipped.trailers]).toEqual([200, []]);
		expect((await ask("proc_trailers_skipped", "/trailers", { by: "get2" })).trailers).toEqual([
			["x-ssn", BARE],
		]);
	});

	test("proc_override_open: an empty override switches masking off", async () => {
		fails(Buffer.concat([CONTINUE, responseBytes({ mode_override: {} })]));
		expect(await ask("proc_override_open")).toMatchObject({ status: 200, body: BODY });
	});

	test.each([
		["proc_headers_stuck", "an upstream's x-envoy header stays", "x-envoy-ssn"],
		["proc_headers_hidden", "a header that is not forwarded passes", "x-ssn"],
	] as const)("%s: %s", async (code, _what, name) => {
		mesh.decide("/header", RELEASING);
		mesh.upstream.reply(
			"/header",
			whole({
				body: BODY,
				headers: [
					["content-type", "application/json"],
					[name, BARE],
				],
			}),
		);
		expect(header(await mesh.get("/header"), name)).toBeUndefined();
		const answer = await ask(code, "/header");
		expect([answer.status, answer.body, header(answer, name)]).toEqual([200, MASKED, BARE]);
	});

	test.each([
		["matcher_absent", "every answer skips ext_proc"],
		["matcher_on_no_match", "a directive is skipped"],
		["matcher_inverted", "an absent decision skips ext_proc"],
		["matcher_code_details", "every answer skips ext_proc"],
		["matcher_per_route", "every answer skips ext_proc"],
		["matcher_composite", "what is not chosen is not masked"],
		["chain_fields_ignored", "a directive without ext_proc is not carried out"],
		["chain_filter_disabled", "a filter that is off masks nothing"],
		["route_masking_disabled", "its answers pass unmasked"],
	] as const)("%s: %s", async (code, _what) => {
		expect(await ask(code)).toMatchObject({ status: 200, body: BODY });
		expect(await mesh.get2("/a", { via: code })).toMatchObject({ status: 200, body: BODY });
	});

	test("matcher_condition: a forged header skips ext_proc", async () => {
		expect(await ask("matcher_condition")).toMatchObject({ body: MASKED });
		const headers: [string, string][] = [["x-fields", "all"]];
		expect(await ask("matcher_condition", "/a", { headers })).toMatchObject({ status: 200, body: BODY });
	});

	test("chain_cache_outside: a hit asks nobody", async () => {
		mesh.upstream.reply(
			"/cached",
			whole({
				body: BODY,
				headers: [
					["content-type", "application/json"],
					["cache-control", "max-age=60"],
					["date", new Date().toUTCString()],
				],
			}),
		);
		// Postern makes what it allows private; a service that leaves caching alone fills the cache.
		mesh.checkBy(() => Buffer.alloc(0));
		expect(await ask("chain_cache_outside", "/cached")).toMatchObject({ status: 200, body: BODY });
		mesh.reset();
		mesh.decide("/cached", false);
		expect((await mesh.get("/cached")).status).toBe(403);
		expect(await ask("chain_cache_outside", "/cached")).toMatchObject({ status: 200, body: BODY });
		expect(mesh.upstream.seen).toEqual([]);
		expect(mesh.decisions()).toHaveLength(1);
	});
});

describe("requests pass without a decision", () => {
	test("authz_fails_open: an error in Postern is an allow", async () => {
		mesh.checkBy(() => Promise.reject({ code: 13 }));
		expect((await mesh.get("/a")).status).toBe(503);
		expect(mesh.upstream.seen).toEqual([]);
		await ask("authz_fails_open");
		expect(mesh.upstream.seen).toHaveLength(1);
	});

	test.each([
		["authz_partly_enabled", "what is left out passes without a decision"],
		["route_check_disabled", "its requests pass without a decision"],
		["matcher_skips_check", "what matches passes without a decision"],
	] as const)("%s: %s", async (code, _what) => {
		const headers: [string, string][] = [["x-internal", "1"]];
		await ask(code, "/denied", { headers });
		expect(mesh.upstream.seen).toHaveLength(1);
		expect(mesh.decisions()).toEqual([]);
	});

	test("route_mirrored: the copy carries what Postern said about the caller", async () => {
		mesh.decide("/mirrored", { allowed: true, headers: { "x-granted": "yes" } });
		mesh.upstream.reply("/mirrored", whole({ body: "{}" }));
		await ask("route_mirrored", "/mirrored");
		for (let wait = 0; wait < 40 && mesh.upstream.seen.length < 2; wait++)
			await new Promise((done) => setTimeout(done, 25));
		expect(
			mesh.upstream.seen.map(({ headers }) => headers.find(([name]) => name === "x-granted")?.[1]),
		).toEqual(["yes", "yes"]);
	});
});

describe("nothing works", () => {
	test("proc_headers_skipped: an error is a 200 that breaks off", async () => {
		mesh.processBy(scripted({ headers: { code: 13 }, body: { code: 13 } }));
		const answer = await ask("proc_headers_skipped");
		expect(answer).toMatchObject({ status: 200, complete: false });
		expect(answer.body).not.toContain(BARE);
	});

	test("proc_replacement_disabled: Postern's own refusal is lost", async () => {
		mesh.decide("/text", RELEASING);
		mesh.upstream.reply("/text", whole({ body: BARE, headers: [["content-type", "text/plain"]] }));
		const shipped = await mesh.get("/text");
		expect([shipped.status, header(shipped, "content-type")]).toEqual([502, "application/problem+json"]);
		expect(await ask("proc_replacement_disabled", "/text")).toMatchObject({ status: 502, body: "" });
	});

	test("chain_decompressor: a compressed answer does not arrive", async () => {
		mesh.decide("/coded", RELEASING);
		mesh.upstream.reply(
			"/coded",
			whole({
				body: gzipSync(BODY),
				headers: [
					["content-type", "application/json"],
					["content-encoding", "gzip"],
				],
			}),
		);
		expect(await mesh.get("/coded")).toMatchObject({ status: 200, body: MASKED });
		const answer = await ask("chain_decompressor", "/coded", { patience: 3000 });
		expect(answer.complete).toBe(false);
	});

	test("cluster_not_http2: every call fails", async () => {
		expect((await ask("cluster_not_http2")).status).toBe(503);
		expect(mesh.upstream.seen).toEqual([]);
	});
});

describe("callers' certificates", () => {
	const principals: unknown[] = [];
	beforeAll(() => {
		mesh.decide("/who", (input) => {
			principals.push(input.attributes.source.principal ?? "");
			return true;
		});
		mesh.upstream.reply("/who", whole({ body: "{}" }));
	});
	afterEach(() => {
		principals.length = 0;
	});

	async function callWith(code: Code, uri?: string): Promise<string> {
		expect(codesOf(code)).toContain(code);
		const pair = uri === undefined ? undefined : await (await createCertificates()).client(uri);
		return new Promise((done, failed) => {
			const socket = connectTls({
				host: "127.0.0.1",
				port: mesh.envoy.variants[code] ?? 0,
				servername: "localhost",
				ca: mesh.certificates.authority,
				ALPNProtocols: ["http/1.1"],
				...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
			});
			let text = "";
			socket.on("secureConnect", () =>
				socket.write("GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
			);
			socket.on("data", (bytes: Buffer) => {
				text += bytes.toString();
			});
			socket.on("end", () => done(text.split("\r\n")[0] ?? ""));
			socket.on("error", failed);
		});
	}

	test("edge_certificates_untrusted: a foreign authority's certificate names its bearer", async () => {
		expect(await callWith("edge_certificates_untrusted", "spiffe://test/billing")).toContain(" 200 ");
		expect(principals).toEqual(["spiffe://test/billing"]);
	});

	test("edge_certificates_unverified: a caller without a certificate passes", async () => {
		expect(await callWith("edge_certificates_unverified")).toContain(" 200 ");
		expect(await callWith("edge_certificates_unverified", "spiffe://test/billing")).toContain(" 200 ");
		expect(principals).toEqual(["", ""]);
	});
});

test("a dump of what Envoy runs shows the same, every code of it", async () => {
	const dump = await (await fetch(`http://127.0.0.1:${mesh.envoy.adminPort}/config_dump`)).text();
	expect(codesIn(dump, { known: true })).toEqual(expect.arrayContaining(Object.keys(CHANGES)));
	// Of the listener that ships nothing but its values is in a dump, so nothing is found in it.
	const shipped = JSON.parse(dump);
	for (const each of shipped.configs) {
		const { static_listeners: listeners } = each;
		if (listeners !== undefined) each.static_listeners = [listeners[0]];
	}
	expect(codesIn(JSON.stringify(shipped))).toEqual([]);
});

test("a call to the shipped listener is answered to the end", async () => {
	expect((await callHttp1(mesh.envoy.port, { path: "/a" })).body).toBe(MASKED);
});
