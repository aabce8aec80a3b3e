import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { changeHeaders, passUnchanged } from "../../src/envoy/ext-proc/answers.ts";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import { header, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, extProcOf, filterOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { scripted } from "../support/envoy/scripted.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { checkResponseBytes, handoffMetadata, responseBytes, struct } from "../support/ext-proc-messages.ts";

const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const MASKED = '{"id":7}';
const PLAIN = '{"id":7,"ssn":"unmasked"}';
const LARGE = "x".repeat(5_000_000);

/** A listener where every answer reaches ext_proc, with something changed in its settings. */
function settings(change: (settings: EnvoyConfig) => void = () => {}) {
	return (manager: EnvoyConfig): void => {
		change(extProcOf(manager));
		withoutMatcher(manager);
	};
}

let mesh: Mesh;
beforeAll(async () => {
	mesh = await startMesh({
		variants: {
			unmatched: settings(),
			noOverride: settings((each) => {
				each.allow_mode_override = false;
			}),
			narrow: settings((each) => {
				// Differs from what Postern writes in one field, and Envoy compares all of them.
				each.allowed_override_modes[0].request_trailer_mode = "DEFAULT";
			}),
			early: (manager) => {
				// ext_proc in front of ext_authz: the metadata is not there yet when the matcher looks first.
				const { http_filters: filters } = manager;
				const authz = filters.indexOf(filterOf(manager, "ext_authz"));
				filters.splice(authz, 2, filters[authz + 1], filters[authz]);
			},
			streamed: settings((each) => {
				each.processing_mode.response_body_mode = "STREAMED";
			}),
			duplex: settings((each) => {
				each.processing_mode.response_body_mode = "FULL_DUPLEX_STREAMED";
			}),
			none: settings((each) => {
				each.processing_mode.response_body_mode = "NONE";
			}),
		},
	});
	mesh.upstream.reply("/secret", whole({ body: BODY }));
	mesh.upstream.reply(
		"/plain",
		whole({
			body: PLAIN,
			headers: [
				["content-type", "application/json"],
				["etag", '"v"'],
			],
		}),
	);
	mesh.upstream.reply("/large", whole({ body: LARGE, headers: [["content-type", "text/plain"]] }));
	mesh.decide("/secret", { allowed: true, response: { release: ["$.id"] } });
	mesh.decide("/plain", { allowed: true });
	mesh.decide("/large", { allowed: true });
}, 30_000);
afterAll(() => closeAndCount("overrides and skipping", mesh), 30_000);
afterEach(() => mesh.reset());

/** An allow whose hand-off says whatever a test wants. */
function handOff(metadata: Readonly<Record<string, unknown>>): void {
	mesh.checkBy(() =>
		checkResponseBytes({ status: { code: 0 }, ok_response: {}, dynamic_metadata: struct(metadata) }),
	);
}

async function streams(): Promise<number> {
	return Number(
		/streams_started: (\d+)/.exec(await mesh.envoy.stats("edge.ext_proc.streams_started"))?.[1] ?? 0,
	);
}

describe("leaving ext_proc out", () => {
	test.each(["get", "get2"] as const)("a large answer that is released whole passes (%s)", async (by) => {
		const before = await streams();
		const answer = await mesh[by]("/large");
		expect(answer).toMatchObject({ status: 200, complete: true });
		expect(answer.body).toHaveLength(LARGE.length);
		expect(await streams()).toBe(before);
	});

	test("a large answer under a directive is Envoy's 500, and a small one is masked", async () => {
		mesh.upstream.reply("/largeJson", whole({ body: `{"id":"${LARGE}","ssn":"${SECRET}"}` }));
		mesh.decide("/largeJson", { allowed: true, response: { release: ["$.id"] } });
		expect((await mesh.get("/largeJson")).status).toBe(500);
		expect(await mesh.get("/secret")).toMatchObject({ status: 200, body: MASKED });
	});

	test("never for what is not exactly all and 1", async () => {
		const good = handoffMetadata();
		for (const metadata of [
			{},
			{ ...good, fields: "ALL" },
			{ ...good, fields: "all " },
			{ ...good, fields: ["all"] },
			{ ...good, fields: { all: true } },
			{ ...good, postern: "01" },
			{ ...good, postern: 1 },
			{ fields: "all" },
			{ postern: "1" },
		]) {
			const before = await streams();
			handOff(metadata);
			expect((await mesh.get("/secret")).status).toBe(502);
			expect(await streams()).toBe(before + 1);
		}
	});

	test("in either order of the two filters a directive is carried out", async () => {
		expect(await mesh.get("/secret", { via: "early" })).toMatchObject({ status: 200, body: MASKED });
		expect(await mesh.get("/plain", { via: "early" })).toMatchObject({ status: 200, body: PLAIN });
		handOff({ ...handoffMetadata(), fields: "ALL" });
		expect((await mesh.get("/secret", { via: "early" })).status).toBe(502);
	});

	test("while ext_proc cannot be reached: whole answers and denials stay, masked ones are refused", async () => {
		mesh.processBy((call) => call.emit("error", { code: 14, details: "down" }));
		expect(await mesh.get("/plain")).toMatchObject({ status: 200, body: PLAIN });
		mesh.decide("/login", { allowed: false, http_status: 401, headers: { "www-authenticate": "Bearer" } });
		const denied = await mesh.get("/login");
		expect([denied.status, header(denied, "www-authenticate")]).toEqual([401, "Bearer"]);
		expect((await mesh.get("/secret")).status).toBe(502);
		expect((await mesh.get("/login", { via: "unmatched" })).status).toBe(502);
	});
});

describe("opting out of a body by mode_override", () => {
	test.each(["get", "get2"] as const)(
		"nothing of it is sent to Postern, and nothing of the answer changes (%s)",
		async (by) => {
			const answer = await mesh[by]("/plain", { via: "unmatched" });
			expect(answer).toMatchObject({ status: 200, body: PLAIN, complete: true });
			expect(header(answer, "etag")).toBe('"v"');
			expect(header(answer, "content-length")).toBe(String(PLAIN.length));
		},
	);

	test.each(["noOverride", "narrow"])(
		"where Envoy ignores it the body comes, and passes explicitly: %s",
		async (via) => {
			expect(await mesh.get("/plain", { via })).toMatchObject({ status: 200, body: PLAIN, complete: true });
			expect(await mesh.get("/secret", { via })).toMatchObject({ status: 200, body: MASKED, complete: true });
		},
	);

	test("an override to other modes than the allowed one is ignored: the body stays BUFFERED", async () => {
		const seen: string[] = [];
		mesh.processBy((call) => {
			call.on("error", () => {});
			call.on("data", (bytes: Buffer) => {
				const { phase } = readProcessingRequest(bytes);
				seen.push(phase);
				if (phase === "response_headers")
					call.write(
						Buffer.concat([
							changeHeaders({ remove: ["content-length"], set: [] }),
							responseBytes({
								mode_override: {
									response_header_mode: 1,
									response_body_mode: 1,
									request_trailer_mode: 2,
									response_trailer_mode: 2,
								},
							}),
						]),
					);
				else call.write(passUnchanged(phase));
			});
		});
		expect(await mesh.get("/plain", { via: "unmatched" })).toMatchObject({ status: 200, body: PLAIN });
		expect(seen).toEqual(["response_headers", "response_body"]);
	});

	test("an empty override in the answer means no body at all: Envoy lets it pass where nothing forbids it", async () => {
		const headers = Buffer.concat([
			responseBytes({ response_headers: { response: {} } }),
			responseBytes({ mode_override: {} }),
		]);
		mesh.processBy(scripted({ headers }));
		// The list of the shipped file knows no such mode, so the body stays BUFFERED and is owed.
		expect((await mesh.get("/plain", { via: "unmatched" })).status).toBe(504);
	});
});

test("the mode in force is told in the first message", async () => {
	const modes: (number | undefined)[] = [];
	mesh.processBy((call) => {
		call.once("data", (bytes: Buffer) => {
			modes.push(readProcessingRequest(bytes).protocol?.responseBodyMode);
			call.emit("error", { code: 13, details: "scripted" });
		});
	});
	for (const via of ["none", "streamed", "unmatched", "duplex"]) await mesh.get("/plain", { via });
	expect(modes).toEqual([0, 1, 2, 4]);
});
