import { describe, expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../../../src/audit/types.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../../../../src/envoy/ext-authz/deps.ts";
import type { TraceHeaders } from "../../../../src/lib/trace-context.ts";
import type { Span } from "../../../../src/telemetry/span-types.ts";
import { checkDeps, fakePolicy, STRICT } from "../../../support/check-deps.ts";
import { httpCheck } from "../../../support/ext-authz-messages.ts";
import { memoryLog } from "../../../support/quiet.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const OTHER = "1bf7651916cd43dd8448eb211c80319d";
const PARENT = "b7ad6b7169203331";
const OURS = "00f067aa0ba902b7";
const sampled = `00-${TRACE}-${PARENT}-01`;
const unsampled = `00-${TRACE}-${PARENT}-00`;

async function run(
	headers: Readonly<Record<string, string>>,
	trace?: TraceHeaders,
	more: Partial<CheckDeps> & { readonly allowed?: boolean; readonly off?: true } = {},
) {
	const { allowed = true, off, ...deps } = more;
	const spans: Span[] = [];
	const records: AuditRecord[] = [];
	const log = memoryLog();
	let ids = 0;
	const sink = {
		newId: () => {
			ids++;
			return OURS;
		},
		record: (span: Span) => void spans.push(span),
	};
	const policy = fakePolicy(() => ({ kind: "value", value: allowed }));
	const { check } = createCheckService(
		checkDeps(
			policy,
			{
				log,
				newId: () => "decision-7",
				clock: { now: () => 1_700_000_000_000, monotonic: () => 5 },
				...(off ? {} : { spans: sink }),
				...deps,
			},
			records,
		),
	);
	await check(
		httpCheck({ path: "/people/7?secret=1", headers: { authorization: "Bearer SECRET", ...headers } }),
		{ trace },
	);
	return { spans, record: records.at(-1) as DecisionRecord, log, ids };
}

describe("a Check in a trace that its caller records", () => {
	test("is a span by the semantic conventions, and says nothing of the request", async () => {
		const { spans, record } = await run({}, { traceparent: sampled });
		expect(spans).toEqual([
			{
				traceId: TRACE,
				spanId: OURS,
				parentId: PARENT,
				name: "envoy.service.auth.v3.Authorization/Check",
				endMs: 1_700_000_000_000,
				durationMs: 0,
				attributes: {
					"rpc.system.name": "grpc",
					"rpc.method": "envoy.service.auth.v3.Authorization/Check",
					"rpc.response.status_code": "OK",
					"postern.decision_id": "decision-7",
					"opa.decision_id": "decision-7",
					"postern.verdict": "allow",
					"postern.reason": "allowed",
					"postern.policy.revision": "rev-1",
					"postern.dry_run": undefined,
				},
				failed: false,
			},
		]);
		expect(record).toMatchObject({ decision_id: "decision-7", trace_id: TRACE, span_id: OURS });
		expect(JSON.stringify(spans)).not.toMatch(/SECRET|people|secret/);
	});

	test("says why it was denied, and that a dry run let it through", async () => {
		const denied = await run({}, { traceparent: sampled }, { allowed: false });
		expect(denied.spans[0]?.attributes).toMatchObject({
			"postern.verdict": "deny",
			"postern.reason": denied.record.reason,
			"rpc.response.status_code": "OK",
		});
		const config = { ...STRICT, policy: { ...STRICT.policy, dry_run: true } };
		const dry = await run({}, { traceparent: sampled }, { allowed: false, config });
		expect(dry.spans[0]?.attributes).toMatchObject({ "postern.verdict": "deny", "postern.dry_run": "true" });
	});

	test("that cannot be recorded is a span that says so", async () => {
		const audit = { write: () => false, flush: async () => {}, close: async () => {} };
		const { spans } = await run({}, { traceparent: sampled }, { audit });
		expect(spans.map(({ attributes }) => attributes["postern.reason"])).toEqual(["audit_full"]);
	});

	test.each([
		["traceparent", { traceparent: sampled }],
		["one field of B3", { b3: `${TRACE}-${PARENT}-1` }],
		["several", { "x-b3-traceid": TRACE, "x-b3-spanid": PARENT, "x-b3-sampled": "1" }],
	])("is found in the request's headers where the metadata name none: %s", async (_, headers) => {
		for (const metadata of [undefined, { traceparent: "broken" }]) {
			const { spans, record } = await run(headers, metadata);
			expect(spans).toHaveLength(1);
			expect(spans[0]).toMatchObject({ traceId: TRACE, parentId: PARENT });
			expect(record).toMatchObject({ trace_id: TRACE, span_id: OURS });
		}
	});

	test("is Envoy's, not the client's, where both name one", async () => {
		const { record, spans } = await run(
			{ traceparent: `00-${OTHER}-${PARENT}-01` },
			{ traceparent: unsampled },
		);
		expect(record).toMatchObject({ trace_id: TRACE, span_id: PARENT });
		expect(spans).toEqual([]);
	});
});

describe("no span is made, and no id for one,", () => {
	test.each([
		["where the caller does not record the trace", { traceparent: unsampled }, {}],
		["where traces are off", { traceparent: sampled }, { off: true } as const],
	])("%s; the record names the caller's span", async (_, trace, more) => {
		const { spans, record, ids } = await run({}, trace, more);
		expect({ spans, ids }).toEqual({ spans: [], ids: 0 });
		expect(record).toMatchObject({ trace_id: TRACE, span_id: PARENT });
	});

	test("where nobody names a trace; then the record has no such members", async () => {
		const { spans, record, ids } = await run({ traceparent: "00-broken", b3: "0" });
		expect({ spans, ids }).toEqual({ spans: [], ids: 0 });
		expect(Object.keys(record)).not.toContain("trace_id");
		expect(Object.keys(record)).not.toContain("span_id");
	});
});

describe("log lines", () => {
	test("of a denial that needs a word name decision and trace", async () => {
		const { log } = await run({}, { traceparent: unsampled }, { policy: { current: () => undefined } });
		expect(log.lines.find(({ message }) => message === "denied")?.fields).toMatchObject({
			decision_id: "decision-7",
			trace_id: TRACE,
			span_id: PARENT,
		});
	});

	test("of what broke name them too", async () => {
		const identify = (): never => {
			throw new Error("boom");
		};
		const { log, record } = await run({ traceparent: unsampled }, undefined, { identify });
		expect(record).toMatchObject({ reason: "internal", trace_id: TRACE });
		expect(log.lines).toContainEqual(
			expect.objectContaining({
				level: "error",
				fields: expect.objectContaining({ decision_id: "decision-7", trace_id: TRACE, span_id: PARENT }),
			}),
		);
	});
});
