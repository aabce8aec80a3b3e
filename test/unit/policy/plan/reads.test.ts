import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { unpack } from "../../../../src/policy/bundle/unpack.ts";
import { factsByEntrypoint } from "../../../../src/policy/plan/by-entrypoint.ts";
import { NOT_REPEATABLE } from "../../../../src/policy/plan/reads.ts";
import type { InputReads } from "../../../../src/policy/types.ts";
import { bundleOf, policyOf } from "../../../support/policy.ts";

type Shown = "all" | { readonly [key: string]: Shown };

function show(reads: InputReads): Shown {
	if (reads.all) return "all";
	return Object.fromEntries([...reads.children].map(([key, child]) => [key, show(child)]));
}

const ENTRYPOINT = "envoy/authz/allow";

async function readsOf(rules: string): Promise<Shown> {
	return show((await policyOf(`package envoy.authz\n\n${rules}`)).reads(ENTRYPOINT));
}

const H = "input.attributes.request.http";
const http = (inside: Shown): Shown => ({ attributes: { request: { http: inside } } });

describe("what a policy reads of the input", () => {
	const cases: readonly (readonly [string, string, Shown])[] = [
		["nothing", "allow := true", {}],
		["a field", `allow if ${H}.method == "GET"`, http({ method: "all" })],
		["a field's presence", `allow if ${H}.method`, http({ method: {} })],
		["the presence of an object", `allow if ${H}.headers`, http({ headers: {} })],
		["the absence of a field", `allow if not ${H}.headers["x-a"]`, http({ headers: { "x-a": {} } })],
		["one header", `allow if ${H}.headers["x-a"] == "1"`, http({ headers: { "x-a": "all" } })],
		[
			"a header whose name is a rule",
			`n := "x-a"\nallow if ${H}.headers[n] == "1"`,
			http({ headers: "all" }),
		],
		[
			"a header whose name is in the input",
			`allow if ${H}.headers[input.parsed_path[0]] == "1"`,
			{ parsed_path: "all", ...(http({ headers: "all" }) as object) },
		],
		["a key of data", "allow if data.k[input.source_principal].x", { source_principal: "all" }],
		["an index", `allow if input.parsed_path[0] == "a"`, { parsed_path: "all" }],
		["an iteration", `allow if { some k, v in ${H}.headers; v == k }`, http({ headers: "all" })],
		["every", `allow if { every k, v in input.parsed_query { v[0] == k } }`, { parsed_query: "all" }],
		[
			"a comprehension",
			`allow if count([x | x := input.headers_list[_][0]; x != "a"]) > 1`,
			{ headers_list: "all" },
		],
		["an object comprehension", `allow := {k: v | k := "a"; v := ${H}.host}`, http({ host: "all" })],
		["walk", `allow if walk(input.identity, [_, "x"])`, { identity: "all" }],
		["walk over everything", `allow if walk(input, [_, "x"])`, "all"],
		["a builtin over a field", `allow if startswith(${H}.path, "/a")`, http({ path: "all" })],
		["object.get of everything", `allow if object.get(input, ["version"], 1) == 2`, "all"],
		["the input in the result", `allow := {"allowed": true, "x": input}`, "all"],
		["a part in the result", `allow := {"allowed": true, "x": ${H}}`, http("all")],
		["a part in a set", `s contains ${H}.headers if true\nallow if count(s) > 0`, http({ headers: "all" })],
		["a dynamic key of the input", `allow if { some k in ["version"]; input[k] }`, "all"],
		["the input compared", `allow if input == {"a": 1}`, "all"],
		[
			"two parts compared",
			`allow if ${H}.host == input.identity.id`,
			{ identity: { id: "all" }, ...(http({ host: "all" }) as object) },
		],
		["a part of a rule's object", `h := ${H}\nallow if h.method == "GET"`, http({ method: "all" })],
		[
			"a rule with two values",
			`h := ${H} if ${H}.id == "1"\nh := input.identity if ${H}.id == "2"\nallow if h.method == "GET"`,
			{ identity: "all", ...(http("all") as object) },
		],
		["a function's argument", `f(x) := x.method\nallow if f(${H}) == "GET"`, http({ method: "all" })],
		[
			"a function of the input",
			`f(x) if x.version.encoding == "a"\nallow if f(input)`,
			{ version: { encoding: "all" } },
		],
		[
			"a function with patterns",
			`f("GET", _) if true\nf("PUT", x) if x.id == "1"\nallow if f(${H}.method, ${H})`,
			http({ method: "all", id: "all" }),
		],
		[
			"an else",
			`f(x) := "a" if x.method == "GET" else := x.host\nallow if f(${H}) == "b"`,
			http({ method: "all", host: "all" }),
		],
		[
			"partial rules",
			`m[k] := v if { k := ${H}.scheme; v := ${H}.headers }\nallow if m.https["x-a"] == "b"`,
			http({ scheme: "all", headers: "all" }),
		],
		[
			"a value of data",
			`g if { some g in data.grants; g.method == ${H}.method; g.path == input.parsed_path }\nallow if g`,
			{ parsed_path: "all", ...(http({ method: "all" }) as object) },
		],
		["the input replaced", `f if input.a == 1\nallow if { f with input as {"a": 1} }`, "all"],
		["a part of the input replaced", `f if input.a == 1\nallow if { f with input.a as 1 }`, "all"],
		["data replaced by a part", `f if data.x.y == 1\nallow if { f with data.x as ${H} }`, http("all")],
		[
			"a builtin replaced",
			`f if count([1]) == 2\ng(x) := x\nallow if { f with count as g\n ${H}.method == "GET" }`,
			http({ method: "all" }),
		],
		["time", `allow if time.now_ns() > ${H}.size`, http({ size: "all" })],
		["chance", `allow if rand.intn("a", 5) == to_number(${H}.size)`, "all"],
		["a UUID", `allow := {"allowed": true, "headers": {"x": uuid.rfc4122(${H}.id)}}`, "all"],
		["membership", `allow if ${H}.method in {"GET", "HEAD"}`, http({ method: "all" })],
		["a destructured part", `allow if { {"method": m} := ${H}; m == "GET" }`, http("all")],
		[
			"a rule called by its name",
			`p["a"] if ${H}.method == "GET"\np["b"] if ${H}.host == "h"\nallow if p[${H}.id]`,
			"all",
		],
	];
	test.each(cases)("%s", async (_, rules, wanted) => {
		const reads = await readsOf(rules);
		expect(reads).toEqual(wanted);
	});
	test("each entrypoint has its own", async () => {
		const policy = await policyOf(
			`package envoy.authz\nallow if ${H}.method == "GET"\nother if input.version.encoding == "x"`,
			{ entrypoints: [ENTRYPOINT, "envoy/authz/other", "envoy/authz/absent"] },
		);
		expect(show(policy.reads(ENTRYPOINT))).toEqual(http({ method: "all" }));
		expect(show(policy.reads("/envoy/authz/other/"))).toEqual({ version: { encoding: "all" } });
		expect(show(policy.reads("envoy/authz/absent"))).toBe("all");
		expect(show(policy.reads("envoy/authz/unknown"))).toBe("all");
	});
});

