import { describe, expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../../../src/audit/types.ts";
import { readHandoff } from "../../../../src/decision/handoff.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../../../../src/envoy/ext-authz/deps.ts";
import type { Credentials, Identity, IdentityOutcome } from "../../../../src/identity/types.ts";
import { PATH_KINDS, type PathKind } from "../../../../src/lib/path-kinds.ts";
import type { ActivePolicy, Evaluation } from "../../../../src/policy/types.ts";
import { COMPAT, checkDeps, fakePolicy, STRICT, silentMetrics } from "../../../support/check-deps.ts";
import {
	type CheckAnswer,
	checkRequestBytes,
	type HttpFields,
	headersOf,
	httpCheck,
	readAnswer,
	structOf,
} from "../../../support/ext-authz-messages.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { memoryLog } from "../../../support/quiet.ts";

const ALLOW: Evaluation = { kind: "value", value: true };
const ANN: Identity = { authenticated: true, method: "jwt", id: "ann", issuer: "https://idp.test" };
const known = (identity: Identity): IdentityOutcome => ({ ok: true, identity });

interface Seen {
	// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
	readonly input: any;
	readonly answer: CheckAnswer;
	readonly record: DecisionRecord;
	readonly evaluated: boolean;
}

async function run(
	bytes: Uint8Array,
	options: {
		evaluation?: Evaluation;
		deps?: Partial<CheckDeps>;
		policy?: ActivePolicy | null;
		deadlineMs?: number;
	} = {},
): Promise<Seen> {
	let input: unknown;
	const records: AuditRecord[] = [];
	const policy =
		options.policy === null
			? undefined
			: (options.policy ??
				fakePolicy((document) => {
					input = JSON.parse(document.toString());
					return options.evaluation ?? ALLOW;
				}));
	const { check } = createCheckService(checkDeps(policy, options.deps, records));
	// A transport reads the next request into the same bytes.
	const lent = Buffer.from(bytes);
	const answering = check(lent, options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs });
	lent.fill(0x5a);
	const answer = readAnswer(await answering);
	return { input, answer, record: records.at(-1) as DecisionRecord, evaluated: input !== undefined };
}

async function reasonFor(http: HttpFields, deps: Partial<CheckDeps> = {}): Promise<string> {
	const seen = await run(httpCheck(http), { deps });
	expect(seen.evaluated).toBe(seen.answer.status?.code === 0);
	return seen.record.reason;
}

const withRequest = (request: Partial<typeof STRICT.request>): Partial<CheckDeps> => ({
	config: { ...STRICT, request: { ...STRICT.request, ...request } },
});

const silentCounters = {
	checks: silentMetrics.checks,
	checkSeconds: silentMetrics.checkSeconds,
	ignoredKeys: silentMetrics.ignoredKeys,
	projectionMismatches: silentMetrics.projectionMismatches,
};

test("what is not looked at is denied by an answer with a hand-off, and with an id of its own", () => {
	const counted: unknown[] = [];
	const { deny } = createCheckService(
		checkDeps(
			fakePolicy(() => ALLOW),
			{ metrics: { ...silentCounters, checks: { inc: (labels) => counted.push(labels) } } },
		),
	);
	const answers = ["overload", "overload", "internal"].map((reason) =>
		readAnswer(deny(reason as "overload")),
	);
	for (const answer of answers) {
		expect(answer.deniedResponse?.status).toEqual({ code: 503 });
		expect(answer.metadata).toMatchObject({ postern: "1", fields: "some" });
		expect(readHandoff(String(answer.metadata["directive"]))).toMatchObject({ verdict: "deny", op: "" });
	}
	const ids = answers.map(({ metadata }) => metadata["decision_id"]);
	expect(new Set(ids).size).toBe(3);
	expect(ids).not.toContain(undefined);
	expect(counted).toEqual(
		["overload", "overload", "internal"].map((reason) => ({ verdict: "deny", reason })),
	);
});

