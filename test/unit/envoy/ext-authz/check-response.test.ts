import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { denial } from "../../../../src/decision/deny.ts";
import { handoffMetadata } from "../../../../src/decision/handoff.ts";
import { REASONS, type Reason } from "../../../../src/decision/reasons.ts";
import type { Allow, Decision, Deny, HeaderEntry } from "../../../../src/decision/types.ts";
import {
	type Answer,
	createEncoder,
	type EncoderConfig,
} from "../../../../src/envoy/ext-authz/check-response.ts";
import { readDirective } from "../../../../src/fields/directive.ts";
import { DECISION_RULES } from "../../../../src/fields/directive-rules.ts";
import { type CheckAnswer, headersOf, readAnswer } from "../../../support/ext-authz-messages.ts";
import { times } from "../../../support/test-size.ts";

const STRICT: EncoderConfig = {
	compat: false,
	fields: true,
	cacheControl: "private, no-store",
	identityHeaders: { id: "x-postern-id", issuer: "x-postern-issuer" },
};
const COMPAT: EncoderConfig = {
	compat: true,
	fields: false,
	cacheControl: "",
	identityHeaders: { id: "off", issuer: "off" },
};
const ALLOW: Allow = {
	kind: "allow",
	headers: [],
	responseHeaders: [],
	removeHeaders: [],
	setQuery: [],
	removeQuery: [],
	notes: { rules: [] },
};
const DENY: Deny = { ...denial("policy_denied") };
const read = readDirective({ release: ["$.a"] }, DECISION_RULES);
const DIRECTIVE = read.ok ? read.directive : undefined;
const MASKED: Allow = { ...ALLOW, ...(DIRECTIVE === undefined ? {} : { response: DIRECTIVE }) };

function answer(decision: Decision, config = STRICT, more: Partial<Answer> = {}): CheckAnswer {
	const handoff = config.fields
		? handoffMetadata(decision.kind, decision.kind === "allow" && decision.response !== undefined, "text")
		: undefined;
	return readAnswer(createEncoder(config)({ decision, decisionId: "id-1", handoff, identity: {}, ...more }));
}

