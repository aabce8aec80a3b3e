import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DecisionRules, readDecision } from "../../../src/decision/read-decision.ts";
import { REASONS } from "../../../src/decision/reasons.ts";
import type { Allow, Deny } from "../../../src/decision/types.ts";
import { readDirective } from "../../../src/fields/directive.ts";
import { DECISION_RULES } from "../../../src/fields/directive-rules.ts";
import type { JsonValue } from "../../../src/lib/json-value.ts";

const STRICT: DecisionRules = {
	compat: false,
	extensions: true,
	readDirective: (value) => readDirective(value, DECISION_RULES),
	hash: true,
	request: true,
};
const COMPAT: DecisionRules = { ...STRICT, compat: true, extensions: false };
const EXTENDED: DecisionRules = { ...STRICT, compat: true, extensions: true };

const read = (value: unknown, rules = STRICT) => readDecision(value as JsonValue, rules).decision;
const allow = (value: Record<string, unknown>, rules = STRICT): Allow => {
	const decision = read({ allowed: true, ...value }, rules);
	if (decision.kind !== "allow") throw new Error(`denied: ${decision.reason} ${decision.detail}`);
	return decision;
};
const reasonOf = (value: unknown, rules = STRICT): string => {
	const decision = read(value, rules);
	return decision.kind === "allow" ? "allowed" : decision.reason;
};

describe("the verdict", () => {
	test("a boolean is a verdict, an object needs allowed", () => {
		expect(read(true)).toMatchObject({ kind: "allow", plain: true });
		expect(read(false)).toMatchObject({ kind: "deny", plain: true, reason: "policy_denied", status: 403 });
		expect(read({ allowed: false })).toMatchObject({ kind: "deny", reason: "policy_denied", status: 403 });
		expect(allow({}).plain).toBeUndefined();
	});
	test.each([
		null,
		1,
		"true",
		[],
		[true],
		{},
		{ allowed: "true" },
		{ allowed: null },
		{ allowed: 1 },
		{ allowed: [true] },
	])("%j is no decision, in either profile", (value) => {
		expect(reasonOf(value)).toBe("decision_type");
		expect(reasonOf(value, COMPAT)).toBe("decision_type");
	});
});

describe("unknown keys", () => {
	test("are refused, and named to the operator", () => {
		expect(read({ allowed: true, alowed: 1 })).toMatchObject({
			reason: "unknown_key",
			detail: expect.stringContaining("alowed"),
		});
		expect(reasonOf({ Allowed: true, allowed: true })).toBe("unknown_key");
	});
	test("are passed over and counted in the compatibility profile, ours among them", () => {
		const result = readDecision({ allowed: true, foo: 1, response: 5, limits: [] }, COMPAT);
		expect(result.decision.kind).toBe("allow");
		expect(result.ignored).toEqual(["foo", "response", "limits"]);
		expect((result.decision as Allow).response).toBeUndefined();
	});
	test.each(["respons", "reponse", "rule", "Reason", "limit", "secretz", "requests"])(
		"with extensions, %s beside ours is no oversight to pass over",
		(key) => {
			expect(reasonOf({ allowed: true, [key]: [] }, EXTENDED)).toBe("unknown_key");
		},
	);
	test("with extensions, what is far from ours is passed over", () => {
		expect(reasonOf({ allowed: true, banana: 1 }, EXTENDED)).toBe("allowed");
	});
});

describe("keys that are not carried out", () => {
	test.each(["limits", "secrets"])("%s is never ignored", (key) => {
		expect(reasonOf({ allowed: true, [key]: [] })).toBe("decision_unsupported");
		expect(reasonOf({ allowed: true, [key]: {} }, EXTENDED)).toBe("decision_unsupported");
	});
	test("request is refused where Envoy sends no request bodies", () => {
		const rules = { ...STRICT, request: false };
		expect(read({ allowed: true, request: { release: ["$.a"] } }, rules)).toMatchObject({
			reason: "decision_unsupported",
			detail: "request needs fields.request: true",
		});
		expect(reasonOf({ allowed: false, request: { release: ["$.a"] } }, rules)).toBe("decision_unsupported");
	});
	test("a directive that asks for detectors is not released without them", () => {
		expect(reasonOf({ allowed: true, response: { release: ["$"], detect: ["email"] } })).toBe(
			"decision_unsupported",
		);
	});
});