test("a decision that comes again counts the keys it ignores again", () => {
	let ignored = 0;
	const again: Evaluation = { kind: "value", value: { allowed: true, surprise: 1 } };
	const { check } = createCheckService(
		checkDeps(
			fakePolicy(() => again),
			{
				config: COMPAT,
				metrics: {
					...silentCounters,
					ignoredKeys: {
						inc(_, by = 1) {
							ignored += by;
						},
					},
				},
			},
		),
	);
	for (let call = 1; call <= 3; call++) {
		check(httpCheck({}), {});
		expect(ignored).toBe(call);
	}
});
describe("an ordinary call", () => {
	test("is evaluated over the whole document, and answered with the hand-off", async () => {
		const { input, answer, record } = await run(
			httpCheck({ path: "/people/7?a=1", headers: { accept: "*/*" } }),
			{
				deps: { identify: () => known(ANN) },
			},
		);
		expect(input).toMatchObject({
			parsed_path: ["people", "7"],
			parsed_query: { a: ["1"] },
			parsed_body: null,
			truncated_body: false,
			body_state: "absent",
			identity: { id: "ann", method: "jwt" },
		});
		expect(input.headers_list).toContainEqual(["accept", "*/*"]);
		expect(answer.status?.code).toBe(0);
		expect(headersOf(answer.okResponse?.headers)).toEqual({
			"x-postern-id": "ann",
			"x-postern-issuer": "https://idp.test",
		});
		expect(answer.metadata).toMatchObject({ postern: "1", fields: "all", decision_id: record.decision_id });
		expect(readHandoff(String(answer.metadata["directive"]))).toEqual({
			v: 1,
			verdict: "allow",
			op: "GET api.test /people/7",
			consumer: "3:jwt16:https://idp.test3:ann",
			rev: "rev-1",
			digests: {},
		});
	});
	test("leaves a record without a query, a header or a body", async () => {
		const bytes = httpCheck({
			method: "POST",
			path: "/people/7?token=s3cr3t",
			headers: { authorization: "Bearer t0k3n", "content-type": "application/json" },
			body: '{"pan":"4111"}',
		});
		const { record } = await run(bytes, { deps: { identify: () => known(ANN) } });
		expect(record).toMatchObject({
			type: "decision",
			source: { address: "10.1.2.3:41234" },
			destination: { address: "10.9.8.7:8443" },
			caller: { authenticated: true, method: "jwt", id: "ann", issuer: "https://idp.test" },
			operation: { method: "POST", host: "api.test", path: "/people/7" },
			verdict: "allow",
			reason: "allowed",
			policy: { revision: "rev-1", serial: 1 },
			released: "whole",
		});
		expect(JSON.stringify(record)).not.toMatch(/s3cr3t|t0k3n|4111/);
	});
	test("names its own destination, however often another came before", async () => {
		const socketAddress = (address: string) => ({ address: { socketAddress: { address, portValue: 80 } } });
		const peers = [
			socketAddress("10.0.0.1"),
			{ ...socketAddress("10.0.0.1"), principal: "spiffe://a" },
			{ ...socketAddress("10.0.0.1"), principal: "spiffe://b" },
			undefined,
		];
		for (const at of [0, 1, 1, 2, 2, 3, 1, 0, 0]) {
			const destination = peers[at];
			const { record } = await run(httpCheck({}, { destination }));
			expect(record.destination).toEqual(
				destination === undefined
					? {}
					: {
							address: "10.0.0.1:80",
							...("principal" in destination ? { principal: destination.principal } : {}),
						},
			);
		}
	});
	test("under a directive hands it on, with the key that hashes need", async () => {
		const response = { mask: [{ select: "$.a", as: "hash" }] };
		const { answer, record } = await run(httpCheck(), {
			evaluation: { kind: "value", value: { allowed: true, response, rules: ["r1"], reason: "by_role" } },
			deps: { hashKeyId: "k1" },
		});
		expect(answer.metadata["fields"]).toBe("some");
		const handoff = readHandoff(String(answer.metadata["directive"]));
		expect(handoff).toMatchObject({ verdict: "allow", consumer: "", digests: { hash_key: "k1" }, response });
		expect(record).toMatchObject({ released: "fields", rules: ["r1"], policy_reason: "by_role" });
		expect(headersOf(answer.okResponse?.headers)["accept-encoding"]).toBe("identity");
	});
});