describe("an allow", () => {
	test("says code 0 and has an ok_response", () => {
		const given = answer(ALLOW);
		expect(given.status).toEqual({ code: 0 });
		expect(given.okResponse).toBeDefined();
		expect(given.deniedResponse).toBeUndefined();
	});
	test("sets each request header by overwriting, with both fields said", () => {
		const { okResponse } = answer({
			...ALLOW,
			headers: [
				{ name: "x-a", value: "" },
				{ name: "x-b", value: "2" },
			],
		});
		expect(okResponse?.headers).toEqual([
			{ header: { key: "x-a", value: "" }, append: {}, appendAction: 2 },
			{ header: { key: "x-b", value: "2" }, append: {}, appendAction: 2 },
		]);
	});
	test("gives every value of a header that the policy names several times, and none of the caller's", () => {
		const headers = ["1", "2", "3"].map((value, at) => ({ name: at === 1 ? "X-A" : "x-a", value }));
		expect(answer({ ...ALLOW, headers }, COMPAT).okResponse?.headers).toEqual([
			{ header: { key: "x-a", value: "1" }, append: {}, appendAction: 2 },
			{ header: { key: "X-A", value: "2" }, append: { value: true }, appendAction: 0 },
			{ header: { key: "x-a", value: "3" }, append: { value: true }, appendAction: 0 },
		]);
	});
	test("adds response headers by overwriting; set-cookie by appending", () => {
		const responseHeaders: HeaderEntry[] = [
			{ name: "x-a", value: "1" },
			{ name: "set-cookie", value: "a=1" },
			{ name: "set-cookie", value: "b=2" },
		];
		const added = answer({ ...ALLOW, responseHeaders }, { ...STRICT, cacheControl: "" }).okResponse
			?.responseHeadersToAdd;
		expect(added).toEqual([
			{ header: { key: "x-a", value: "1" }, append: {}, appendAction: 2 },
			{ header: { key: "set-cookie", value: "a=1" }, append: { value: true }, appendAction: 0 },
			{ header: { key: "set-cookie", value: "b=2" }, append: { value: true }, appendAction: 0 },
		]);
	});
	test("sets our identity headers, and removes the client's where we set none", () => {
		const set = answer(ALLOW, STRICT, { identity: { id: "ann", issuer: "https://idp.test" } }).okResponse;
		expect(headersOf(set?.headers)).toEqual({
			"x-postern-id": "ann",
			"x-postern-issuer": "https://idp.test",
		});
		expect(set?.headersToRemove).toBeUndefined();
		const nobody = answer(ALLOW).okResponse;
		expect(nobody?.headers).toBeUndefined();
		expect(nobody?.headersToRemove).toEqual(["x-postern-id", "x-postern-issuer"]);
		const half = answer(ALLOW, STRICT, { identity: { id: "spiffe://x" } }).okResponse;
		expect(half?.headersToRemove).toEqual(["x-postern-issuer"]);
	});
	test("also without fields, and for a plain true of the compatibility profile", () => {
		const config = { ...COMPAT, identityHeaders: STRICT.identityHeaders };
		expect(answer({ ...ALLOW, plain: true }, config).okResponse?.headersToRemove).toEqual([
			"x-postern-id",
			"x-postern-issuer",
		]);
	});
	test("an identity outside visible ASCII is percent-encoded, so it cannot break the header", () => {
		const headers = headersOf(
			answer(ALLOW, STRICT, { identity: { id: "Zoë\r\nx: 1%" } }).okResponse?.headers,
		);
		expect(headers["x-postern-id"]).toBe("Zo%C3%AB%0D%0Ax:%201%25");
		expect(
			headersOf(answer(ALLOW, STRICT, { identity: { id: "a\ud800" } }).okResponse?.headers)["x-postern-id"],
		).toBe("a%EF%BF%BD");
	});
	test("the policy's word on our identity headers stands", () => {
		const own = answer({ ...ALLOW, headers: [{ name: "x-postern-id", value: "x" }] }, STRICT, {
			identity: { id: "ann" },
		});
		expect(headersOf(own.okResponse?.headers)).toEqual({ "x-postern-id": "x" });
		const removed = answer({ ...ALLOW, removeHeaders: ["x-postern-id"] }, STRICT, {
			identity: { id: "ann" },
		});
		expect(removed.okResponse?.headers).toBeUndefined();
		expect(removed.okResponse?.headersToRemove).toEqual(["x-postern-id", "x-postern-issuer"]);
	});
	test("tells caches that the answer is private, whether masked or whole, over the policy's own word", () => {
		for (const decision of [ALLOW, MASKED]) {
			const responseHeaders = [{ name: "cache-control", value: "public, max-age=60" }];
			const added = answer({ ...decision, responseHeaders }).okResponse?.responseHeadersToAdd;
			expect(added).toEqual([
				{ header: { key: "cache-control", value: "private, no-store" }, append: {}, appendAction: 2 },
			]);
		}
		expect(answer(ALLOW, { ...STRICT, cacheControl: "" }).okResponse?.responseHeadersToAdd).toBeUndefined();
	});
	test("under a directive asks the upstream for the whole answer, unencoded", () => {
		const decision: Allow = {
			...MASKED,
			headers: [
				{ name: "accept-encoding", value: "gzip" },
				{ name: "range", value: "bytes=0-1" },
			],
			removeHeaders: ["accept-encoding"],
		};
		const { okResponse } = answer(decision);
		expect(headersOf(okResponse?.headers)).toEqual({ "accept-encoding": "identity" });
		expect([...(okResponse?.headersToRemove ?? [])].sort()).toEqual([
			"if-match",
			"if-modified-since",
			"if-none-match",
			"if-range",
			"if-unmodified-since",
			"range",
			"x-postern-id",
			"x-postern-issuer",
		]);
		expect(answer(ALLOW).okResponse?.headersToRemove).not.toContain("range");
	});
	test("carries query parameters", () => {
		const { okResponse } = answer({ ...ALLOW, setQuery: [{ key: "a", value: "1" }], removeQuery: ["b"] });
		expect(okResponse?.queryParametersToSet).toEqual([{ key: "a", value: "1" }]);
		expect(okResponse?.queryParametersToRemove).toEqual(["b"]);
	});
});