describe("request headers", () => {
	test("repeats become one value, cookies with their own separator, names lower case", () => {
		expect(allow({ headers: { "X-A": ["1", "2"], Cookie: ["a=1", "b=2"] } }).headers).toEqual([
			{ name: "x-a", value: "1,2" },
			{ name: "cookie", value: "a=1; b=2" },
		]);
		expect(allow({ headers: [{ "x-a": "1" }, { "X-A": "2" }] }).headers).toEqual([
			{ name: "x-a", value: "1,2" },
		]);
	});
	test.each([
		":path",
		":authority",
		"host",
		"content-length",
		"transfer-encoding",
		"connection",
		"te",
		"upgrade",
		"keep-alive",
		"a b",
		"a:b",
		"",
		"é",
		"a\nb",
	])("%j may not be set", (name) => {
		expect(reasonOf({ allowed: true, headers: { [name]: "v" } })).toBe("header_invalid");
	});
	test.each(["a\r\nb: c", "a\n", "\0"])(
		"a value with CR, LF or NUL is refused in every profile: %j",
		(value) => {
			for (const rules of [STRICT, COMPAT]) {
				expect(reasonOf({ allowed: true, headers: { "x-a": value } }, rules)).toBe("header_invalid");
				expect(reasonOf({ allowed: true, response_headers_to_add: { "x-a": value } }, rules)).toBe(
					"header_invalid",
				);
				expect(reasonOf({ allowed: false, headers: { "x-a": [value] } }, rules)).toBe("header_invalid");
			}
		},
	);
	test.each([
		null,
		"x",
		1,
		["x"],
		[null],
		[["x"]],
		{ "x-a": 1 },
		{ "x-a": null },
		{ "x-a": [1] },
		{ "x-a": [["b"]] },
	])("%j are no headers", (headers) => {
		expect(reasonOf({ allowed: true, headers })).toBe("decision_type");
		expect(reasonOf({ allowed: false, headers }, COMPAT)).toBe("decision_type");
	});
	test("no name is both set and removed", () => {
		expect(reasonOf({ allowed: true, headers: { "x-a": "1" }, request_headers_to_remove: ["X-A"] })).toBe(
			"header_invalid",
		);
	});
	test("60 changes and 32 KiB are the most", () => {
		const many = (count: number) =>
			Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "v"]));
		expect(reasonOf({ allowed: true, headers: many(60) })).toBe("allowed");
		expect(reasonOf({ allowed: true, headers: many(61) })).toBe("header_invalid");
		expect(reasonOf({ allowed: true, headers: { "x-a": "v".repeat(32 * 1024) } })).toBe("header_invalid");
	});
	test("the compatibility profile sends what the peer sends", () => {
		const { headers } = allow(
			{ headers: { "X-UPPER": "v", ":path": "/other", host: "h", "x-a": ["1", "2"] } },
			COMPAT,
		);
		expect(headers.map(({ name, value }) => `${name}=${value}`)).toEqual([
			"X-UPPER=v",
			":path=/other",
			"host=h",
			"x-a=1",
			"x-a=2",
		]);
		expect(reasonOf({ allowed: true, response_headers_to_add: { ":status": "418" } }, COMPAT)).toBe(
			"header_invalid",
		);
		expect(reasonOf({ allowed: true, headers: { "content-length": "1" } }, COMPAT)).toBe("header_invalid");
	});
});

describe("response headers", () => {
	test("only set-cookie is repeated", () => {
		const { responseHeaders } = allow({
			response_headers_to_add: { "Set-Cookie": ["a=1", "b=2"], vary: ["a", "b"] },
		});
		expect(responseHeaders).toEqual([
			{ name: "vary", value: "a,b" },
			{ name: "set-cookie", value: "a=1" },
			{ name: "set-cookie", value: "b=2" },
		]);
	});
});