describe("a directive for the request alone", () => {
	const value = { allowed: true, request: { release: ["$.a"], mask: [{ select: "$.b", as: "hash" }] } };
	test("is handed on: ext_proc is not left out, and the answer's headers stay the caller's", async () => {
		const { answer, record } = await run(httpCheck({ method: "PATCH" }), {
			evaluation: { kind: "value", value },
			deps: { hashKeyId: "k1" },
		});
		expect(answer.metadata["fields"]).toBe("some");
		const handoff = readHandoff(String(answer.metadata["directive"]));
		expect(handoff).toMatchObject({ digests: { hash_key: "k1" }, request: value.request });
		expect(handoff?.response).toBeUndefined();
		expect(record.released).toBe("fields");
		expect(headersOf(answer.okResponse?.headers)["accept-encoding"]).toBeUndefined();
	});
	test("is denied where Envoy sends no request bodies", async () => {
		const config = { ...STRICT, fields: { ...STRICT.fields, request: false } };
		const seen = await run(httpCheck(), { evaluation: { kind: "value", value }, deps: { config } });
		expect(seen.record.reason).toBe("decision_unsupported");
	});
});

describe("what follows the headers is no body of HTTP", () => {
	const tunnels: HttpFields[] = [
		{ method: "CONNECT", path: "" },
		{ method: "Connect" },
		{ headers: { upgrade: "websocket", connection: "upgrade" } },
		{ raw: [["upgrade", "anything"]] },
		{ method: "CONNECT", headers: { ":protocol": "websocket" } },
		{ raw: [[":protocol", "connect-udp"]] },
	];
	const decided = async (http: HttpFields, value: unknown, config = STRICT) =>
		(await run(httpCheck(http), { evaluation: { kind: "value", value } as Evaluation, deps: { config } }))
			.record;
	test.each(tunnels)("under a directive %j is refused", async (http) => {
		for (const key of ["response", "request"])
			expect(await decided(http, { allowed: true, [key]: { release: [] } })).toMatchObject({
				verdict: "deny",
				reason: "unmaskable_protocol",
				status: 403,
			});
	});
	test("without a directive, or without ext_proc, it is the policy's to allow", async () => {
		for (const http of tunnels) {
			expect((await decided(http, { allowed: true })).reason).toBe("allowed");
			expect((await decided(http, false)).reason).toBe("policy_denied");
			const bare = { ...STRICT, fields: { ...STRICT.fields, enabled: false } };
			expect((await decided(http, { allowed: true, response: {} }, bare)).reason).toBe("allowed");
		}
	});
});