describe("a denial", () => {
	test("says code 7, its status, and its content type", () => {
		const given = answer({ ...DENY, status: 404, body: "no" });
		expect(given.status?.code).toBe(7);
		expect(given.okResponse).toBeUndefined();
		expect(given.deniedResponse).toMatchObject({ status: { code: 404 }, body: "no" });
		expect(headersOf(given.deniedResponse?.headers)).toEqual({ "content-type": "text/plain; charset=utf-8" });
	});
	test("keeps the policy's content type, and its repeated cookies", () => {
		const headers: HeaderEntry[] = [
			{ name: "content-type", value: "application/json" },
			{ name: "set-cookie", value: "a=1" },
			{ name: "set-cookie", value: "b=2" },
		];
		const given = answer({ ...DENY, body: "{}", headers }).deniedResponse?.headers ?? [];
		expect(given.map(({ header }) => header.value)).toEqual(["application/json", "a=1", "b=2"]);
	});
	test("of our own tells the client its status and nothing of the reason", () => {
		const given = answer(denial("policy_trap", "unreachable at 0x1234"));
		expect(JSON.parse(given.deniedResponse?.body ?? "")).toEqual({
			type: "about:blank",
			title: "Service Unavailable",
			status: 503,
		});
		expect(JSON.stringify(given)).not.toMatch(/trap|1234/);
	});
	test("whose status allows no body sends none", () => {
		expect(answer({ ...DENY, status: 204, body: "x" }, COMPAT).deniedResponse?.body).toBeUndefined();
	});
});

describe("metadata", () => {
	test("holds the policy's keys, the id, and the hand-off", () => {
		const metadata = JSON.parse('{"a":{"__proto__":[1,"x",null,true]},"decision_id":"mine"}');
		expect(JSON.stringify(answer({ ...MASKED, metadata }).metadata)).toBe(
			'{"a":{"__proto__":[1,"x",null,true]},"decision_id":"id-1","postern":"1","fields":"some","directive":"text"}',
		);
	});
	test("without ext_proc holds nothing of the hand-off", () => {
		expect(answer(ALLOW, COMPAT).metadata).toEqual({ decision_id: "id-1" });
		expect(answer(DENY, { ...STRICT, fields: false }).metadata).toEqual({ decision_id: "id-1" });
	});
	test("a denial never says that all is released", () => {
		expect(answer(DENY).metadata["fields"]).toBe("some");
		expect(answer(ALLOW).metadata["fields"]).toBe("all");
	});
});

describe("the compatibility profile answers as the peer does", () => {
	test("a plain true has no ok_response, a plain false no denied_response and still code 7", () => {
		expect(answer({ ...ALLOW, plain: true }, COMPAT)).toEqual({
			status: { code: 0 },
			metadata: { decision_id: "id-1" },
		});
		expect(answer({ ...DENY, plain: true }, COMPAT)).toEqual({
			status: { code: 7 },
			metadata: { decision_id: "id-1" },
		});
	});
	test("unreadable requests are 400 with the peer's word and no parser's text", () => {
		const given = answer(denial("request_malformed", "invalid URL escape"), COMPAT, { decisionId: "" });
		expect(given).toEqual({
			status: { code: 7, message: "request_parse_error" },
			deniedResponse: { status: { code: 400 }, body: "request_parse_error" },
			metadata: {},
		});
	});
	test("response headers are added beside the upstream's", () => {
		const decision = { ...ALLOW, responseHeaders: [{ name: "x-a", value: "1" }] };
		expect(answer(decision, COMPAT).okResponse?.responseHeadersToAdd?.[0]).toMatchObject({
			append: { value: true },
			appendAction: 0,
		});
	});
});