describe("denials", () => {
	const deny = (value: Record<string, unknown>, rules = STRICT) =>
		read({ allowed: false, ...value }, rules) as Deny;
	test.each([300, 302, 401, 404, 429, 500, 599])("status %d is one of a denial", (status) => {
		expect(deny({ http_status: status })).toMatchObject({ reason: "policy_denied", status });
	});
	test.each([0, 100, 200, 204, 299, 304, 600, 999, -403, 403.5, Number.POSITIVE_INFINITY])(
		"status %d is none",
		(status) => {
			expect(deny({ http_status: status })).toMatchObject({ reason: "status_invalid", status: 503 });
		},
	);
	test("a status that is no number is a wrong type", () => {
		expect(deny({ http_status: "403" }).reason).toBe("decision_type");
		expect(deny({ http_status: null }).reason).toBe("decision_type");
	});
	test("the compatibility profile takes the peer's statuses, but never an interim one", () => {
		expect(deny({ http_status: 202 }, COMPAT).status).toBe(202);
		for (const status of [100, 101, 299, 418, 499, 512]) {
			expect(deny({ http_status: status }, COMPAT).reason).toBe("status_invalid");
		}
	});
	test.each([{ a: 1 }, 1, null, ["x"], true])("a body of %j is refused", (body) => {
		expect(deny({ body }).reason).toBe("decision_type");
	});
});

describe("what belongs to the other verdict", () => {
	test("is read all the same: a mistake shows before it counts", () => {
		expect(reasonOf({ allowed: true, http_status: "x" })).toBe("decision_type");
		expect(reasonOf({ allowed: false, request_headers_to_remove: [""] })).toBe("header_invalid");
	});
	test("is not looked at in the compatibility profile", () => {
		expect(reasonOf({ allowed: true, body: 1, http_status: "x" }, COMPAT)).toBe("allowed");
		expect(reasonOf({ allowed: false, query_parameters_to_set: 1 }, COMPAT)).toBe("policy_denied");
	});
});

describe("query parameters", () => {
	test("names and values are URL-encoded", () => {
		const { setQuery } = allow({ query_parameters_to_set: { "a b": ["x y&z", "\r\n"], é: "\ud800" } });
		expect(setQuery).toEqual([
			{ key: "a%20b", value: "x%20y%26z" },
			{ key: "a%20b", value: "%0D%0A" },
			{ key: "%C3%A9", value: "%EF%BF%BD" },
		]);
	});
	test("the compatibility profile sends them as written, control characters apart", () => {
		const { setQuery } = allow({ query_parameters_to_set: { b: ["x y&z", "a\r\n\0b"] } }, COMPAT);
		expect(setQuery.map(({ value }) => value)).toEqual(["x y&z", "a%0D%0A%00b"]);
	});
	test.each([1, ["a"], { a: null }, { a: [1] }])("%j are no parameters to set", (value) => {
		expect(reasonOf({ allowed: true, query_parameters_to_set: value })).toBe("decision_type");
	});
	test.each([1, { a: 1 }, [1], null])("%j are no parameters to remove", (value) => {
		expect(reasonOf({ allowed: true, query_parameters_to_remove: value })).toBe("decision_type");
	});
});

describe("metadata", () => {
	test.each(["postern", "fields", "directive"])(
		"%s is reserved in every profile, on allow and on deny",
		(key) => {
			for (const rules of [STRICT, COMPAT, EXTENDED]) {
				for (const allowed of [true, false]) {
					expect(reasonOf({ allowed, dynamic_metadata: { [key]: "1" } }, rules)).toBe("metadata_reserved");
				}
			}
		},
	);
	test("numbers that no double holds are refused", () => {
		expect(reasonOf({ allowed: true, dynamic_metadata: { a: [{ b: Number.POSITIVE_INFINITY }] } })).toBe(
			"decision_value",
		);
	});
	test("anything but an object is a wrong type", () => {
		for (const value of [null, 1, [], "x"])
			expect(reasonOf({ allowed: true, dynamic_metadata: value })).toBe("decision_type");
	});
});