describe("refused before the policy runs", () => {
	test("TRACE, however it is written", async () => {
		expect(await reasonFor({ method: "TRACE" })).toBe("method_refused");
		expect(await reasonFor({ method: "Trace" }, { config: COMPAT })).toBe("method_refused");
	});
	test("what was redirected inside Envoy, or decided already", async () => {
		expect(await reasonFor({ headers: { "x-envoy-original-url": "http://x/" } })).toBe("redirected");
		const metadataContext = {
			filterMetadata: { "envoy.filters.http.ext_authz": structOf({ postern: "1" }) },
		};
		const { record } = await run(httpCheck({}, { metadataContext }));
		expect(record.reason).toBe("handoff_conflict");
		// Two writers: allowing redirects does not let the second overwrite what the first one masks.
		const allowed = await run(httpCheck({}, { metadataContext }), {
			deps: withRequest({ redirected: "allow" }),
		});
		expect(allowed.record.reason).toBe("handoff_conflict");
		const other = { filterMetadata: { "envoy.filters.http.ext_authz": structOf({ ext_authz_duration: 1 }) } };
		expect((await run(httpCheck({}, { metadataContext: other }))).record.reason).toBe("allowed");
		expect(
			await reasonFor({ headers: { "x-envoy-original-url": "x" } }, withRequest({ redirected: "allow" })),
		).toBe("allowed");
	});
	test.each(["/a%2fb", "//a", "/a/../b", "/a;b", "/a%00"])("the ambiguous path %s", async (path) => {
		expect(await reasonFor({ path })).toBe("path_ambiguous");
		expect(await reasonFor({ path }, withRequest({ ambiguous_paths: "allow" }))).toBe("allowed");
	});
	test("every kind of ambiguous path, in every profile", async () => {
		const paths = [
			...[
				"/a%2fb",
				"/a%5cb",
				"/a\\b",
				"/a%00b",
				"/a/../b",
				"/a/./b",
				"/a/%2e%2e/b",
				"/a/%2E./b",
				"/a/..;x/b",
			],
			...[
				"/a/..%3b/b",
				"//a",
				"/a//b",
				"/a;v=1/b",
				"/a%3bv/b",
				"/a%zz",
				"/a%2",
				"/a%ff",
				"/a%c0%af",
				"/a%252fb",
			],
		];
		for (const profile of [STRICT, COMPAT]) {
			const request = { ...profile.request, ambiguous_paths: "refuse" } as const;
			for (const path of paths) {
				const reason = await reasonFor({ path }, { config: { ...profile, request } });
				expect([path, reason]).toEqual([path, "path_ambiguous"]);
			}
		}
	});
	test("an ambiguous path, unless route and configuration both allow each of its kinds", async () => {
		const reason = async (path: string, asked: string | undefined, listed: readonly PathKind[]) => {
			const contextExtensions = asked === undefined ? {} : { "postern.allow_paths": asked };
			const seen = await run(httpCheck({ path }, { contextExtensions }), {
				deps: withRequest({ path_allowances: listed }),
			});
			expect(seen.evaluated).toBe(seen.answer.status?.code === 0);
			return seen.record.reason;
		};
		const both: readonly PathKind[] = ["encoded-slash", "semicolon"];
		expect(await reason("/a%2fb", "encoded-slash", both)).toBe("allowed");
		expect(await reason("/a%2fb;v=1", "semicolon , encoded-slash", both)).toBe("allowed");
		expect(await reason("/a%2fb;v=1", "semicolon", both)).toBe("path_ambiguous");
		expect(await reason("/a%2fb", undefined, both)).toBe("path_ambiguous");
		expect(await reason("/a%2f..%2fb", "encoded-slash", both)).toBe("path_ambiguous");
		expect(await reason("/a%2f%zz", "encoded-slash", both)).toBe("path_ambiguous");
		// Whoever writes Envoy's configuration alone cannot widen, nor misspell without notice.
		expect(await reason("/a%2fb", "encoded-slash", [])).toBe("allowance_invalid");
		expect(await reason("/a", "encoded-slash", ["semicolon"])).toBe("allowance_invalid");
		for (const asked of ["", "encoded_slash", "Encoded-Slash", "encoded-slash,", "*", "all"]) {
			expect([asked, await reason("/a", asked, PATH_KINDS)]).toEqual([asked, "allowance_invalid"]);
		}
	});
	test("and says to the operator alone which kinds it is", async () => {
		const log = memoryLog();
		const { answer } = await run(httpCheck({ path: "/a%2f..;/b" }), { deps: { log } });
		expect(log.lines).toContainEqual(
			expect.objectContaining({
				fields: expect.objectContaining({ detail: "encoded-slash, semicolon, dot-segment" }),
			}),
		);
		expect(JSON.stringify(answer)).not.toContain("segment");
	});
	test("a path that is not the one in :path, or that Envoy wrote over", async () => {
		expect(await reasonFor({ path: "/a", headers: { ":path": "/b" } })).toBe("path_ambiguous");
		expect(await reasonFor({ path: "/a!b" })).toBe("path_ambiguous");
		expect(await reasonFor({ path: "/a!b", raw: [[":path", "/a!b"]] })).toBe("allowed");
		expect(await reasonFor({ path: "/a!b", raw: [[":path", Buffer.from([0x2f, 0x61, 0xff, 0x62])]] })).toBe(
			"path_ambiguous",
		);
	});
	test("repeated single-valued headers", async () => {
		const raw: [string, string][] = [
			["authorization", "Bearer a"],
			["authorization", "Bearer b"],
		];
		expect(await reasonFor({ raw })).toBe("header_ambiguous");
		expect(await reasonFor({ headers: { host: "a,b" } })).toBe("header_ambiguous");
		expect(await reasonFor({ raw }, withRequest({ repeated_headers: "allow" }))).toBe("allowed");
	});
	test("bodies that were not read, each by its state", async () => {
		const json = { "content-type": "application/json" };
		const cases: [HttpFields, string][] = [
			[{ method: "POST", headers: { "content-length": "5" } }, "not_sent"],
			[{ headers: json, body: '{"a":1,"a":2}' }, "ambiguous"],
			[{ headers: { ...json, "content-encoding": "gzip" }, body: "x" }, "compressed"],
			[{ headers: { ...json, "x-envoy-auth-partial-body": "true" }, body: '{"a' }, "truncated"],
			[{ headers: { "content-type": "text/plain" }, body: "x" }, "unparsed"],
		];
		for (const [http, state] of cases) {
			expect(await reasonFor(http)).toBe("body_unread");
			const { input } = await run(httpCheck(http), { deps: withRequest({ unread_bodies: "allow" }) });
			expect(input.body_state).toBe(state);
		}
	});
	test("unreadable requests are 400, and say nothing of why to the client", async () => {
		for (const http of [
			{ path: "/?a=%zz" },
			{ path: "/?a;b" },
			{ headers: { "content-type": "application/json" }, body: '{"secret":' },
		]) {
			const { answer, record } = await run(httpCheck(http));
			expect(record.reason).toMatch(/^(?:request|body)_malformed$/);
			expect(answer.deniedResponse?.status?.code).toBe(400);
			expect(JSON.stringify(answer.deniedResponse)).not.toMatch(/secret|escape|semicolon/);
		}
		expect((await run(Buffer.from("garbage!"))).record.reason).toBe("request_malformed");
	});
	test("a check that is for no HTTP request, unless the peer's policies are served", async () => {
		const tcp = checkRequestBytes({ attributes: { source: { principal: "spiffe://a" } } });
		expect((await run(tcp)).record.reason).toBe("request_malformed");
		const { input } = await run(tcp, { deps: { config: COMPAT } });
		expect(input).toEqual({
			attributes: { source: { principal: "spiffe://a" } },
			parsed_body: null,
			parsed_path: [""],
			parsed_query: {},
			source_principal: "spiffe://a",
			truncated_body: false,
			version: { encoding: "protojson", ext_authz: "v3" },
		});
	});
	test("a route that asks for another decision path than the configured one", async () => {
		const asks = (path: string) => run(httpCheck({}, { contextExtensions: { "postern.path": path } }));
		expect((await asks("other/path")).record.reason).toBe("policy_missing");
		expect((await asks("/envoy/authz/allow")).record.reason).toBe("allowed");
	});
	test("a route may ask for a decision path that is listed, and for a place inside what it gives", async () => {
		const asked: string[] = [];
		const policy = fakePolicy((_, entrypoint) => {
			asked.push(entrypoint);
			return { kind: "value", value: entrypoint === "a/list" ? [false, { verdict: true }] : false };
		});
		const config = {
			...STRICT,
			policy: { ...STRICT.policy, paths: ["/a/list/1/verdict", "a/list/0", "a/list/7"] },
		};
		const ask = async (path: string) => {
			const bytes = httpCheck({}, { contextExtensions: { "postern.path": path } });
			return (await run(bytes, { policy, deps: { config } })).record.reason;
		};
		expect(await ask("a/list/1/verdict")).toBe("allowed");
		expect(await ask("a/list/0/")).toBe("policy_denied");
		expect(await ask("a/list/7")).toBe("undefined_decision");
		expect(await ask("a/list/2")).toBe("policy_missing");
		expect(await ask("a/list")).toBe("policy_missing");
		expect(await ask("envoy/authz/allow")).toBe("policy_denied");
		expect(asked).toEqual(["a/list", "a/list", "a/list", "envoy/authz/allow"]);
	});
});

