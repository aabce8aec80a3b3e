import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import { LENGTH } from "../../src/envoy/protobuf/reader.ts";
import { writeStructField } from "../../src/envoy/protobuf/struct.ts";
import { beginMessage, createWriter, endMessage, finish } from "../../src/envoy/protobuf/writer.ts";
import { runProcessCall } from "../../src/envoy/transport/grpc-js/process-call.ts";
import { callHttp1, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, extProcOf, filterOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { never } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { checkResponseBytes, handoffMetadata, struct } from "../support/ext-proc-messages.ts";

const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const RELEASING = { release: ["$.id"] };
const NO_AUTHZ = {
	"envoy.filters.http.ext_authz": {
		"@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
		disabled: true,
	},
};
const NO_EXT_PROC = {
	"envoy.filters.http.ext_proc": {
		"@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute",
		disabled: true,
	},
};

function authz(change: (settings: EnvoyConfig) => void) {
	return (manager: EnvoyConfig): void => change(filterOf(manager, "ext_authz").typed_config);
}
function route(change: (route: EnvoyConfig) => void) {
	return (manager: EnvoyConfig): void => change(manager.route_config.virtual_hosts[0].routes[0]);
}
/** Puts a filter in front of the router. */
function before(manager: EnvoyConfig, filter: EnvoyConfig): void {
	manager.http_filters.splice(-1, 0, filter);
}
const lua = (code: string): EnvoyConfig => ({
	name: "envoy.filters.http.lua",
	typed_config: {
		"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
		default_source_code: { inline_string: code },
	},
});

const CACHE: EnvoyConfig = {
	name: "envoy.filters.http.cache",
	typed_config: {
		"@type": "type.googleapis.com/envoy.extensions.filters.http.cache.v3.CacheConfig",
		typed_config: {
			"@type": "type.googleapis.com/envoy.extensions.http.cache.simple_http_cache.v3.SimpleHttpCacheConfig",
		},
	},
};

let mesh: Mesh;
beforeAll(async () => {
	mesh = await startMesh({
		variants: {
			unmatched: withoutMatcher,
			failsOpen: authz((settings) => {
				settings.failure_mode_allow = true;
				settings.grpc_service.timeout = "0.5s";
			}),
			disabled: route((each) => {
				each.typed_per_filter_config = NO_AUTHZ;
			}),
			switchedOff: authz((settings) => {
				settings.filter_enabled = { default_value: { numerator: 0 } };
			}),
			noIngestion: authz((settings) => {
				settings.enable_dynamic_metadata_ingestion = false;
			}),
			shadow: authz((settings) => {
				settings.shadow_mode = true;
			}),
			notForwarded: (manager) => {
				extProcOf(manager).metadata_options = {};
			},
			noAttributes: (manager) => {
				extProcOf(manager).response_attributes = [];
			},
			scripted: (manager) => {
				route((each) => {
					each.typed_per_filter_config = NO_AUTHZ;
				})(manager);
				before(
					manager,
					lua(
						`function envoy_on_request(h) h:respond({[":status"]="200", ["content-type"]="application/json"}, '${BODY}') end`,
					),
				);
			},
			scriptedMasked: (manager) => {
				before(
					manager,
					lua(
						`function envoy_on_request(h) h:respond({[":status"]="200", ["content-type"]="application/json"}, '${BODY}') end`,
					),
				);
			},
			cached: (manager) => {
				route((each) => {
					each.typed_per_filter_config = NO_AUTHZ;
				})(manager);
				before(manager, CACHE);
			},
			cachedDecided: (manager) => before(manager, CACHE),
			foreignWriter: (manager) => {
				manager.http_filters.unshift({
					name: "envoy.filters.http.header_to_metadata",
					typed_config: {
						"@type": "type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config",
						request_rules: ["postern", "fields", "directive"].map((key) => ({
							header: `x-${key}`,
							on_header_present: { metadata_namespace: "envoy.filters.http.ext_authz", key },
						})),
					},
				});
			},
			extProcOff: route((each) => {
				each.typed_per_filter_config = NO_EXT_PROC;
			}),
		},
	});
	mesh.upstream.reply("/a", whole({ body: BODY }));
	mesh.upstream.reply(
		"/cacheable",
		whole({
			body: BODY,
			headers: [
				["content-type", "application/json"],
				["cache-control", "max-age=60"],
				// Without it Envoy's cache takes an answer for stale at once.
				["date", new Date().toUTCString()],
			],
		}),
	);
	mesh.decide("/a", { allowed: true, response: RELEASING });
	mesh.decide("/whole", { allowed: true });
	mesh.upstream.reply("/whole", whole({ body: '{"id":7}' }));
}, 30_000);
afterAll(() => closeAndCount("hand-off", mesh), 30_000);
afterEach(() => mesh.reset());

/** The hand-off as a caller would write it. */
const FORGED = Object.entries(handoffMetadata())
	.filter(([key]) => key !== "decision_id")
	.map(([key, value]): [string, string] => [`x-${key}`, String(value)]);

/** An allow as ext_authz could send it, with any metadata. */
function allow(metadata?: Readonly<Record<string, unknown>>): Buffer {
	return checkResponseBytes({
		status: { code: 0 },
		ok_response: {},
		...(metadata === undefined ? {} : { dynamic_metadata: struct(metadata) }),
	});
}

async function expectBlocked(reason: string, via?: string, path = "/a"): Promise<void> {
	for (const by of ["get", "get2"] as const) {
		const answer = await mesh[by](path, via === undefined ? {} : { via });
		expect(answer).toMatchObject({ status: 502, complete: true });
		expect(mesh.releases().at(-1)).toMatchObject({ outcome: "replaced", reason });
	}
}

describe("an upstream's answer for which nobody decided is blocked", () => {
	test.each<[string, Buffer]>([
		["{}", Buffer.alloc(0)],
		["an empty status", checkResponseBytes({ status: {} })],
		["denied_response without a status", checkResponseBytes({ denied_response: { status: { code: 403 } } })],
		["an allow without ok_response", checkResponseBytes({ status: { code: 0 } })],
		["an allow without metadata", allow()],
		["an allow with an empty Struct", allow({})],
		["an allow with the peer's metadata only", allow({ decision_id: "x" })],
	])("Envoy takes %s for an allow", async (_name, answer) => {
		mesh.checkBy(() => answer);
		await expectBlocked("no_decision");
		expect(mesh.upstream.seen).toHaveLength(2);
	});

	test.each(["disabled", "switchedOff", "noIngestion", "notForwarded"])(
		"ext_authz or the hand-off is off: %s",
		async (via) => {
			await expectBlocked("no_decision", via);
		},
	);

	test("ext_authz failed open, by an error and by a late answer", async () => {
		mesh.checkBy(() => Promise.reject({ code: 13 }));
		await expectBlocked("no_decision", "failsOpen");
		mesh.checkBy(never);
		await expectBlocked("no_decision", "failsOpen");
	});

	test("callers cannot bring a hand-off along", async () => {
		const headers = FORGED;
		const answer = await mesh.get("/a", { via: "disabled", headers });
		expect(answer.status).toBe(502);
	});

	test("a script's answer is an upstream's: blocked without a decision, masked under one", async () => {
		await expectBlocked("no_decision", "scripted");
		expect(await mesh.get("/a", { via: "scriptedMasked" })).toMatchObject({ status: 200, body: '{"id":7}' });
		expect(mesh.upstream.seen).toEqual([]);
	});

	test("a cache's answer is an upstream's, as an insertion and as a hit", async () => {
		await expectBlocked("no_decision", "cached", "/cacheable");
		expect(mesh.upstream.seen.length).toBeGreaterThan(0);
		// Somebody who may see all of it gets it from the cache that stands behind ext_proc.
		mesh.reset();
		mesh.decide("/cacheable", { allowed: true });
		const port = mesh.envoy.variants["cachedDecided"] ?? 0;
		expect((await callHttp1(port, { path: "/cacheable" })).body).toBe(BODY);
		await expectBlocked("no_decision", "cached", "/cacheable");
		mesh.decide("/cacheable", { allowed: true, response: RELEASING });
		expect(await mesh.get("/cacheable", { via: "cachedDecided" })).toMatchObject({
			status: 200,
			body: '{"id":7}',
		});
		expect(mesh.upstream.seen).toEqual([]);
	});
});

describe("only the whole hand-off of a real allow counts", () => {
	const good = handoffMetadata();
	test.each<[string, Readonly<Record<string, unknown>>, string]>([
		["fields ALL", { ...good, fields: "ALL" }, "handoff_stale"],
		["fields as a list", { ...good, fields: ["all"] }, "handoff_stale"],
		["fields as a boolean", { ...good, fields: true }, "handoff_stale"],
		["version 1 as a number", { ...good, postern: 1 }, "handoff_stale"],
		["version 2", { ...good, postern: "2" }, "handoff_stale"],
		["a broken directive under some", { ...good, fields: "some", directive: "{" }, "handoff_stale"],
		["some without a directive", { ...good, fields: "some" }, "handoff_stale"],
		["a denial's hand-off on an allow", handoffMetadata({ verdict: "deny" }), "denied_upstream_answer"],
	])("%s does not leave ext_proc out", async (_name, metadata, reason) => {
		mesh.checkBy(() => allow(metadata));
		await expectBlocked(reason);
	});

	test("inner metadata of ok_response replaces the outer, so a hand-off outside of it does not arrive", async () => {
		const w = createWriter();
		const okResponse = beginMessage(w, (3 << 3) | LENGTH);
		writeStructField(w, (3 << 3) | LENGTH, { other: "x" });
		endMessage(w, okResponse);
		const inner = finish(w);
		mesh.checkBy(() => Buffer.concat([allow(handoffMetadata({ response: RELEASING })), inner]));
		await expectBlocked("no_decision");
	});

	test("under shadow mode a denial passes ext_authz, and the answer is blocked behind it", async () => {
		mesh.decide("/denied", false);
		mesh.upstream.reply("/denied", whole({ body: BODY }));
		const answer = await mesh.get("/denied", { via: "shadow" });
		expect(mesh.upstream.seen).toHaveLength(1);
		expect(answer.status).toBe(502);
		expect(mesh.releases()).toMatchObject([{ reason: "denied_upstream_answer" }]);
	});

	test("a hand-off that a foreign writer put there before the Check is refused", async () => {
		const answer = await mesh.get("/a", { via: "foreignWriter", headers: FORGED });
		expect(answer.status).toBe(403);
		expect(mesh.decisions()).toMatchObject([{ verdict: "deny", reason: "handoff_conflict" }]);
		expect(await mesh.get("/a", { via: "foreignWriter" })).toMatchObject({ status: 200, body: '{"id":7}' });
	});
});

describe("the hand-off on its way", () => {
	test("comes with every message, and the attributes with the first", async () => {
		const seen: string[] = [];
		mesh.processBy((call) => {
			call.on("data", (bytes: Buffer) => {
				const message = readProcessingRequest(bytes);
				seen.push(`${message.phase} ${bytes.includes("decision_id")} ${bytes.includes("code_details")}`);
				if (message.phase === "response_headers") {
					expect(message.attributes).toEqual({
						"response.code_details": "via_upstream",
						"request.method": "GET",
					});
					expect(message.protocol).toEqual({
						requestBodyMode: 0,
						responseBodyMode: 2,
						withoutWaiting: false,
					});
					expect(message.metadata).toMatchObject({ postern: "1", fields: "some" });
				} else expect(message.protocol).toBeUndefined();
			});
			runProcessCall(
				call,
				{ receive: () => ({ kind: "fail", code: "internal" }), mayEnd: () => false, abandon() {} },
				() => {},
			);
		});
		await mesh.get("/a");
		expect(seen).toEqual(["response_headers true true"]);
	});

	test("fields: all leaves ext_proc out, even while it cannot be reached", async () => {
		mesh.processBy((call) => call.emit("error", { code: 14, details: "down" }));
		for (const by of ["get", "get2"] as const)
			expect(await mesh[by]("/whole")).toMatchObject({ status: 200, body: '{"id":7}' });
		expect(await mesh.get("/a")).toMatchObject({ status: 502 });
	});

	test("without the attribute nothing is Envoy's own reply", async () => {
		expect(await mesh.get("/a", { via: "noAttributes" })).toMatchObject({ status: 200, body: '{"id":7}' });
		mesh.decide("/gone", { allowed: true, response: RELEASING });
		mesh.upstream.reply("/gone", (socket) => socket.destroy());
		const answer = await mesh.get("/gone", { via: "noAttributes" });
		expect(answer.status).toBe(503);
		expect(answer.body).not.toContain("upstream connect error");
	});

	test("400 calls, 20 at a time, masked and whole among each other", async () => {
		const seen = new Set<string>();
		for (let batch = 0; batch < 20; batch++) {
			const answers = await Promise.all(
				Array.from({ length: 20 }, (_, at) =>
					mesh[at % 4 < 2 ? "get" : "get2"](at % 2 === 0 ? "/a" : "/whole"),
				),
			);
			for (const { status, body } of answers) seen.add(`${status} ${body}`);
		}
		expect([...seen]).toEqual(['200 {"id":7}']);
	});
});