test("no denial, whatever it holds, is encoded as code 0 or without what the client gets", () => {
	const text = fc.string({ maxLength: 300 });
	const header = fc.record({ name: text, value: text });
	const deny = fc.record({
		reason: fc.constantFrom(...(Object.keys(REASONS) as Reason[])),
		status: fc.integer({ min: 200, max: 599 }),
		headers: fc.array(header, { maxLength: 5 }),
		body: text,
		plain: fc.boolean(),
		metadata: fc.option(fc.dictionary(text, text)),
	});
	fc.assert(
		fc.property(
			deny,
			fc.constantFrom(STRICT, COMPAT, { ...STRICT, compat: true }),
			fc.boolean(),
			(given, config, id) => {
				const decision: Deny = {
					kind: "deny",
					reason: given.reason,
					status: given.status,
					headers: given.headers,
					body: given.body,
					notes: { rules: [] },
					...(given.plain ? { plain: true as const } : {}),
					...(given.metadata === null ? {} : { metadata: given.metadata }),
				};
				const out = answer(decision, config, { decisionId: id ? "id" : "" });
				expect(out.status?.code).toBe(7);
				expect(out.okResponse).toBeUndefined();
				if (!(config.compat && given.plain)) expect(out.deniedResponse?.status?.code).toBe(given.status);
				expect(out.metadata["fields"]).not.toBe("all");
			},
		),
		{ numRuns: 1000 },
	);
});

test("the bytes of a small allow and a small denial, digit by digit", () => {
	const bare: EncoderConfig = { ...COMPAT, compat: false };
	const encode = createEncoder(bare);
	const at = (decision: Decision) =>
		encode({ decision, decisionId: "", handoff: undefined, identity: {} }).toString("hex");
	expect(at(ALLOW)).toBe("0a02" + "0800" + "1a00");
	expect(at({ ...ALLOW, headers: [{ name: "a", value: "b" }] })).toBe(
		"0a020800" + "1a0e" + "120c" + "0a06" + "0a0161" + "120162" + "1200" + "1802",
	);
	expect(at({ ...DENY, body: "" })).toBe("0a02" + "0807" + "1205" + "0a03" + "089303");
});

test("an encoder that remembers decisions answers as one that has seen none, whoever asks", () => {
	const decisions: readonly Decision[] = [
		ALLOW,
		MASKED,
		{ ...ALLOW, headers: [{ name: "x-postern-id", value: "of the policy" }], metadata: { a: [1, "b"] } },
		{ ...ALLOW, removeHeaders: ["x-postern-issuer"], metadata: { decision_id: "not ours", b: null } },
		DENY,
		{ ...DENY, status: 404, body: "no", metadata: { c: { d: true } } },
	];
	const call = fc.record({
		decision: fc.constantFrom(...decisions),
		decisionId: fc.constantFrom("", "id-1", "id-é", "x".repeat(200)),
		identity: fc.record(
			{ id: fc.constantFrom("", "ann", "b b"), issuer: fc.constantFrom("", "https://a.test") },
			{ requiredKeys: [] },
		),
		handoff: fc.option(
			fc.record({
				verdict: fc.constantFrom("allow" as const, "deny" as const),
				judged: fc.boolean(),
				text: fc.constantFrom("", "short", "é".repeat(90), "y".repeat(20_000)),
			}),
			{ nil: undefined },
		),
	});
	for (const config of [STRICT, COMPAT]) {
		const remembering = createEncoder(config);
		fc.assert(
			fc.property(call, ({ handoff, ...rest }) => {
				const given: Answer = {
					...rest,
					handoff:
						handoff === undefined
							? undefined
							: handoffMetadata(handoff.verdict, handoff.judged, handoff.text),
				};
				expect(remembering(given).equals(createEncoder(config)(given))).toBe(true);
			}),
			{ numRuns: times(500, 20_000) },
		);
	}
});
