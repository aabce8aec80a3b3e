import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readCheckRequest } from "../../src/envoy/ext-authz/check-request.ts";
import { writeInput } from "../../src/envoy/ext-authz/input.ts";
import { projectionOf } from "../../src/envoy/ext-authz/projection.ts";
import { readFacts } from "../../src/envoy/ext-authz/request-facts.ts";
import { createJsonOut } from "../../src/lib/json-out.ts";
import type { LoadedPolicy } from "../../src/policy/load.ts";
import { readBody } from "../../src/request/body.ts";
import { parsePath } from "../../src/request/path.ts";
import { corporaDir } from "../support/corpora.ts";
import { httpCheck, structOf } from "../support/ext-authz-messages.ts";
import { policyOf, type Sources } from "../support/policy.ts";

const H = "input.attributes.request.http";
const DATA = JSON.stringify({
	grants: [
		{ method: "GET", path: "a" },
		{ method: "PUT", path: "b" },
	],
	users: { "spiffe://a": { roles: ["x", "y"] }, ann: { roles: ["y"] } },
});

/** Rules that read in every way there is; each is a policy. */
const RULES: Readonly<Record<string, string>> = {
	"a field": `default allow := false\nallow if ${H}.method == "GET"`,
	presence: `allow := {"h": count([1 | ${H}.headers]), "t": count([1 | input.attributes.request.time]), "s": count([1 | input.attributes.source.principal])}`,
	absence: `default allow := "some"\nallow := "none" if not ${H}.headers["x-a"]`,
	"an empty header": `default allow := "no"\nallow := ${H}.headers["x-b"]`,
	"else chain": `allow := "a" if ${H}.headers["x-a"] == "1" else := ${H}.host if input.parsed_path[0] == "a" else := input.body_state`,
	"a rule's object": `h := ${H}\nallow := [h.method, h.path]`,
	"two values": `h := ${H}.headers if ${H}.method == "GET"\nh := ${H} if ${H}.scheme == "https"\ndefault allow := 1\nallow := 2 if h["x-a"] == "1"`,
	"two presences": `h := ${H} if ${H}.method == "GET"\nh := input.attributes.request if input.parsed_path[0] == "a"\ndefault allow := 1\nallow := 2 if h`,
	"a loop of values": `f(1) := ${H}\nf(2) := {}\nh := v if { some i in [1, 2]; v := f(i) }\ndefault allow := 1\nallow := 2 if h`,
	"partial object": `m[k] := v if { some k, v in ${H}.headers; startswith(k, "x-") }\nallow := m`,
	"partial set": `s contains x if { some x in input.parsed_path }\nallow := s`,
	functions: `f(x, y) := concat("-", [x.method, y]) if x.scheme == "https"\nelse := "none"\nallow := f(${H}, input.version.encoding)`,
	patterns: `f("GET", x) := x.host\nf("PUT", x) := x.path\nallow := f(${H}.method, ${H})`,
	comprehensions: `allow := {"a": [x | some x in input.headers_list], "b": {k: v | some k, v in input.parsed_query}, "c": {p | p := input.parsed_path[_]}}`,
	every: `default allow := false\nallow if { every k, v in input.parsed_query { startswith(v[0], k) } }`,
	grants: `default allow := false\nallow if { some g in data.grants; g.method == ${H}.method; g.path == input.parsed_path[0] }`,
	"by principal": `allow := data.users[input.source_principal].roles`,
	"dynamic header": `allow := ${H}.headers[concat("", ["x-", input.parsed_path[0]])]`,
	"dynamic key": `allow := {k: input[k] | some k in ["version", "parsed_path"]}`,
	walked: `allow := count([1 | walk(input.identity, _)])`,
	"walked whole": `allow := count([1 | walk(input, _)])`,
	"object.get": `allow := object.get(${H}, ["headers", "x-a"], "none")`,
	"object.get of everything": `allow := object.get(input, ["parsed_body", "a"], "none")`,
	"the whole": "allow := input",
	"a part": "allow := input.attributes.request",
	body: `default allow := "none"\nallow := input.parsed_body.a if not input.truncated_body`,
	time: `allow := {"now": time.now_ns(), "at": input.attributes.request.time.seconds}`,
	metadata: `allow := input.attributes.metadataContext.filterMetadata.ns`,
	peers: `allow := [input.attributes.source.address.socketAddress.portValue, input.attributes.destination.principal]`,
	with: `f := data.users.ann.roles\nallow := x if x := f with data.users.ann.roles as ${H}.headers`,
	"with input": `f := input.parsed_path\nallow := x if x := f with input.parsed_path as ["z"]`,
	membership: `default allow := false\nallow if { ${H}.method in {"GET", "HEAD"}; "a" in input.parsed_path }`,
	conflict: `allow := 1 if ${H}.method == "GET"\nallow := 2 if ${H}.headers["x-a"] == "1"`,
	"a rule by its name": `p["GET"] := ${H}.host if true\np["PUT"] := "put" if ${H}.headers["x-a"]\nallow := p[${H}.method]`,
	strings: `allow := sprintf("%v %v", [${H}.path, ${H}.headers["x-b"]])`,
};

const ENTRYPOINT = "envoy/authz/allow";
/** Builtins that the module's own compiler does not know are no matter here: such a policy is left out. */
async function built(sources: Sources): Promise<LoadedPolicy | undefined> {
	try {
		return await policyOf(sources, { entrypoints: [ENTRYPOINT] });
	} catch {
		return undefined;
	}
}

