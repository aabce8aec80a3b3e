import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { DEFAULT_POLICY_LIMITS } from "../../src/policy/limits.ts";
import { type LoadedPolicy, loadPolicy } from "../../src/policy/load.ts";
import { checkDeps, STRICT } from "../support/check-deps.ts";
import { httpCheck } from "../support/ext-authz-messages.ts";
import { bundleOf, type Sources } from "../support/policy.ts";
import { times } from "../support/test-size.ts";

const H = "input.attributes.request.http";

/** Policies of the kinds that people write. */
const POLICIES: Readonly<Record<string, Sources>> = {
	"roles as a boolean": {
		"policy.rego": `package envoy.authz

default allow := false

allow if {
	some role in data.roles[${H}.headers["x-user"]]
	some grant in data.grants[role]
	grant.method == ${H}.method
	grant.path == input.parsed_path[0]
}
`,
		"data.json": JSON.stringify({
			roles: { ann: ["reader", "writer"], bob: ["reader"] },
			grants: { reader: [{ method: "GET", path: "a" }], writer: [{ method: "PUT", path: "a" }] },
		}),
	},
	"an object with headers, a directive and metadata": {
		"policy.rego": `package envoy.authz

allow := {
	"allowed": true,
	"headers": {"x-seen": input.parsed_path[0]},
	"dynamic_metadata": {"user": user, "query": input.parsed_query},
	"response": {"release": ["$.id"], "mask": [{"select": ["x", user], "as": "redact"}]},
	"obligations": {"user": user},
} if {
	user != "eve"
}

allow := {"allowed": false, "http_status": 404, "body": user} if user == "eve"

user := ${H}.headers["x-user"]
`,
	},
	"what is absent": {
		"policy.rego": `package envoy.authz

allow := true if not ${H}.headers["x-user"]

allow := {"allowed": false, "reason": "a_body"} if input.parsed_body.a == "a"
`,
	},
	"the clock": {
		"policy.rego": `package envoy.authz

allow := {"allowed": true, "headers": {"x-now": format_int(time.now_ns(), 10)}} if ${H}.method == "GET"
`,
	},
	"two answers": {
		"policy.rego": `package envoy.authz

allow := true if ${H}.method == "GET"

allow := false if ${H}.headers["x-user"] == "ann"
`,
	},
};

const word = fc.constantFrom("a", "b", "ann", "bob", "eve", "GET", "1", "é", "");
const request = fc
	.record({
		method: fc.constantFrom("GET", "PUT", "HEAD"),
		path: fc.tuple(fc.constantFrom("a", "b", "admin"), fc.constantFrom("", "?x=a", "?x=a&x=b")),
		user: fc.option(word, { nil: undefined }),
		noise: word,
		body: fc.constantFrom("", '{"a": "a"}', '{"a": 1}'),
	})
	.map(({ method, path, user, noise, body }) =>
		httpCheck({
			method,
			path: `/${path.join("")}`,
			headers: {
				"x-noise": noise,
				...(user === undefined ? {} : { "x-user": user }),
				...(body === "" ? {} : { "content-type": "application/json" }),
			},
			body,
		}),
	);

const CLOCK = { ...systemClock, now: () => 1_700_000_000_000 };
const PROJECTIONS = ["on", "off", "shadow"] as const;

function answers(
	policy: LoadedPolicy,
	projection: (typeof PROJECTIONS)[number],
	requests: readonly Uint8Array[],
) {
	const { check } = createCheckService(
		checkDeps(policy, {
			config: { ...STRICT, policy: { ...STRICT.policy, projection } },
			clock: CLOCK,
			newId: () => "00000000-0000-4000-8000-000000000000",
		}),
	);
	return requests.map((bytes) => (check(bytes, {}) as Buffer).toString("latin1"));
}

describe("every way of asking a policy gives the same answer, byte for byte", () => {
	test.each(Object.entries(POLICIES))(
		"%s",
		async (name, sources) => {
			const { bytes } = await bundleOf(sources);
			// More than are proved both ways, so that answers come from what is remembered.
			const requests = fc.sample(request, { numRuns: times(2_000, 20_000), seed: 7 });
			const load = (memo: "on" | "off") => loadPolicy(bytes, { ...DEFAULT_POLICY_LIMITS, memo }, CLOCK);
			const plain = answers(await load("off"), "off", requests);
			for (const memo of ["on", "off"] as const) {
				for (const projection of PROJECTIONS) {
					const policy = await load(memo);
					const given = answers(policy, projection, requests);
					const different = given.findIndex((answer, i) => answer !== plain[i]);
					expect({ memo, projection, different }).toEqual({ memo, projection, different: -1 });
					const remembers = memo === "on" && projection === "on" && name !== "the clock";
					expect({ memo, projection, hits: policy.memo().hits > 0 }).toEqual({
						memo,
						projection,
						hits: remembers,
					});
				}
			}
		},
		600_000,
	);
});
