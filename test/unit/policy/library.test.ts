import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LIBRARY_PATH } from "../../../src/policy/bundle/library.ts";
import type { InputReads } from "../../../src/policy/types.ts";
import { bundleOf, inputOf, policyOf } from "../../support/policy.ts";
import { ROOT } from "../../support/source-tree.ts";

const ENTRYPOINT = "envoy/authz/allow";
const MATCHES = `package envoy.authz

import data.postern.lib.paths

allow if paths.match("/people/{id}", input.parsed_path).id == "7"
`;

const decide = async (sources: Parameters<typeof policyOf>[0], input: unknown) =>
	(await policyOf(sources)).evaluate(ENTRYPOINT, inputOf(input));

describe("the policy library in a build", () => {
	test("is there for a policy that imports from it", async () => {
		expect(await decide(MATCHES, { parsed_path: ["people", "7"] })).toEqual({ kind: "value", value: true });
		expect(await decide(MATCHES, { parsed_path: ["people", "8"] })).toEqual({ kind: "undefined" });
	});

	test.each([
		["by its whole name", 'allow if data.postern.lib.paths.under("/a", input.parsed_path)'],
		[
			"by a part of its name",
			'import data.postern\nallow if postern.lib.paths.under("/a", input.parsed_path)',
		],
		["under another name", 'import data.postern.lib.paths as p\nallow if p.under("/a", input.parsed_path)'],
	])("is found %s", async (_how, rules) => {
		const found = await decide(`package envoy.authz\n${rules}`, { parsed_path: ["a", "b"] });
		expect(found).toEqual({ kind: "value", value: true });
	});

	test("is not there for one that does not", async () => {
		const allow = "package envoy.authz\n\nallow := true\n";
		const mentions = `${allow}\n# data.postern.lib is not used\n`;
		const [without, mentioned] = await Promise.all([bundleOf(allow), bundleOf(mentions)]);
		expect(without.bytes.length).toBeLessThan(mentioned.bytes.length + 200);
		await expect(bundleOf("package envoy.authz\n\nallow if data.other.lib.match(1)\n")).rejects.toThrow(
			"undefined function",
		);
	});

	test("leaves the place to a copy that the sources bring, package by package", async () => {
		const own = { "vendor/paths.rego": 'package postern.lib.paths\n\nmatch(_, _) := {"id": "7"}\n' };
		const roles = 'allow if data.postern.lib.roles.any(input.identity, {"a"})';
		const sources = { ...own, "policy.rego": `${MATCHES}\n${roles}\n` };
		expect(await decide(sources, { parsed_path: [] })).toEqual({ kind: "value", value: true });
		await expect(
			bundleOf({
				...own,
				"policy.rego": 'package envoy.authz\n\nallow if data.postern.lib.paths.under("/a", [])',
			}),
		).rejects.toThrow("undefined function");
	});

	test("has its own path in the compiler's messages", async () => {
		const wrong = "package envoy.authz\n\nimport data.postern.lib.paths\n\nallow if paths.match(1)\n";
		await expect(bundleOf(wrong)).rejects.toThrow(/policy\.rego:5: .*paths\.match/);
	});

	test("takes nothing into a module that is not called", async () => {
		const { bytes } = await bundleOf(MATCHES);
		const jwt = MATCHES.replace("paths", "jwt").replace(/allow if .*/, 'allow if jwt.verified("a.b.c", {})');
		expect((await policyOf(MATCHES)).reads(ENTRYPOINT).all).toBe(false);
		expect((await bundleOf(jwt)).bytes.equals(bytes)).toBe(false);
	});
});

describe("the library's own tests", () => {
	test("pass in Postern's engine as they do in OPA's", async () => {
		const folder = join(ROOT, "rego", "lib-tests");
		const files = await readdir(folder);
		const sources: Record<string, string> = {};
		const entrypoints: string[] = [];
		for (const file of files) {
			const text = await readFile(join(folder, file), "utf8");
			// Files that end in _test.rego are left out of a build.
			sources[file.replace("_test", "_cases")] = text;
			const name = basename(file, "_test.rego");
			for (const [, rule] of text.matchAll(/^(test_\w+) if/gm)) {
				entrypoints.push(`postern/lib/${name}_test/${rule}`);
			}
		}
		const policy = await policyOf(sources, { entrypoints });
		const outcomes = entrypoints.map((path) => [path, policy.evaluate(path, inputOf({}))]);
		expect(
			outcomes.filter(([, outcome]) => JSON.stringify(outcome) !== '{"kind":"value","value":true}'),
		).toEqual([]);
		expect(entrypoints.length).toBeGreaterThan(40);
	});

	test("are there for every file", async () => {
		const tests = await readdir(join(ROOT, "rego", "lib-tests"));
		const files = (await readdir(LIBRARY_PATH)).map((file) => file.replace(".rego", "_test.rego"));
		expect(tests.sort()).toEqual(files.sort());
	});
});

type Shown = "all" | { readonly [key: string]: Shown };

function show(reads: InputReads): Shown {
	if (reads.all) return "all";
	return Object.fromEntries([...reads.children].map(([key, child]) => [key, show(child)]));
}

describe("what a policy reads through the library", () => {
	const http = (inside: Shown): Shown => ({ attributes: { request: { http: inside } } });
	const cases: readonly (readonly [string, Shown])[] = [
		['paths.match("/people/{id}", input.parsed_path).id == "7"', { parsed_path: "all" }],
		['paths.match(["files", "{path...}"], input.parsed_path)', { parsed_path: "all" }],
		['paths.under("/public", input.parsed_path)', { parsed_path: "all" }],
		['roles.any(input.identity, {"support"})', { identity: { authenticated: {}, roles: "all" } }],
		['roles.all(input.identity, ["support"])', { identity: { authenticated: {}, roles: "all" } }],
		[
			'"x" in roles.granted(data.grants, roles.inherited(data.parents, roles.held(input.identity)))',
			{ identity: { authenticated: {}, roles: "all" } },
		],
		['scopes.has(input.identity.scopes, "orders.read")', { identity: { scopes: "all" } }],
		['scopes.all(input.identity.claims.scp, ["a"])', { identity: { claims: { scp: "all" } } }],
		['headers.one(input.headers_list, "x-team") == "a"', { headers_list: "all" }],
		[
			'headers.basic(input.attributes.request.http.headers.authorization).user == "ann"',
			http({ headers: { authorization: "all" } }),
		],
		[
			"jwt.verified(headers.bearer(input.attributes.request.http.headers.authorization), data.issuer)",
			http({ headers: { authorization: "all" } }),
		],
		[
			"times.within(times.of(input.attributes.request.time), data.office)",
			{ attributes: { request: { time: "all" } } },
		],
		[
			"fields.merge([data.fields[g] | some g in roles.held(input.identity)])",
			{ identity: { authenticated: {}, roles: "all" } },
		],
	];
	test("is what its functions look at", async () => {
		const names = ["paths", "roles", "scopes", "headers", "jwt", "times", "fields"];
		const imports = names.map((name) => `import data.postern.lib.${name}`);
		const rules = cases.map(([condition], at) => `case_${at} if ${condition}`);
		const entrypoints = cases.map((_, at) => `envoy/authz/case_${at}`);
		const policy = await policyOf(["package envoy.authz", ...imports, ...rules].join("\n\n"), {
			entrypoints,
		});
		const found = cases.map(([condition], at) => [condition, show(policy.reads(`envoy/authz/case_${at}`))]);
		expect(found).toEqual(cases);
	});
});