function sourcesOfCorpus(folder: string): Readonly<Record<string, Sources>> {
	const policies = JSON.parse(readFileSync(join(folder, "policies.json"), "utf8")) as readonly {
		readonly name: string;
		readonly files: readonly string[];
		readonly data?: string;
	}[];
	return Object.fromEntries(
		policies.map(({ name, files, data }) => [
			name,
			{
				...Object.fromEntries(
					files.map((file) => [basename(file), readFileSync(join(folder, file), "utf8")]),
				),
				...(data === undefined ? {} : { "data.json": readFileSync(join(folder, data), "utf8") }),
			},
		]),
	);
}

const clinic = join(import.meta.dirname, "../../rego/clinic");
const CLINIC: Sources = Object.fromEntries(
	readdirSync(clinic)
		.filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"))
		.map((name) => [name, readFileSync(join(clinic, name), "utf8")]),
);

const word = fc.constantFrom("", "a", "b", "1", "x", "ann", "admin", 'é"\\', "patients", "42");
const names = fc.constantFrom("x-a", "x-b", "x-c", "x-roles", "authorization", "content-length", "x-user");
const body = fc.constantFrom(
	{ type: "application/json", text: '{"a":[1,{"b":null}]}' },
	{ type: "application/json", text: "[]" },
	{ type: "application/x-www-form-urlencoded", text: "a=1&a=2&b=" },
	{ type: "text/plain", text: "a" },
	undefined,
);
const pairs = fc.array(fc.tuple(names, word), { maxLength: 6 });
const request = fc
	.record({
		method: fc.constantFrom("GET", "PUT", "HEAD", "POST"),
		segments: fc.array(fc.constantFrom("a", "b", "z", "%61", "admin", "patients", "42", "health"), {
			maxLength: 3,
		}),
		query: fc.constantFrom("", "?a=a1&b=b", "?a=x", "?=&a"),
		pairs,
		raw: fc.boolean(),
		body,
		principal: fc.constantFrom("", "spiffe://a", "spiffe://b"),
		metadata: fc.boolean(),
	})
	.map(({ method, segments, query, pairs: given, raw, body: sent, principal, metadata }) => {
		const typed: [string, string][] =
			sent === undefined ? [...given] : [...given, ["content-type", sent.type] as [string, string]];
		return httpCheck(
			{
				method,
				path: `/${segments.join("/")}${query}`,
				...(raw ? { raw: typed } : { headers: Object.fromEntries(typed) }),
				...(sent === undefined ? {} : { body: sent.text }),
			},
			{
				source: { principal, address: { socketAddress: { address: "10.1.2.3", portValue: 1234 } } },
				...(metadata ? { metadataContext: { filterMetadata: { ns: structOf({ a: [1, "b"] }) } } } : {}),
			},
		);
	});
const identity = fc.constantFrom(
	{ authenticated: false, method: "none" },
	{ authenticated: true, method: "jwt", id: "ann", roles: ["support", "admin"], claims: { a: { b: 1 } } },
);

describe("projected and full input", () => {
	const policies = new Map<string, LoadedPolicy>();
	const corpora = corporaDir();

	beforeAll(async () => {
		const header = `package envoy.authz\n\n`;
		const own = Object.entries(RULES).map(
			([name, rules]) => [name, { "policy.rego": header + rules, "data.json": DATA }] as const,
		);
		const corpus = corpora === undefined ? {} : sourcesOfCorpus(join(corpora, "ext-authz"));
		for (const [name, sources] of [...own, ["clinic", CLINIC] as const, ...Object.entries(corpus)]) {
			const policy = await built(sources);
			if (policy !== undefined) policies.set(name, policy);
		}
	}, 180_000);

	test("there are enough policies, and every one of ours is built", () => {
		expect([...Object.keys(RULES), "clinic"].filter((name) => !policies.has(name))).toEqual([]);
		expect(policies.size).toBeGreaterThanOrEqual(25);
		const projected = [...policies.values()].filter((policy) => !policy.reads(ENTRYPOINT).all);
		expect(projected.length).toBeGreaterThanOrEqual(25);
	});

	test("give the same evaluation", () => {
		const out = createJsonOut(1 << 20);
		fc.assert(
			fc.property(request, identity, fc.boolean(), (bytes, who, own) => {
				const view = readCheckRequest(bytes);
				const facts = readFacts(view);
				const path = parsePath(view.bytes, view.http?.path.start ?? 0, view.http?.path.end ?? 0);
				if (!path.ok) throw new Error(path.message);
				const span = view.http?.body ?? { start: 0, end: 0 };
				const parts = {
					view,
					segments: path.segments,
					query: path.query,
					body: readBody(
						{
							bytes: view.bytes,
							...span,
							headers: facts.headers,
							framed: true,
							raw: false,
							segments: path.segments,
						},
						{ maxDepth: 100, maxParts: 100, maxPartHeaderBytes: 1_000, lenient: !own },
					),
					own: own ? { identity: Buffer.from(JSON.stringify(who)) } : undefined,
				};
				const full = Buffer.from(writeInput(out, parts));
				for (const [name, policy] of policies) {
					const projection = projectionOf(policy.reads(ENTRYPOINT));
					if (projection.whole) continue;
					const projected = writeInput(out, parts, projection);
					expect(projected.length).toBeLessThanOrEqual(full.length);
					const now = 1_772_368_496_789;
					expect([name, policy.evaluate(ENTRYPOINT, projected, now)]).toEqual([
						name,
						policy.evaluate(ENTRYPOINT, full, now),
					]);
				}
			}),
			{ numRuns: 150 },
		);
	}, 120_000);

	afterAll(() => {
		if (corpora === undefined) console.warn("SKIPPED: the policies of the ext-authz corpus");
	});
});