describe("a plan that says nothing for sure", () => {
	const strings = [{ value: "a" }, { value: "b" }];
	const INPUT = { type: "local", value: 0 };
	const dot = {
		type: "DotStmt",
		stmt: { source: INPUT, key: { type: "string_index", value: 0 }, target: 2 },
	};
	const planOf = (stmts: readonly unknown[], funcs: readonly unknown[] = []): unknown => ({
		static: { strings },
		plans: { plans: [{ name: ENTRYPOINT, blocks: [{ stmts }] }] },
		funcs: { funcs },
	});
	const reads = (plan: unknown): Shown => {
		const names = new Map([[ENTRYPOINT, ENTRYPOINT]]);
		const facts = factsByEntrypoint({ bound: true, plan: Buffer.from(JSON.stringify(plan)) }, names);
		return show(facts.get(ENTRYPOINT)?.reads as InputReads);
	};
	const call = (func: string, args: readonly unknown[]): unknown => ({
		type: "CallStmt",
		stmt: { func, args, result: 3 },
	});

	test("one that is read", () => {
		expect(reads(planOf([dot]))).toEqual({ a: {} });
	});
	test.each<[string, unknown]>([
		["null", null],
		["a list", []],
		["no strings", { plans: { plans: [] }, funcs: {} }],
		["no such entrypoint", { static: { strings }, plans: { plans: [] } }],
		[
			"an entrypoint twice",
			{ static: { strings }, plans: { plans: [1, 2].map(() => ({ name: ENTRYPOINT, blocks: [] })) } },
		],
		["blocks that are none", { static: { strings }, plans: { plans: [{ name: ENTRYPOINT, blocks: 1 }] } }],
		["an unknown statement", planOf([{ type: "PeekStmt", stmt: { source: INPUT } }])],
		["an unknown field", planOf([{ ...dot, stmt: { ...dot.stmt, default: 1 } }])],
		["an unknown operand", planOf([{ ...dot, stmt: { ...dot.stmt, key: { type: "number", value: 1 } } }])],
		[
			"a string that is not there",
			planOf([{ ...dot, stmt: { ...dot.stmt, key: { type: "string_index", value: 9 } } }]),
		],
		["a local that is no number", planOf([{ ...dot, stmt: { ...dot.stmt, target: "2" } }])],
		["a dynamic call", planOf([{ type: "CallDynamicStmt", stmt: { args: [0, 1], path: [], result: 3 } }])],
		[
			"other arguments than parameters",
			planOf([call("f", [])], [{ name: "f", params: [0, 1], return: 2, blocks: [] }]),
		],
		[
			"a function twice",
			planOf(
				[dot],
				[1, 2].map(() => ({ name: "f", params: [], return: 2, blocks: [] })),
			),
		],
		[
			"a function that calls itself",
			planOf(
				[call("f", [INPUT])],
				[
					{
						name: "f",
						params: [0],
						return: 2,
						blocks: [{ stmts: [dot, call("f", [{ type: "local", value: 2 }])] }],
					},
				],
			),
		],
	])("%s", (_, plan) => {
		expect(reads(plan)).toBe("all");
	});
	test("blocks in blocks without end", () => {
		let stmts: readonly unknown[] = [dot];
		for (let depth = 0; depth < 1_000; depth++) stmts = [{ type: "NotStmt", stmt: { block: { stmts } } }];
		expect(reads(planOf(stmts))).toBe("all");
	});
	test("keys below keys count as read whole at some depth", () => {
		const step = (from: number) => ({
			type: "DotStmt",
			stmt: {
				source: { type: "local", value: from },
				key: { type: "string_index", value: 0 },
				target: from + 10,
			},
		});
		const shown = JSON.stringify(reads(planOf(Array.from({ length: 30 }, (_, index) => step(index * 10)))));
		expect(shown).toMatch(/^(?:\{"a":){8}"all"\}{8}$/);
	});
	test("a local that is used again holds what it last got, and after a block what it may have got", () => {
		const local = (value: number) => ({ type: "local", value });
		const get = (index: number) => ({
			...dot,
			stmt: { ...dot.stmt, key: { type: "string_index", value: index } },
		});
		const look = { type: "LenStmt", stmt: { source: local(2), target: 3 } };
		const not = (...stmts: unknown[]) => ({ type: "NotStmt", stmt: { block: { stmts } } });
		const scan = (...stmts: unknown[]) => ({
			type: "ScanStmt",
			stmt: { source: 1, key: 7, value: 8, block: { stmts } },
		});
		expect(reads(planOf([get(0), get(1), look]))).toEqual({ a: {}, b: "all" });
		expect(reads(planOf([get(0), not(get(1), look)]))).toEqual({ a: {}, b: "all" });
		expect(reads(planOf([get(0), not(get(1)), look]))).toEqual({ a: "all", b: "all" });
		expect(reads(planOf([get(0), not(not(get(1))), look]))).toEqual({ a: "all", b: "all" });
		expect(reads(planOf([get(0), scan(look, get(1))]))).toEqual({ a: "all", b: "all" });
		expect(reads(planOf([get(0), scan(get(1), look)]))).toEqual({ a: {}, b: "all" });
		expect(reads(planOf([get(0), scan(not(look), not(get(1)))]))).toEqual({ a: "all", b: "all" });
	});
	test("a first value that is compared with a second, in a loop", () => {
		const once = (target: number) => ({
			type: "AssignVarOnceStmt",
			stmt: { source: { type: "local", value: 2 }, target },
		});
		expect(reads(planOf([dot, once(5)]))).toEqual({ a: {} });
		expect(reads(planOf([dot, once(5), once(5)]))).toEqual({ a: "all" });
		const scan = { type: "ScanStmt", stmt: { source: 1, key: 7, value: 8, block: { stmts: [once(5)] } } };
		expect(reads(planOf([dot, scan]))).toEqual({ a: "all" });
	});
	test("one that no manifest binds, or that is no JSON", async () => {
		const files = await unpack((await bundleOf("package envoy.authz\nallow := true")).bytes, 1 << 24);
		const plan = files.get("plan.json") as Buffer;
		const names = new Map([[ENTRYPOINT, ENTRYPOINT]]);
		const of = (bundle: { bound: boolean; plan?: Buffer }) =>
			show(factsByEntrypoint(bundle, names).get(ENTRYPOINT)?.reads as InputReads);
		expect(of({ bound: true, plan })).toEqual({});
		expect(of({ bound: false, plan })).toBe("all");
		expect(of({ bound: true })).toBe("all");
		expect(of({ bound: true, plan: plan.subarray(1) })).toBe("all");
	});
});

test("no builtin that answers anew each time is left out", () => {
	const { builtins } = JSON.parse(
		readFileSync(new URL("../../../../postern-capabilities.json", import.meta.url), "utf8"),
	) as { builtins: readonly { readonly name: string; readonly nondeterministic?: boolean }[] };
	const clock = ["time.now_ns", "io.jwt.decode_verify"];
	// OPA's may fetch what a schema refers to; ours fetch nothing.
	const schemas = ["json.match_schema", "json.verify_schema"];
	const repeatable = new Set([...clock, ...schemas]);
	const changing = builtins
		.filter(({ nondeterministic }) => nondeterministic === true)
		.map(({ name }) => name);
	expect(changing.filter((name) => !NOT_REPEATABLE.has(name) && !repeatable.has(name))).toEqual([]);
});
