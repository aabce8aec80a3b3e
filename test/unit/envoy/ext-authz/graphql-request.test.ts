import { expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../../../src/audit/types.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import { checkDeps, fakePolicy, STRICT } from "../../../support/check-deps.ts";
import { type HttpFields, httpCheck, readAnswer } from "../../../support/ext-authz-messages.ts";

const DIRECTIVE = { release: ["$.data"], shape: "graphql" };
/** The policy itself does not look at bodies. */
const READS = { all: false, children: new Map() };
const TYPE = { "content-type": "application/json" };

async function reasonFor(http: HttpFields, response: object = DIRECTIVE, skip = false): Promise<string> {
	const records: AuditRecord[] = [];
	const policy = fakePolicy(() => ({ kind: "value", value: { allowed: true, response } as never }), READS);
	const config = { ...STRICT, request: { ...STRICT.request, skip_body_parse: skip } };
	const { check } = createCheckService(checkDeps(policy, { config }, records));
	const answer = readAnswer(
		await check(httpCheck({ method: "POST", path: "/graphql", headers: TYPE, ...http }), {}),
	);
	const { reason } = records.at(-1) as DecisionRecord;
	expect(answer.status?.code === 0).toBe(reason === "allowed");
	return reason;
}

test("a document that renames nothing is let through", async () => {
	for (const body of [
		{ query: "{person{id}}" },
		{ query: "query Q($id: ID!){person(id: $id){id}}", operationName: "Q", variables: { id: 1 } },
		{ query: "{a}", extensions: { trace: true } },
	])
		expect(await reasonFor({ body: JSON.stringify(body) })).toBe("allowed");
	expect(
		await reasonFor({
			body: '{"query":"{a}"}',
			headers: { "content-type": "application/json; charset=utf-8" },
		}),
	).toBe("allowed");
});

test("one that renames is denied, whatever operation is asked for", async () => {
	for (const query of ["{person{id: ssn}}", "query A{a} query B{x: y}", '{a @rename(to: "id")}', "{a", ""])
		expect(await reasonFor({ body: JSON.stringify({ query, operationName: "A" }) })).toBe("graphql_renamed");
});

test.each<[string, HttpFields]>([
	["a GET", { method: "GET", path: "/graphql?query={a}", headers: {} }],
	["parameters beside the body", { path: "/graphql?query={id:ssn}", body: '{"query":"{a}"}' }],
	["any parameter", { path: "/graphql?", body: '{"query":"{a}"}' }],
	["no body", {}],
	["a batch", { body: '[{"query":"{a}"}]' }],
	["no document", { body: '{"extensions":{}}' }],
	["a document that is no text", { body: '{"query":["{a}"]}' }],
	["a persisted query", { body: '{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"x"}}}' }],
	["a document by its id", { body: '{"query":"{a}","documentId":"x"}' }],
	["a document twice", { body: '{"query":"{a}","query":"{id:ssn}"}' }],
	["the document itself", { body: "{a}", headers: { "content-type": "application/graphql" } }],
	["a form", { body: "query={a}", headers: { "content-type": "application/x-www-form-urlencoded" } }],
	["gzip", { body: "x", headers: { ...TYPE, "content-encoding": "gzip" } }],
	["a part of it", { body: '{"query":', headers: { ...TYPE, "x-envoy-auth-partial-body": "true" } }],
])("%s is denied: the document was not seen as the upstream will see it", async (_name, http) => {
	expect(await reasonFor(http)).toMatch(/^(?:graphql_unread|body_malformed)$/);
});

test("so is any document where bodies are not read", async () => {
	expect(await reasonFor({ body: '{"query":"{a}"}' }, DIRECTIVE, true)).toBe("graphql_unread");
});

test("under any other directive nobody looks", async () => {
	expect(await reasonFor({ body: '{"query":"{id: ssn}"}' }, { release: ["$.data"] })).toBe("allowed");
	expect(await reasonFor({ body: "x", headers: {} }, { release: ["$.data"] })).toBe("allowed");
});
