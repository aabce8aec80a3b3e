import { describe, expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../../../src/audit/types.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../../../../src/envoy/ext-authz/deps.ts";
import type { Evaluation, InputReads } from "../../../../src/policy/types.ts";
import {
	COMPAT,
	checkDeps,
	fakePolicy,
	STRICT,
	silentLog,
	silentMetrics,
} from "../../../support/check-deps.ts";
import { checkRequestBytes, httpCheck, readAnswer, structOf } from "../../../support/ext-authz-messages.ts";

type Tree = true | { readonly [key: string]: Tree };

/** `true` reads the whole subtree. */
function readsOf(tree: Tree): InputReads {
	if (tree === true) return { all: true, children: new Map() };
	return {
		all: false,
		children: new Map(Object.entries(tree).map(([key, child]) => [key, readsOf(child)] as const)),
	};
}

const ALLOW: Evaluation = { kind: "value", value: true };
const METHOD = readsOf({ attributes: { request: { http: { method: true } } } });
const PROVED = 1_000;

interface Service {
	readonly documents: Buffer[];
	readonly errors: string[];
	readonly mismatches: () => number;
	/** The reason of one call. */
	call(bytes: Uint8Array): string;
	/** Makes calls until both ways are no longer taken each time. */
	prove(): void;
}

function serviceOf(
	reads: InputReads,
	options: { readonly config?: CheckDeps["config"]; readonly evaluate?: (input: Buffer) => Evaluation } = {},
): Service {
	const documents: Buffer[] = [];
	const errors: string[] = [];
	const records: AuditRecord[] = [];
	let mismatches = 0;
	const policy = fakePolicy((input) => {
		documents.push(input);
		return (options.evaluate ?? (() => ALLOW))(input);
	}, reads);
	const { check } = createCheckService(
		checkDeps(
			policy,
			{
				config: options.config ?? STRICT,
				log: { ...silentLog, error: (_, message) => errors.push(message) },
				metrics: {
					checks: silentMetrics.checks,
					checkSeconds: silentMetrics.checkSeconds,
					ignoredKeys: silentMetrics.ignoredKeys,
					projectionMismatches: { inc: () => void mismatches++ },
				},
			},
			records,
		),
	);
	const call = (bytes: Uint8Array): string => {
		readAnswer(check(bytes, {}) as Buffer);
		return (records.at(-1) as DecisionRecord).reason;
	};
	return {
		documents,
		errors,
		mismatches: () => mismatches,
		call,
		prove() {
			for (let count = 0; count < PROVED; count++) call(httpCheck());
			// The first call after those is one of the sampled.
			call(httpCheck());
			documents.length = 0;
		},
	};
}

// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
function documentFor(tree: Tree, bytes: Uint8Array, config = STRICT): any {
	const service = serviceOf(readsOf(tree), { config });
	expect(service.call(bytes)).toBe("allowed");
	return JSON.parse(String(service.documents[0]));
}

const HEADERS = { "x-a": "1", "x-b": "2", "x-long-name": "3" };

describe("what is written", () => {
	test("only what is read", () => {
		const bytes = httpCheck({ path: "/a/b?c=d", headers: HEADERS });
		expect(documentFor({}, bytes)).toEqual({});
		expect(documentFor({ attributes: {} }, bytes)).toEqual({ attributes: {} });
		expect(documentFor({ attributes: { request: { http: {} } } }, bytes)).toEqual({
			attributes: { request: { http: {} } },
		});
		expect(documentFor({ attributes: { request: { time: {}, http: { host: {} } } } }, bytes)).toEqual({
			attributes: {
				request: { time: { seconds: 1772368496, nanos: 789000000 }, http: { host: "api.test" } },
			},
		});
		expect(documentFor({ parsed_path: true, parsed_query: {}, version: { encoding: true } }, bytes)).toEqual({
			parsed_path: ["a", "b"],
			parsed_query: { c: ["d"] },
			version: { ext_authz: "v3", encoding: "protojson" },
		});
		expect(documentFor({ body_state: {}, identity: { id: {} } }, bytes)).toEqual({
			body_state: "absent",
			identity: { authenticated: false, method: "none" },
		});
	});
	test.each([
		["headers", { headers: HEADERS }],
		[
			"a header map",
			{
				raw: [
					["x-b", "2"],
					["x-a", "1"],
					["x-b", "4"],
					["x-c", "3"],
				] as const,
			},
		],
	])("single headers of %s, and an object where none of them came", (_, http) => {
		const wanted = (names: Tree): unknown =>
			documentFor({ attributes: { request: { http: { headers: names } } } }, httpCheck(http)).attributes
				.request.http.headers;
		expect(wanted({ "x-a": true, "x-absent": true })).toEqual({ "x-a": "1" });
		expect(wanted({ "x-b": {} })).toEqual({ "x-b": "raw" in http ? "2,4" : "2" });
		expect(wanted({ "x-absent": {} })).toEqual({});
		expect(wanted({})).toEqual({});
		const listed = documentFor(
			{ headers_list: true, attributes: { request: { http: { headers: { "x-a": true } } } } },
			httpCheck(http),
		);
		expect(listed).toHaveProperty("attributes.request.http.headers", { "x-a": "1" });
		const whole = documentFor(true, httpCheck(http));
		expect(listed.headers_list).toEqual(whole.headers_list);
		expect(documentFor({ headers_list: {} }, httpCheck(http)).headers_list).toEqual(whole.headers_list);
	});
	test("a message near the limit is written whole, and is too large as it was", () => {
		const policy = { ...STRICT.policy, max_input_bytes: 16_384 };
		const config = { ...STRICT, policy };
		const small = documentFor({ version: {} }, httpCheck(), config);
		expect(Object.keys(small)).toEqual(["version"]);
		const large = httpCheck({ headers: { "x-large": "a".repeat(1_000) } });
		expect(documentFor({ version: {} }, large, config)).toHaveProperty("attributes.request.http.headers");
		const service = serviceOf(readsOf({ version: {} }), { config });
		expect(service.call(httpCheck({ headers: { "x-large": "a".repeat(20_000) } }))).toBe("input_too_large");
	});
});

describe("what is left out is looked at as strictly", () => {
	const BAD = "\u00e9~";
	/** A message with one string that is no UTF-8. */
	const spoiled = (bytes: Buffer): Buffer => {
		const at = bytes.indexOf(Buffer.from(BAD, "utf8"));
		expect(at).toBeGreaterThan(0);
		const copy = Buffer.from(bytes);
		copy[at + 1] = 0x7e;
		return copy;
	};
	const address = { socketAddress: { address: BAD } };
	const metadata = { filterMetadata: { ns: structOf({ key: BAD }) } };
	test.each<[string, Buffer]>([
		["a header", httpCheck({ headers: { "x-bad": BAD } })],
		["a long header", httpCheck({ headers: { "x-bad": BAD.repeat(1).padEnd(400, "a") } })],
		["a header's name", httpCheck({ headers: { [BAD]: "a" } })],
		["a name in a header map", httpCheck({ raw: [[BAD, "a"]] })],
		["the host", httpCheck({ host: BAD })],
		["the body", httpCheck({ body: BAD, headers: { "content-type": "text/plain" } })],
		["a principal", httpCheck({}, { source: { principal: BAD } })],
		["a label", httpCheck({}, { destination: { labels: { a: BAD } } })],
		["an address", httpCheck({}, { source: { address } })],
		["a pipe", httpCheck({}, { source: { address: { pipe: { path: BAD } } } })],
		["a context extension", httpCheck({}, { contextExtensions: { a: BAD } })],
		["a server name", httpCheck({}, { tlsSession: { sni: BAD } })],
		["metadata", httpCheck({}, { metadataContext: metadata })],
		["a route's metadata", httpCheck({}, { routeMetadataContext: metadata })],
	])("%s that is no UTF-8", (_, bytes) => {
		const config = { ...STRICT, request: { ...STRICT.request, unread_bodies: "allow" as const } };
		for (const reads of [readsOf(true), METHOD, readsOf({})]) {
			const service = serviceOf(reads, { config });
			service.prove();
			expect(service.call(bytes)).toBe("allowed");
			expect(service.call(spoiled(bytes))).toBe("request_malformed");
		}
	});
});

describe("bodies", () => {
	const json = { headers: { "content-type": "application/json" } };
	const bad = httpCheck({ ...json, body: "{" });
	const text = httpCheck({ headers: { "content-type": "text/plain" }, body: "x" });
	test("one that the policy never looks at is not read", () => {
		const service = serviceOf(METHOD);
		expect(service.call(bad)).toBe("allowed");
		expect(service.call(text)).toBe("allowed");
		expect(service.mismatches()).toBe(0);
	});
	test("one that could not be read is refused where the policy looks at what is in it", () => {
		const service = serviceOf(readsOf({ parsed_body: { a: true } }));
		expect(service.call(bad)).toBe("body_malformed");
		expect(service.call(text)).toBe("body_unread");
		expect(serviceOf(readsOf(true)).call(text)).toBe("body_unread");
	});
	test("its state alone refuses nothing", () => {
		const service = serviceOf(readsOf({ body_state: {} }));
		expect(service.call(bad)).toBe("body_malformed");
		expect(service.call(text)).toBe("allowed");
		expect(JSON.parse(String(service.documents[0]))).toEqual({ body_state: "unparsed" });
	});
	test("a malformed one is the peer's 400 in its profile", () => {
		expect(serviceOf(METHOD, { config: COMPAT }).call(bad)).toBe("body_malformed");
	});
});

describe("proof", () => {
	test("the first thousand calls are evaluated both ways, and one in a thousand after those", () => {
		const service = serviceOf(METHOD);
		for (let count = 0; count < PROVED; count++) service.call(httpCheck());
		expect(service.documents.length).toBe(2 * PROVED);
		for (let count = 0; count < PROVED; count++) service.call(httpCheck());
		expect(service.documents.length).toBe(3 * PROVED + 1);
	});
	test("whole documents are evaluated once", () => {
		const service = serviceOf(readsOf(true));
		service.call(httpCheck());
		expect(service.documents.length).toBe(1);
	});
	test("where a read was missed the call is denied, and the next one meets the whole document", () => {
		const evaluate = (input: Buffer): Evaluation => {
			const { source_principal } = JSON.parse(input.toString()) as { source_principal?: string };
			// Lets in whoever is not known to be a stranger: what is missing widens.
			return { kind: "value", value: source_principal !== "spiffe://stranger" };
		};
		const service = serviceOf(METHOD, { evaluate });
		const stranger = httpCheck({}, { source: { principal: "spiffe://stranger" } });
		expect(service.call(httpCheck())).toBe("allowed");
		expect(service.call(stranger)).toBe("projection_mismatch");
		expect(service.mismatches()).toBe(1);
		expect(service.errors).toEqual(["projection is off: it changed the policy's answer"]);
		expect(service.call(stranger)).toBe("policy_denied");
		expect(service.call(httpCheck())).toBe("allowed");
		expect(Object.keys(JSON.parse(String(service.documents.at(-1))))).toContain("version");
		expect(service.documents.length).toBe(6);
		expect(service.mismatches()).toBe(1);
	});
	test("an input that is refused as poison is not evaluated whole instead", () => {
		const evaluate = (): Evaluation => ({ kind: "failed", reason: "poison", message: "it hung" });
		const service = serviceOf(METHOD, { evaluate });
		expect(service.call(httpCheck())).toBe("poison");
		expect(service.documents.length).toBe(1);
	});
	test("a failure on one side alone is a difference", () => {
		let calls = 0;
		const evaluate = (): Evaluation =>
			calls++ % 2 === 0 ? ALLOW : { kind: "failed", reason: "policy_error", message: "conflict" };
		expect(serviceOf(METHOD, { evaluate }).call(httpCheck())).toBe("projection_mismatch");
	});
	test("a check that is for no HTTP request goes the same way", () => {
		const service = serviceOf(METHOD, { config: COMPAT });
		expect(service.call(checkRequestBytes({ attributes: { source: { principal: "spiffe://a" } } }))).toBe(
			"allowed",
		);
		expect(JSON.parse(String(service.documents[0]))).toEqual({ attributes: {} });
	});
});