describe("identity", () => {
	test("gets every authorization header and the principal", async () => {
		const seen: Credentials[] = [];
		const identify = (credentials: Credentials) => {
			seen.push(credentials);
			return known({ authenticated: false, method: "none" });
		};
		const bytes = httpCheck(
			{ raw: [["authorization", "Bearer a"]] },
			{ source: { principal: "spiffe://x" } },
		);
		await run(bytes, { deps: { identify } });
		await run(bytes, { deps: { identify, trusted: false } });
		expect(seen).toEqual([
			{ authorization: ["Bearer a"], principal: "spiffe://x" },
			{ authorization: ["Bearer a"], principal: "" },
		]);
	});
	test("a bad token is 401 with a challenge, and the policy does not run", async () => {
		const identify = async (): Promise<IdentityOutcome> => ({
			ok: false,
			reason: "token_expired",
			status: 401,
		});
		const { answer, evaluated, record } = await run(httpCheck(), { deps: { identify } });
		expect(evaluated).toBe(false);
		expect(record.reason).toBe("token_expired");
		expect(answer.deniedResponse?.status?.code).toBe(401);
		expect(headersOf(answer.deniedResponse?.headers)["www-authenticate"]).toBe(
			'Bearer error="invalid_token"',
		);
	});
	test("an identity that takes its time changes nothing of what was asked", async () => {
		const bytes = httpCheck({ path: "/cards/7?full=1", headers: { authorization: "Bearer a", "x-b": "c" } });
		const newId = () => "id";
		const now = await run(bytes, { deps: { newId, identify: () => known(ANN) } });
		const later = await run(bytes, {
			deps: {
				newId,
				identify: async () => {
					await new Promise((resolve) => setImmediate(resolve));
					return known(ANN);
				},
			},
		});
		expect(later.input).toEqual(now.input);
		expect(later.input.parsed_path).toEqual(["cards", "7"]);
		expect(later.record.operation).toEqual(now.record.operation);
		expect(later.answer).toEqual(now.answer);
	});
	test("keys that cannot be had are 503 without a challenge", async () => {
		const identify = (): IdentityOutcome => ({ ok: false, reason: "keys_unavailable", status: 503 });
		const { answer } = await run(httpCheck(), { deps: { identify } });
		expect(answer.deniedResponse?.status?.code).toBe(503);
		expect(headersOf(answer.deniedResponse?.headers)["www-authenticate"]).toBeUndefined();
	});
	test("one that answers at once makes the check answer at once", () => {
		const deps = checkDeps(
			fakePolicy(() => ALLOW),
			{ identify: () => known(ANN) },
		);
		expect(createCheckService(deps).check(httpCheck(), {})).toBeInstanceOf(Buffer);
		const later = checkDeps(
			fakePolicy(() => ALLOW),
			{ identify: async () => known(ANN) },
		);
		expect(createCheckService(later).check(httpCheck(), {})).toBeInstanceOf(Promise);
	});
	test("one that throws or rejects is a denial", async () => {
		const failing = [
			() => {
				throw new Error("boom");
			},
			() => Promise.reject(new Error("boom")),
		];
		for (const identify of failing) {
			const { answer, record } = await run(httpCheck(), { deps: { identify } });
			expect(record.reason).toBe("internal");
			expect(answer.status?.code).toBe(7);
		}
	});
	test("calls that wait for identity do not mix up their documents", async () => {
		const seen: string[] = [];
		const policy = fakePolicy((document) => {
			seen.push(JSON.parse(document.toString()).parsed_path[0]);
			return ALLOW;
		});
		const releases: (() => void)[] = [];
		const identify = () =>
			new Promise<IdentityOutcome>((resolve) => releases.push(() => resolve(known(ANN))));
		const { check } = createCheckService(checkDeps(policy, { identify }));
		const answers = ["/a", "/b", "/c"].map((path) => check(httpCheck({ path }), {}));
		for (const release of releases.reverse()) release();
		await Promise.all(answers);
		expect(seen).toEqual(["c", "b", "a"]);
	});
});

