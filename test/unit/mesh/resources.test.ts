import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments, stringify } from "yaml";
import { checkTexts, codesIn, found } from "../../support/mesh-check.ts";
import { ROOT } from "../../support/source-tree.ts";

const good = (code: string): string =>
	readFileSync(join(ROOT, "test/corpora/envoy-checks", code, "good.yaml"), "utf8");
const ISTIO = good("istio_rules_partial");
const GATEWAY = good("gateway_targets_differ");
const [OPERATOR = "", POLICY = "", PATCHES = ""] = ISTIO.split("---\n");
const [SECURITY = "", EXTENSION = "", CLIENT = "", BACKEND = "", ENVOY_PATCH = "", BACKEND_TLS = ""] =
	GATEWAY.split("---\n");

function but(text: string, from: string, to: string): string {
	if (!text.includes(from)) throw new Error(`no ${from}`);
	return text.replace(from, to);
}
const join_ = (...documents: readonly string[]): string => documents.join("---\n");

describe("Istio", () => {
	test("a provider alone lacks what only patches can set, and the fixes say so", () => {
		const report = checkTexts({ "mesh.yaml": join_(OPERATOR, POLICY) }, { known: true, fields: false });
		expect([...new Set(report.findings.map(({ code }) => code))].sort()).toEqual([
			"authz_handoff_unseen",
			"authz_headers_joined",
			"authz_mutations_unlimited",
			"authz_mutations_unvalidated",
			"edge_escapes_kept",
			"edge_identity_believed",
			"edge_underscores",
			"grpc_retry_missing",
		]);
		for (const { code, fix } of report.findings) {
			expect({ code, fix }).toEqual({ code, fix: expect.stringMatching(/EnvoyFilter.*Istio/) });
		}
	});

	test.each<[string, string, string]>([
		["failOpen", "failOpen: false", "failOpen: true"],
		["the time limit of 600 s", "        timeout: 0.5s\n", ""],
	])("the provider's %s", (_name, from, to) => {
		const codes = codesIn(but(ISTIO, from, to));
		expect(codes).toEqual(to === "" ? ["authz_timeout_long"] : ["authz_fails_open"]);
	});

	test("request bodies of a provider", () => {
		const body =
			"        failOpen: false\n        includeRequestBodyInCheck: { maxRequestBytes: 8192, allowPartialMessage: true }\n";
		expect(codesIn(but(ISTIO, "        failOpen: false\n", body))).toEqual([
			"authz_body_as_text",
			"authz_partial_body",
		]);
	});

	test("fields that Istio would drop", () => {
		expect(codesIn(but(ISTIO, "failOpen: false", "failopen: false"))).toEqual(["field_unknown"]);
	});

	test("what a patch sets counts, and what it sets wrongly is found in the patch", () => {
		const line = (text: string, word: string): number =>
			text.split("\n").findIndex((each) => each.includes(word)) + 1;
		const bad = but(
			ISTIO,
			"validate_mutations: true",
			"failure_mode_allow: true\n          validate_mutations: true",
		);
		expect(found(bad)).toEqual([`${line(bad, "failure_mode_allow: true")} authz_fails_open`]);
		const edge = but(
			ISTIO,
			"headers_with_underscores_action: REJECT_REQUEST",
			"headers_with_underscores_action: ALLOW",
		);
		expect(found(edge)).toEqual([`${line(edge, "ALLOW")} edge_underscores`]);
	});

	test("a patch of a filter that no file makes is judged by what it says", () => {
		const alone = but(PATCHES, "validate_mutations: true", "validate_mutations: false");
		expect(codesIn(alone)).toEqual(["authz_mutations_unvalidated"]);
	});

	test("ext_proc as a TypedStruct, first in the chain, and in place of another", () => {
		const config = parse(PATCHES) as {
			spec: { configPatches: { patch: { operation: string; value: Record<string, unknown> } }[] };
		};
		const patch = config.spec.configPatches.at(-1)?.patch;
		if (patch === undefined) throw new Error("no patch");
		const { "@type": type, ...fields } = patch.value["typed_config"] as Record<string, unknown>;
		patch.value["typed_config"] = {
			"@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
			type_url: type,
			value: fields,
		};
		expect(codesIn(join_(OPERATOR, POLICY, stringify(config)))).toEqual([]);
		patch.operation = "INSERT_FIRST";
		expect(codesIn(join_(OPERATOR, POLICY, stringify(config)))).toEqual(["matcher_early"]);
		patch.operation = "REPLACE";
		expect(codesIn(join_(OPERATOR, POLICY, stringify(config)))).toEqual([]);
	});

	test.each([
		["BASE", ["edge_slashes_kept"]],
		["NONE", ["edge_path_raw", "edge_slashes_kept"]],
		["MERGE_SLASHES", []],
		["DECODE_AND_MERGE_SLASHES", []],
	])("path normalisation %s", (mode, codes) => {
		expect(codesIn(but(ISTIO, "normalization: MERGE_SLASHES", `normalization: ${mode}`))).toEqual(codes);
	});

	test("a mesh configuration in a ConfigMap, plain, and as Helm's values: places are the file's", () => {
		const mesh = (
			parse(OPERATOR) as {
				spec: { meshConfig: { extensionProviders: { envoyExtAuthzGrpc: { failOpen: boolean } }[] } };
			}
		).spec.meshConfig;
		for (const each of mesh.extensionProviders) each.envoyExtAuthzGrpc.failOpen = true;
		const text = stringify(mesh);
		const rest = join_(POLICY, PATCHES);
		const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio }\ndata:\n  mesh: |-\n${text.replaceAll(/^(?=.)/gm, "    ")}`;
		for (const document of [map, text, stringify({ meshConfig: mesh })]) {
			const report = checkTexts({ "mesh.yaml": join_(document, rest) });
			expect(report.findings.map(({ code }) => code)).toEqual(["authz_fails_open"]);
			const [finding] = report.findings;
			const line = document.split("\n")[(finding?.line ?? 0) - 1] ?? "";
			expect(line.slice((finding?.column ?? 0) - 1)).toBe("failOpen: true");
		}
	});

	test("YAML in a ConfigMap that is none is a finding at its place", () => {
		const map =
			"apiVersion: v1\nkind: ConfigMap\ndata:\n  mesh: |-\n    a: 1\n    a: 2\n  other: |\n    a: [\n";
		expect(found(map)).toContain("6 yaml_invalid");
		expect(found(map).filter((each) => each.includes("yaml_invalid"))).toHaveLength(1);
	});

	test("policies of other actions and other providers are none of ours", () => {
		const other = "    - { name: other, envoyExtAuthzHttp: { service: x, port: 80 } }\n";
		const operator = `${OPERATOR}${other}`;
		const policy = but(
			but(POLICY, "{ name: postern }\n  rules", "{ name: other }\n  rules"),
			"rules: [ {} ]",
			"rules: []",
		);
		expect(codesIn(join_(operator, POLICY, PATCHES, policy))).toEqual([]);
		expect(codesIn(join_(OPERATOR, POLICY, PATCHES, but(POLICY, "action: CUSTOM", "action: DENY")))).toEqual(
			[],
		);
	});

	test("claims in `from`, and mirrors of a VirtualService", () => {
		const claims = but(
			ISTIO,
			"rules: [ {} ]",
			"rules: [ {}, { from: [ { source: { requestPrincipals: [ x ] } } ] } ]",
		);
		expect(codesIn(claims)).toEqual(["istio_rules_unmatchable"]);
		const mirror =
			"apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - mirror: { host: x }\n";
		expect(codesIn(join_(ISTIO, mirror))).toEqual(["route_mirrored"]);
	});

	test("mTLS that is switched off, for the host or for all", () => {
		const rule = (host: string, mode: string): string =>
			`apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: { host: ${host}, trafficPolicy: { tls: { mode: ${mode} } } }\n`;
		const host = "postern.security.svc.cluster.local";
		expect(codesIn(join_(ISTIO, rule(host, "DISABLE")))).toEqual(["cluster_plaintext"]);
		expect(codesIn(join_(ISTIO, rule("postern", "DISABLE")))).toEqual(["cluster_plaintext"]);
		expect(codesIn(join_(ISTIO, rule("shop", "DISABLE")))).toEqual([]);
		const off = but(ISTIO, "  meshConfig:\n", "  meshConfig:\n    enableAutoMtls: false\n");
		expect(codesIn(off)).toEqual(["cluster_plaintext"]);
		expect(codesIn(join_(off, rule(host, "ISTIO_MUTUAL")))).toEqual([]);
	});

	test("--cluster may say the service's host or its first label", () => {
		for (const name of [
			"outbound|9191||postern.security.svc.cluster.local",
			"postern.security.svc.cluster.local",
			"postern",
		]) {
			expect(found(ISTIO, {}, [name])).toEqual([]);
		}
		expect(checkTexts({ f: ISTIO }, {}, ["other"]).findings.map(({ code }) => code)).toEqual([
			"postern_absent",
		]);
	});
});

describe("Envoy Gateway", () => {
	test("its policies alone lack what only patches can set, and the fixes say so", () => {
		const report = checkTexts({ "gateway.yaml": join_(SECURITY, EXTENSION, CLIENT, BACKEND, BACKEND_TLS) });
		expect([...new Set(report.findings.map(({ code }) => code))].sort()).toEqual([
			"authz_handoff_unseen",
			"authz_headers_joined",
			"authz_mutations_unlimited",
			"authz_mutations_unvalidated",
			"proc_headers_stuck",
			"proc_override_idle",
			"proc_trailers_skipped",
			"proc_unmatched",
		]);
		for (const { code, fix } of report.findings)
			expect({ code, fix }).toEqual({ code, fix: expect.stringContaining("EnvoyPatchPolicy") });
	});

	test.each<[string, string, readonly string[]]>([
		[
			"    failOpen: false\n    statusOnError: 503",
			"    failOpen: true\n    statusOnError: 503",
			["authz_fails_open"],
		],
		["    timeout: 500ms\n", "", ["authz_timeout_long"]],
		[
			"    failOpen: false\n    statusOnError: 503",
			"    recomputeRoute: true\n    statusOnError: 503",
			["authz_cache_cleared"],
		],
		[
			"    failOpen: false\n    statusOnError: 503",
			"    headersToExtAuth: [ cookie ]\n    statusOnError: 503",
			["authz_headers_hidden"],
		],
		[
			"    failOpen: false\n    statusOnError: 503",
			"    failopen: true\n    statusOnError: 503",
			["field_unknown"],
		],
		[
			"    failOpen: false\n    statusOnError: 503",
			"    bodyToExtAuth: { maxRequestBytes: 1048576 }\n    statusOnError: 503",
			["authz_body_as_text", "edge_request_endless"],
		],
		["connection: { bufferLimit: 1Mi }", "connection: {}", ["edge_buffer_small", "edge_buffers_differ"]],
		[
			"    earlyRequestHeaders: { remove: [ x-postern-id, x-postern-issuer ] }",
			"    withUnderscoresAction: Allow",
			["edge_identity_believed", "edge_underscores"],
		],
		[
			"  headers:\n",
			"  path: { escapedSlashesAction: KeepUnchanged, disableMergeSlashes: true }\n  headers:\n",
			["edge_escapes_kept", "edge_slashes_kept"],
		],
		[
			"  headers:\n",
			"  headers:\n    xForwardedClientCert: { mode: AppendForward }\n",
			["edge_certificate_header_believed"],
		],
		[
			"  headers:\n",
			"  clientIPDetection: { xForwardedFor: { numTrustedHops: 2 } }\n  headers:\n",
			["edge_trusted_hops"],
		],
		[
			"  headers:\n",
			"  tls: { clientValidation: { mode: Request } }\n  headers:\n",
			["authz_certificate_withheld", "edge_certificates_untrusted"],
		],
		[
			"  headers:\n",
			"  tls: { clientValidation: { mode: VerifyIfGiven, caCertificateRefs: [ { name: ca } ] } }\n  headers:\n",
			["authz_certificate_withheld"],
		],
		[
			"  headers:\n",
			"  tls: { clientValidation: { mode: RequireAny, caCertificateRefs: [ { name: ca } ] } }\n  headers:\n",
			["authz_certificate_withheld", "edge_certificates_untrusted"],
		],
		[
			"  headers:\n",
			"  tls: { clientValidation: {} }\n  headers:\n",
			["authz_certificate_withheld", "edge_certificates_unverified"],
		],
		["  requestBuffer: { limit: 1Mi }", "  httpUpgrade: [ { type: websocket } ]", ["chain_upgrades"]],
		["  requestBuffer: { limit: 1Mi }", "  retry: {}", ["chain_upgrades"]],
		[
			"  requestBuffer: { limit: 1Mi }",
			"  requestBuffer: { limit: 1Mi }\n  compressor: [ { type: Gzip } ]",
			["chain_compressor"],
		],
	])("%s → %s", (from, to, codes) => {
		expect(codesIn(but(GATEWAY, from, to))).toEqual(codes);
	});

	const WITHOUT_PATCH = join_(SECURITY, EXTENSION, CLIENT, BACKEND, BACKEND_TLS);
	test.each<[string, string, readonly string[]]>([
		["body: Buffered", "body: Streamed", ["proc_streamed_alone"]],
		["body: Buffered", "body: BufferedPartial", ["proc_body_partial"]],
		["body: Buffered", "body: FullDuplexStreamed", ["proc_body_duplex"]],
		["        body: Buffered\n", "", ["proc_body_unseen"]],
		["body: Buffered", "body: Bufered", ["proc_body_unseen", "value_unknown"]],
		[
			"      response:\n        body: Buffered\n        attributes: [ response.code_details, request.method ]",
			"      allowModeOverride: true",
			["proc_attributes_missing", "proc_body_unseen", "proc_headers_skipped"],
		],
		[
			"    failOpen: false\n    statusOnError: 502",
			"    failOpen: true\n    shadowMode: true\n    statusOnError: 502",
			["proc_fails_open", "proc_observes_only"],
		],
		[
			"accessibleNamespaces: [ envoy.filters.http.ext_authz ]",
			"accessibleNamespaces: []",
			["proc_handoff_withheld"],
		],
		["    messageTimeout: 1s\n", "", ["proc_timeout_short"]],
	])("ext_proc: %s → %s", (from, to, codes) => {
		const before = new Set(codesIn(WITHOUT_PATCH));
		const after = codesIn(but(WITHOUT_PATCH, from, to));
		expect(after.filter((code) => !before.has(code))).toEqual(expect.arrayContaining([...codes]));
	});

	test("the order of filters is EnvoyProxy's", () => {
		const compressing = but(
			GATEWAY,
			"  requestBuffer: { limit: 1Mi }",
			"  requestBuffer: { limit: 1Mi }\n  compressor: [ { type: Gzip } ]",
		);
		const order = (position: string): string =>
			`apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nspec:\n  filterOrder: [ { name: envoy.filters.http.compressor, ${position} } ]\n`;
		expect(codesIn(join_(compressing, order("before: envoy.filters.http.ext_authz")))).toEqual([]);
		expect(codesIn(join_(compressing, order("after: envoy.filters.http.ext_authz")))).toEqual([]);
		expect(codesIn(join_(compressing, order("after: envoy.filters.http.ext_proc")))).toEqual([
			"chain_compressor",
		]);
	});

	test("scripts of an extension policy, mirrors and rewrites of a route", () => {
		expect(codesIn(but(GATEWAY, "  extProc:\n", "  lua: [ { type: Inline } ]\n  extProc:\n"))).toEqual([
			"chain_foreign_code",
		]);
		const route =
			"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  rules:\n  - filters: [ { type: RequestMirror }, { type: URLRewrite } ]\n";
		expect(codesIn(join_(GATEWAY, route))).toEqual(["route_mirrored", "route_rewritten"]);
	});

	test("a whole gateway covers its routes, and one kind of policy alone is told in the chain", () => {
		const whole = but(SECURITY, "kind: HTTPRoute, name: shop", "kind: Gateway, name: edge");
		expect(codesIn(join_(whole, EXTENSION, CLIENT, BACKEND, ENVOY_PATCH, BACKEND_TLS))).toEqual([]);
		expect(codesIn(join_(SECURITY, CLIENT))).toContain("chain_access_only");
		expect(codesIn(join_(EXTENSION, CLIENT, BACKEND))).toContain("chain_authz_missing");
	});

	test("a Service is called in clear text unless a BackendTLSPolicy says otherwise; a Backend speaks for itself", () => {
		const clear = join_(SECURITY, EXTENSION, CLIENT, BACKEND, ENVOY_PATCH);
		expect([...new Set(codesIn(clear))]).toEqual(["cluster_plaintext"]);
		expect(found(clear).filter((each) => each.endsWith("cluster_plaintext"))).toHaveLength(2);
		const own = clear.replaceAll(
			"{ name: postern, port: 9191 }",
			"{ group: gateway.envoyproxy.io, kind: Backend, name: postern }",
		);
		expect(codesIn(own)).toEqual([]);
	});

	test("upgrades that a patch takes away", () => {
		const on = but(BACKEND, "  requestBuffer: { limit: 1Mi }", "  retry: {}");
		const patch =
			'  - type: x\n    name: y\n    operation: { op: remove, path: "/virtual_hosts/0/routes/0/route/upgrade_configs" }\n';
		const rest = join_(SECURITY, EXTENSION, CLIENT, on, BACKEND_TLS);
		expect(codesIn(join_(rest, ENVOY_PATCH))).toEqual(["chain_upgrades"]);
		expect(codesIn(join_(rest, `${ENVOY_PATCH}${patch}`))).toEqual([]);
	});
});

describe("wherever messages stand", () => {
	const chain = good("chain_authz_missing");
	const edge = good("edge_path_raw");
	const filters = (parse(chain) as { http_filters: unknown[] }).http_filters;
	const listener = parse(edge) as Record<string, unknown>;
	const typedListener = { "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", ...listener };

	test.each<[string, unknown]>([
		["a list of filters", filters],
		["an answer of LDS", { version_info: "1", resources: [typedListener] }],
		[
			"a dump of the running configuration",
			{
				configs: [
					{
						"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
						bootstrap: { static_resources: { listeners: [listener] } },
					},
					{
						"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
						dynamic_listeners: [{ active_state: { listener: typedListener } }],
					},
				],
			},
		],
		[
			"a Kubernetes List",
			{
				apiVersion: "v1",
				kind: "List",
				items: [{ apiVersion: "v1", kind: "ConfigMap", data: { "envoy.yaml": stringify(listener) } }],
			},
		],
	])("%s", (_name, document) => {
		const text = JSON.stringify(document, undefined, 1);
		expect(codesIn(text)).toEqual([]);
		const bad = text.replaceAll(/("|\\")?failure_mode_allow("|\\")?: false/g, (all) =>
			all.replace("false", "true"),
		);
		expect(bad).not.toBe(text);
		expect(codesIn(bad)).toEqual(["authz_fails_open", "proc_fails_open"]);
	});

	test("filters whose settings are in another file", () => {
		const [authz, proc] = filters as Record<string, unknown>[];
		const asked = JSON.stringify({
			http_filters: [authz, { name: proc?.["name"], config_discovery: { type_urls: ["x"] } }],
		});
		const settings = JSON.stringify({
			resources: [{ "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", ...proc }],
		});
		expect(checkTexts({ a: asked }).findings.map(({ code }) => code)).toEqual(["chain_config_elsewhere"]);
		expect(checkTexts({ a: asked, b: settings }).findings).toEqual([]);
		const bad = settings.replace('"failure_mode_allow":false', '"failure_mode_allow":true');
		expect(checkTexts({ a: asked, b: bad }).findings.map(({ file, code }) => `${file} ${code}`)).toEqual([
			"b proc_fails_open",
		]);
	});

	test("routes in another file belong to the chain that names them", () => {
		const [first = "", routes = ""] = good("route_elsewhere").split("---\n");
		const bad = routes.replace(
			"      timeout: 15s\n",
			"      timeout: 15s\n      internal_redirect_policy: {}\n",
		);
		expect(checkTexts({ a: first, b: bad }).findings.map(({ file, code }) => `${file} ${code}`)).toEqual([
			"b route_internal_redirect",
		]);
		const unmasked = first.replace("route_config_name: routes", "route_config_name: others");
		expect(checkTexts({ a: unmasked, b: routes }).findings.map(({ code }) => code)).toEqual([
			"route_elsewhere",
		]);
	});

	test("resources that have nothing to do with it are passed over", () => {
		const deployment = "apiVersion: apps/v1\nkind: Deployment\nspec: { replicas: 2 }\n";
		expect(codesIn(join_(chain, deployment))).toEqual([]);
		expect(codesIn(deployment)).toEqual(["postern_absent"]);
		expect(parseAllDocuments(ISTIO).length).toBe(3);
	});
});

describe("which cluster is Postern's", () => {
	const chain = good("chain_authz_missing");
	const renamed = (authz: string, proc: string): string => {
		const parts = chain.split("cluster_name: postern");
		return `${parts[0]}cluster_name: ${authz}${parts[1]}cluster_name: ${proc}${parts[2]}`;
	};
	test.each<[string, string, string, readonly string[], readonly string[]]>([
		["what both call", "a", "a", [], ["a"]],
		["what is named after it", "gate", "postern-eu", [], ["postern-eu"]],
		["all, where nothing tells", "a", "b", [], ["a", "b"]],
		["what is said", "a", "b", ["b"], ["b"]],
	])("%s", (_name, authz, proc, said, clusters) => {
		expect(checkTexts({ f: renamed(authz, proc) }, {}, said).postern).toEqual(clusters);
	});

	test("a cluster that nobody calls is told, with those that are called", () => {
		const [finding] = checkTexts({ f: chain }, {}, ["masker"]).findings;
		expect(finding).toMatchObject({
			code: "postern_absent",
			message: expect.stringContaining("filters call postern"),
		});
	});
});