describe("notes for the record", () => {
	test("reason, rules and obligations are kept", () => {
		const decision = allow({ reason: "by_role", rules: ["a.b", "c-1"], obligations: { ticket: 5 } });
		expect(decision.notes).toEqual({ reason: "by_role", rules: ["a.b", "c-1"], obligations: { ticket: 5 } });
	});
	test.each([
		[{ reason: "Not A Code" }, "decision_value"],
		[{ reason: "x".repeat(65) }, "decision_value"],
		[{ reason: 1 }, "decision_type"],
		[{ rules: "a" }, "decision_type"],
		[{ rules: [1] }, "decision_type"],
		[{ rules: ["ann@example.com"] }, "decision_value"],
		[{ rules: Array(65).fill("a") }, "decision_value"],
		[{ obligations: [] }, "decision_type"],
	])("%j is refused", (value, reason) => {
		expect(reasonOf({ allowed: true, ...value })).toBe(reason);
	});
});

describe("directives", () => {
	const hashing = { mask: [{ select: "$.a", as: "hash" }] };
	test("one for the request is read like one for the answer, and has to be closed", () => {
		const decision = allow({ response: {}, request: { release: ["$.a"], withhold: ["$.b"] } });
		expect(decision.request?.text).toBe('{"release":["$.a"],"withhold":["$.b"]}');
		expect(decision.response?.text).toBe("{}");
		expect(read({ allowed: true, request: { withhold: ["$.b"] } })).toMatchObject({
			reason: "directive_invalid",
			detail: "request: release is required",
		});
		expect(reasonOf({ allowed: false, request: {} })).toBe("directive_invalid");
		expect(reasonOf({ allowed: true, request: { release: [], stream: true } })).toBe("directive_invalid");
		expect(reasonOf({ allowed: true, request: { release: [], detect: ["pan"] } })).toBe(
			"decision_unsupported",
		);
		const hashed = { release: [], ...hashing };
		expect(reasonOf({ allowed: true, request: hashed }, { ...STRICT, hash: false })).toBe("hash_unavailable");
		expect(reasonOf({ allowed: true, request: 1 }, EXTENDED)).toBe("directive_invalid");
		expect(readDecision({ allowed: true, request: 1 }, COMPAT).ignored).toEqual(["request"]);
	});
	test("an allow carries it; a denial that has a bad one says so", () => {
		expect(allow({ response: { release: ["$.a"] } }).response?.text).toBe('{"release":["$.a"]}');
		expect(allow({ response: {} }).response).toBeDefined();
		expect(reasonOf({ allowed: false, response: { relase: [] } })).toBe("directive_invalid");
	});
	test.each([
		null,
		[],
		"x",
		{ release: ["$[?@.a]"] },
		{ unknown: 1 },
		{ mask: [{ select: "$.a", as: "rot13" }] },
	])("%j is refused", (response) => {
		expect(reasonOf({ allowed: true, response })).toBe("directive_invalid");
	});
	test("over 256 selectors or 16 KiB is too large", () => {
		const release = Array.from({ length: 257 }, (_, index) => `$.a${index}`);
		expect(reasonOf({ allowed: true, response: { release } })).toBe("directive_too_large");
		expect(reasonOf({ allowed: true, response: { release: [`$.${"a".repeat(17_000)}`] } })).toBe(
			"directive_too_large",
		);
	});
	test("a hash without a key is refused, not left out", () => {
		expect(reasonOf({ allowed: true, response: hashing }, { ...STRICT, hash: false })).toBe(
			"hash_unavailable",
		);
		expect(allow({ response: hashing }).response).toBeDefined();
	});
});

test("whatever a policy answers, what comes out is a decision, and an allow only where it said so", () => {
	const keys = fc.constantFrom(
		"allowed",
		"headers",
		"http_status",
		"body",
		"dynamic_metadata",
		"response",
		"request",
		"rules",
		"reason",
		"x",
	);
	const values = fc.oneof(fc.jsonValue(), fc.boolean(), fc.constantFrom({}, { "x-a": ["1"] }, 403, "text"));
	fc.assert(
		fc.property(
			fc.dictionary(keys, values as fc.Arbitrary<unknown>),
			fc.constantFrom(STRICT, COMPAT, EXTENDED),
			(value, rules) => {
				const decision = read(value, rules);
				if (decision.kind === "allow") expect(value["allowed"]).toBe(true);
				else expect(Object.keys(REASONS)).toContain(decision.reason);
			},
		),
		{ numRuns: 2000 },
	);
});