describe("outcomes of the policy", () => {
	test.each([
		[{ kind: "undefined" }, "undefined_decision", 403],
		[{ kind: "value", value: false }, "policy_denied", 403],
		[{ kind: "value", value: "yes" }, "decision_type", 503],
		[{ kind: "value", value: { allowed: true, limits: [] } }, "decision_unsupported", 503],
		[
			{ kind: "value", value: { allowed: true, response: { mask: [{ select: "$.a", as: "hash" }] } } },
			"hash_unavailable",
			503,
		],
		[{ kind: "failed", reason: "policy_error", message: "conflict" }, "policy_error", 503],
		[{ kind: "failed", reason: "policy_trap", message: "unreachable" }, "policy_trap", 503],
		[{ kind: "failed", reason: "input_too_large", message: "" }, "input_too_large", 503],
		[{ kind: "failed", reason: "result_invalid", message: "" }, "result_invalid", 503],
		[{ kind: "failed", reason: "policy_missing", message: "" }, "policy_missing", 503],
	] as [Evaluation, string, number][])("%j is denied as %s", async (evaluation, reason, status) => {
		const { answer, record } = await run(httpCheck(), { evaluation });
		expect(record.reason).toBe(reason);
		expect(answer.status?.code).toBe(7);
		expect(answer.deniedResponse?.status?.code).toBe(status);
		expect(answer.metadata).toMatchObject({ postern: "1", fields: "some" });
		expect(readHandoff(String(answer.metadata["directive"]))?.verdict).toBe("deny");
	});
	test("hashes are refused on a transport that anybody reaches", async () => {
		const value = { allowed: true, response: { mask: [{ select: "$.a", as: "hash" }] } };
		const deps = { hashKeyId: "k1", trusted: false };
		expect((await run(httpCheck(), { evaluation: { kind: "value", value }, deps })).record.reason).toBe(
			"hash_unavailable",
		);
	});
	test("an exception in the policy is a denial", async () => {
		const policy = fakePolicy(() => {
			throw "a string";
		});
		expect((await run(httpCheck(), { policy })).record.reason).toBe("internal");
	});
	test("a hand-off over its limit is a denial, which fits", async () => {
		const identity: Identity = { authenticated: true, method: "jwt", id: "x".repeat(17_000), issuer: "i" };
		const { answer, record } = await run(httpCheck(), { deps: { identify: () => known(identity) } });
		expect(record.reason).toBe("directive_too_large");
		expect(readHandoff(String(answer.metadata["directive"]))).toMatchObject({
			verdict: "deny",
			consumer: "",
		});
	});
});

