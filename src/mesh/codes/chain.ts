import type { CodeText } from "../types.ts";

/** Codes about the filters of a chain, and their neighbours. */
export const CHAIN_CODES = {
	chain_authz_missing: {
		severity: "error",
		title: "ext_proc without ext_authz",
		why: "Nobody decides about the requests of this chain, so they pass, and Postern blocks every answer.",
		fix: "Put Postern's ext_authz in front of ext_proc.",
		istio: "Add an AuthorizationPolicy with `action: CUSTOM` and Postern's provider for the same workloads.",
		gateway: "Add a SecurityPolicy with `extAuth` for the same targets.",
		seen: "Without a hand-off every answer was Postern's 502.",
		proof: { file: "test/envoy/handoff.test.ts", test: "ext_authz or the hand-off is off: %s" },
	},
	chain_access_only: {
		severity: "note",
		title: "access is decided, fields are not masked",
		why: "Without ext_proc nobody carries out a decision's `response`.",
		fix: "Add ext_proc as in `envoy/authz-and-fields.yaml`, or set `fields.enabled: false` in postern.yaml to say that none is meant.",
		istio:
			"Add ext_proc by an EnvoyFilter, or set `fields.enabled: false` in postern.yaml to say that none is meant.",
		gateway:
			"Add an EnvoyExtensionPolicy with `extProc` for the same targets, or set `fields.enabled: false` in postern.yaml.",
		seen: "Postern hands directives on as metadata and cannot see whether anybody reads them.",
	},
	chain_fields_ignored: {
		severity: "error",
		title: "directives are handed on and nobody carries them out",
		why: "Postern's configuration has fields on, and this chain has no ext_proc: whatever a policy withholds reaches the caller.",
		fix: "Add ext_proc as in `envoy/authz-and-fields.yaml`, or set `fields.enabled: false`.",
		istio: "Add ext_proc by an EnvoyFilter, or set `fields.enabled: false`.",
		gateway:
			"Add an EnvoyExtensionPolicy with `extProc` for the same targets, or set `fields.enabled: false`.",
		seen: "Without ext_proc an answer under a directive passed as the upstream sent it.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "chain_fields_ignored: a directive without ext_proc is not carried out",
		},
	},
	chain_unguarded: {
		severity: "warning",
		title: "a listener without Postern leads to the same upstreams",
		why: "Whoever reaches it gets past every decision.",
		fix: "Put the same filters there, or bind it to an address that no caller reaches.",
		seen: "Compared by the clusters that the routes of both name.",
	},
	chain_filter_disabled: {
		severity: "error",
		title: "Postern's filter is switched off",
		why: "A filter with `disabled: true` runs only on routes that switch it on, and here none does.",
		fix: "Remove `disabled`, so that a route must say what it leaves out.",
		seen: "Envoy 1.40 starts with it and runs nothing.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "chain_filter_disabled: a filter that is off masks nothing",
		},
	},
	chain_filter_optional: {
		severity: "error",
		title: "Envoy may leave Postern's filter out",
		why: "With `is_optional` an Envoy that does not know the filter starts without it.",
		fix: "Remove `is_optional`.",
		seen: "Documented by Envoy: an unsupported optional filter is ignored.",
	},
	chain_config_elsewhere: {
		severity: "note",
		title: "the filter's settings come from elsewhere",
		why: "`config_discovery` brings them while Envoy runs, so they were not checked here.",
		fix: "Name the file with the TypedExtensionConfig too, and set no `default_config` that does less.",
		seen: "A resource of that name in one of the files is taken for the filter's settings.",
	},
	chain_compressor: {
		severity: "warning",
		title: "answers are compressed before Postern sees them",
		why: "A compressor behind ext_proc works first on the way out; Postern then has to decode, under limits, or to block.",
		fix: "Put the compressor in front of ext_proc in the list: then it compresses what was masked.",
		gateway:
			"Set EnvoyProxy's `filterOrder: [ { name: envoy.filters.http.compressor, before: envoy.filters.http.ext_authz } ]`.",
		seen: "In front of ext_proc it compressed the masked body, and `accept-encoding: identity` added by the route did not reach it.",
		proof: {
			file: "test/envoy/bodies.test.ts",
			test: "is compressed for the caller after it was masked, and the upstream is asked not to",
		},
	},
	chain_decompressor: {
		severity: "error",
		title: "a decompressor beside ext_proc makes answers hang",
		why: "With both in a chain a compressed answer never ends, in every body mode.",
		fix: "Remove it, or switch its response direction off; Postern decodes under limits.",
		seen: "Envoy 1.40: every compressed answer hung, whatever the modes and protocols, a known bug of Envoy.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "chain_decompressor: a compressed answer does not arrive",
		},
	},
	chain_cache_outside: {
		severity: "error",
		title: "a cache answers without asking Postern",
		why: "In front of ext_authz it keeps the answer that one caller may see and gives it to the next one.",
		fix: "Remove the cache from this chain.",
		seen: "A hit made no Check: without ext_proc a caller that the policy denies got the answer, with it Postern blocked the hit.",
		proof: { file: "test/envoy/mesh-check.test.ts", test: "chain_cache_outside: a hit asks nobody" },
	},
	chain_cache_inside: {
		severity: "warning",
		title: "a cache holds unmasked answers",
		why: "Behind ext_authz each answer is masked again, but the unmasked ones of all callers lie in Envoy's memory, and hits are no answers of an upstream that was asked.",
		fix: "Remove the cache from this chain.",
		seen: "A hit was masked as its decision said, and blocked where nobody had decided.",
		proof: {
			file: "test/envoy/handoff.test.ts",
			test: "a cache's answer is an upstream's, as an insertion and as a hit",
		},
	},
	chain_foreign_code: {
		severity: "warning",
		title: "foreign code runs in a masked chain",
		why: "Lua, Wasm, Go and dynamic modules can read unmasked bodies, change a request behind the decision, answer it, or write the hand-off.",
		fix: "Move it to another Envoy, or check that it touches neither bodies nor the metadata of ext_authz.",
		seen: "A script's own answer counts as an upstream's: blocked without a decision, masked under one.",
		proof: {
			file: "test/envoy/handoff.test.ts",
			test: "a script's answer is an upstream's: blocked without a decision, masked under one",
		},
	},
	chain_request_rewritten: {
		severity: "warning",
		title: "a filter changes the request behind the decision",
		why: "The upstream gets another identity than Postern set, or another query than the policy judged.",
		fix: "Put the filter in front of ext_authz, or leave identity headers and the query alone.",
		seen: "A `header_mutation` behind ext_authz sets what it names; `:path` and `host` it refuses to name.",
	},
	chain_foreign_writer: {
		severity: "error",
		title: "another filter writes the hand-off",
		why: "Who writes `fields: all` into ext_authz's namespace releases answers unmasked; from a header, a caller could.",
		fix: "Let it write to a namespace of its own.",
		seen: "`header_to_metadata` on that namespace let a caller bring a hand-off along wherever ext_authz wrote none.",
		proof: {
			file: "test/envoy/handoff.test.ts",
			test: "a hand-off that a foreign writer put there before the Check is refused",
		},
	},
	chain_second_authz: {
		severity: "error",
		title: "a second ext_authz writes the same metadata",
		why: "All ext_authz filters of a chain share one namespace, so another service can overwrite Postern's decision about fields.",
		fix: "Leave one ext_authz in a masked chain, or set `enable_dynamic_metadata_ingestion: false` on the other.",
		gateway: "Leave one `extAuth` for the targets that are masked.",
		seen: "The namespace is not configurable for ext_authz, and later keys overwrite earlier ones.",
	},
	chain_second_proc: {
		severity: "warning",
		title: "a second ext_proc sees or changes what Postern masks",
		why: "Between Postern and the upstream it gets unmasked bodies; on the other side it can put back what was withheld.",
		fix: "Leave one ext_proc in a masked chain.",
		seen: "Two ext_proc filters in one chain were broken before Envoy 1.37.1.",
	},
	chain_upgrades: {
		severity: "error",
		title: "upgrades are allowed on a masked chain",
		why: "The frames of a WebSocket or a tunnel cannot be masked: they hang under BUFFERED, and pass unmasked where ext_proc is left out.",
		fix: "Remove `upgrade_configs`, also from routes: Envoy then answers 403 to an upgrade.",
		istio:
			"Istio allows WebSocket in every connection manager, and a patch cannot take it out there: merge `route: { upgrade_configs: [ { upgrade_type: websocket, enabled: false } ] }` into every HTTP_ROUTE with `action: ROUTE`, as the chart does.",
		gateway:
			"Envoy Gateway allows WebSocket on every route: set `requestBuffer: { limit: 1Mi }` in a BackendTrafficPolicy for the same targets, which switches upgrades off, or remove `upgrade_configs` by an EnvoyPatchPolicy.",
		seen: "With BUFFERED the caller never got the 101; with NONE frames passed as they were. Postern refuses upgrades under a directive.",
	},
	chain_connect: {
		severity: "error",
		title: "CONNECT is allowed on a masked chain",
		why: "What flows through a tunnel cannot be masked, nor seen by a policy.",
		fix: "Remove `allow_connect` and routes with `connect_matcher`.",
		seen: "Extended CONNECT is how WebSockets come over HTTP/2.",
	},
	chain_tap: {
		severity: "warning",
		title: "a tap records bodies of a masked chain",
		why: "Depending on its place it writes unmasked bodies to wherever it writes.",
		fix: "Remove the tap filter.",
		seen: "The tap filter records requests and answers as they pass its place in the chain.",
	},
	chain_upstream_filter: {
		severity: "warning",
		title: "ext_proc stands behind the router",
		why: "As a filter of an upstream cluster it runs once for every try, for that cluster alone, and without the matcher's guarantees; none of it was tried with Postern.",
		fix: "Put it into the `http_filters` of the connection manager.",
		seen: "Envoy allows ext_proc there; the observations of these pages are of the other place.",
	},
	chain_counters_shared: {
		severity: "note",
		title: "two filters count into the same counters",
		why: "Which of them failed cannot be told from `ext_authz.error` or `ext_proc.streams_failed`.",
		fix: "Give each a `stat_prefix`.",
		seen: "Without a prefix all ext_authz filters of a connection manager share their counters, and all ext_proc filters theirs.",
	},
} as const satisfies Record<string, CodeText>;
