import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { AuditRecord } from "../../src/audit/types.ts";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { checkDeps, fakePolicy, STRICT } from "../support/check-deps.ts";
import { askOnce } from "../support/envoy/ask-once.ts";
import type { EnvoyConfig } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";

const PER_ROUTE = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";

/** Prefix of a route → what it asks to be allowed. */
const ROUTES: Readonly<Record<string, string>> = {
	"/objects": "encoded-slash",
	"/matrix": "semicolon, encoded-slash",
	"/greedy": "encoded-slash,dot-segment",
	"/misspelt": "encoded_slash",
};

let mesh: Mesh;
const records: AuditRecord[] = [];
const judged: string[][] = [];

beforeAll(async () => {
	mesh = await startMesh({
		change: (config: EnvoyConfig) => {
			askOnce(config);
			for (const { filter_chains } of config.static_resources.listeners) {
				const manager = filter_chains[0].filters[0].typed_config;
				// Where a route is to have them, Envoy must leave them alone.
				manager.path_with_escaped_slashes_action = "KEEP_UNCHANGED";
				const { routes } = manager.route_config.virtual_hosts[0];
				for (const [prefix, kinds] of Object.entries(ROUTES)) {
					routes.unshift({
						match: { prefix },
						route: { cluster: "upstream" },
						typed_per_filter_config: {
							"envoy.filters.http.ext_authz": {
								"@type": PER_ROUTE,
								check_settings: { context_extensions: { "postern.allow_paths": kinds } },
							},
						},
					});
				}
			}
		},
	});
	const policy = fakePolicy((input) => {
		judged.push(JSON.parse(input.toString()).parsed_path);
		return { kind: "value", value: true };
	});
	const request = { ...STRICT.request, path_allowances: ["encoded-slash", "semicolon"] as const };
	const service = createCheckService(checkDeps(policy, { config: { ...STRICT, request } }, records));
	mesh.checkBy((bytes) => service.check(bytes, {}));
}, 60_000);
afterAll(async () => {
	await mesh.close();
}, 30_000);
beforeEach(() => {
	mesh.upstream.clear();
	records.length = 0;
	judged.length = 0;
});

async function outcome(path: string): Promise<string> {
	const { status } = await mesh.get(path);
	const [record] = records;
	const seen = mesh.upstream.seen.map((request) => request.path);
	if (record?.type !== "decision") throw new Error(`nobody asked about ${path}: ${status}`);
	expect([path, seen]).toEqual([path, record.reason === "allowed" ? [path] : []]);
	return record.reason;
}

describe("a route is allowed the kinds that it asks for and that the configuration lists", () => {
	test.each([
		["/objects/a%2fb", "allowed"],
		["/objects/a%2Fb%2fc", "allowed"],
		["/objects/plain", "allowed"],
		["/objects/a%2f..%2f..%2fadmin", "path_ambiguous"],
		["/objects/a%2f%2fb", "path_ambiguous"],
		["/objects/a;v=1", "path_ambiguous"],
		["/objects/a%252fb", "path_ambiguous"],
		["/objects/a%2f%c0%ae%c0%ae%2fb", "path_ambiguous"],
		["/matrix/a%2fb;v=1", "allowed"],
		["/matrix/%2e%2e;/admin", "path_ambiguous"],
		["/matrix/a;v=1%2f..%2fb", "path_ambiguous"],
		["/other/a%2fb", "path_ambiguous"],
	])("%s: %s", async (path, reason) => {
		expect(await outcome(path)).toBe(reason);
	});

	test("and the policy sees the segments of the decoded path", async () => {
		await outcome("/objects/a%2fb");
		expect(judged.at(-1)).toEqual(["objects", "a", "b"]);
	});

	test.each(["/greedy/plain", "/misspelt/plain"])("%s, which asks for more, gets nothing", async (path) => {
		expect(await outcome(path)).toBe("allowance_invalid");
		expect((await mesh.get(path)).status).toBe(503);
	});
});