describe("what fails around the policy", () => {
	test("no policy yet", async () => {
		expect((await run(httpCheck(), { policy: null })).record.reason).toBe("no_policy");
	});
	test("draining", async () => {
		expect((await run(httpCheck(), { deps: { draining: () => true } })).record.reason).toBe("draining");
	});
	test("a deadline that has passed is denied before anything is evaluated", async () => {
		const clock = createManualClock(1_000_000);
		const late = await run(httpCheck(), { deps: { clock }, deadlineMs: 1_000_000 });
		expect(late.record.reason).toBe("deadline");
		expect(late.evaluated).toBe(false);
		expect((await run(httpCheck(), { deps: { clock }, deadlineMs: 1_000_001 })).record.reason).toBe(
			"allowed",
		);
	});
	test("an input over its limit", async () => {
		const config = { ...STRICT, policy: { ...STRICT.policy, max_input_bytes: 4096 } };
		const bytes = httpCheck({ headers: { big: "x".repeat(10_000) } });
		expect((await run(bytes, { deps: { config } })).record.reason).toBe("input_too_large");
	});
	test("what cannot be recorded does not happen, where that is configured", async () => {
		const audit = { write: () => false, flush: async () => {}, close: async () => {} };
		const { answer } = await run(httpCheck(), { deps: { audit } });
		expect(answer.status?.code).toBe(7);
		expect(answer.deniedResponse?.status?.code).toBe(503);
		expect(answer.metadata["fields"]).toBe("some");
		const config = { ...STRICT, audit: { overflow: "drop" as const } };
		expect((await run(httpCheck(), { deps: { audit, config } })).answer.status?.code).toBe(0);
	});
	test("broken parts around it still give an explicit denial", async () => {
		const broken = () => {
			throw new Error("broken");
		};
		const audit = { write: broken, flush: async () => {}, close: async () => {} };
		const { check } = createCheckService(
			checkDeps(
				fakePolicy(() => ALLOW),
				{ audit },
			),
		);
		expect(readAnswer(check(httpCheck(), {}) as Buffer)).toMatchObject({
			status: { code: 7 },
			deniedResponse: { status: { code: 503 } },
		});
	});
	test("a denial without a call is complete too", () => {
		const { deny } = createCheckService(checkDeps(undefined));
		const answer = readAnswer(deny("overload"));
		expect(answer).toMatchObject({ status: { code: 7 }, deniedResponse: { status: { code: 503 } } });
		expect(answer.metadata).toMatchObject({ postern: "1", fields: "some" });
	});
});

describe("profiles", () => {
	test("ours are beside the peer's keys where they are read, and nowhere else", async () => {
		expect((await run(httpCheck(), { deps: { config: COMPAT } })).input.identity).toBeUndefined();
		const extended = { ...COMPAT, policy: { ...COMPAT.policy, extensions: true } };
		expect((await run(httpCheck(), { deps: { config: extended } })).input.identity).toEqual({
			authenticated: false,
			method: "none",
		});
	});
	test("unknown keys are counted", async () => {
		let counted = 0;
		const none = { inc: () => {}, observe: () => {} };
		const metrics = {
			checks: none,
			checkSeconds: none,
			projectionMismatches: none,
			ignoredKeys: {
				inc: (_: unknown, by = 1): void => {
					counted += by;
				},
			},
		};
		await run(httpCheck(), {
			evaluation: { kind: "value", value: { allowed: true, a: 1, b: 2 } },
			deps: { config: COMPAT, metrics },
		});
		expect(counted).toBe(2);
	});
	test("bodies are left out where the peer is told to leave them out", async () => {
		const config = { ...COMPAT, request: { ...COMPAT.request, skip_body_parse: true } };
		const bytes = httpCheck({ headers: { "content-type": "application/json" }, body: "{" });
		const { input } = await run(bytes, { deps: { config } });
		expect("parsed_body" in input || "truncated_body" in input).toBe(false);
	});
});
