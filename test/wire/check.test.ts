import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../src/audit/types.ts";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { startTransport } from "../../src/envoy/transport/server.ts";
import type { Transport } from "../../src/envoy/transport/types.ts";
import type { LoadedPolicy } from "../../src/policy/load.ts";
import { checkDeps, silentLog, silentMetrics } from "../support/check-deps.ts";
import { type CheckAnswer, httpCheck, readAnswer } from "../support/ext-authz-messages.ts";
import { policyOf } from "../support/policy.ts";
import { type TestedTransport, TRANSPORTS } from "../support/transports.ts";

const REGO = `package envoy.authz

default allow := {"allowed": false, "http_status": 404, "body": "nothing here", "reason": "no_rule"}

allow := {"allowed": true, "headers": {"x-seen": input.body_state}} if input.parsed_path[0] == "open"

allow := {
	"allowed": true,
	"response": {"release": ["$.id"]},
	"rules": ["masked"],
} if input.parsed_path[0] == "masked"

allow := {"allowed": true, "headers": {"x-total": sum(input.parsed_body.items)}} if input.parsed_path[0] == "sum"
`;

let policy: LoadedPolicy;
let transport: Transport;
let client: Client;
const records: AuditRecord[] = [];

beforeAll(async () => {
	policy = await policyOf(REGO);
});

async function start(kind: TestedTransport): Promise<void> {
	records.length = 0;
	const service = createCheckService(checkDeps(policy, {}, records));
	transport = await startTransport(
		{
			transport: kind,
			addresses: ["127.0.0.1:0"],
			socketMode: 0o600,
			maxMessageBytes: 1 << 20,
			maxConcurrentStreams: 100,
			maxConnectionAgeMs: 600_000,
			maxConnectionAgeGraceMs: 1000,
			maxConnectionIdleMs: 600_000,
			keepaliveMs: 60_000,
			keepaliveTimeoutMs: 10_000,
			maxInFlight: 100,
		},
		{
			check: (request, deadlineMs) => service.check(request, { deadlineMs }),
			deny: service.deny,
			log: silentLog,
			metrics: silentMetrics,
		},
	);
	client = new Client(String(transport.addresses[0]), credentials.createInsecure());
}

async function stop(): Promise<void> {
	client.close();
	await transport.drain(0);
}

function call(bytes: Buffer, timeoutMs = 30_000): Promise<CheckAnswer> {
	return new Promise((resolve, reject) => {
		client.makeUnaryRequest(
			"/envoy.service.auth.v3.Authorization/Check",
			(request: Buffer) => request,
			(answer: Buffer) => answer,
			bytes,
			{ deadline: Date.now() + timeoutMs } as never,
			((error: ServiceError | null, answer?: Buffer) => {
				if (error !== null || answer === undefined) reject(error);
				else resolve(readAnswer(answer));
			}) as never,
		);
	});
}

describe.each(TRANSPORTS)("over gRPC by %s, with a policy in WASM", (kind) => {
	beforeAll(() => start(kind));
	afterAll(stop);

	test("an allow, a masked allow and a denial reach the caller", async () => {
		const open = await call(httpCheck({ path: "/open" }));
		expect(open.okResponse?.headers?.[0]?.header).toEqual({ key: "x-seen", value: "absent" });
		expect(open.metadata["fields"]).toBe("all");
		const masked = await call(httpCheck({ path: "/masked" }));
		expect(masked.metadata["fields"]).toBe("some");
		expect(String(masked.metadata["directive"])).toContain('"response":{"release":["$.id"]}');
		const denied = await call(httpCheck({ path: "/other" }));
		expect(denied.deniedResponse).toMatchObject({ status: { code: 404 }, body: "nothing here" });
		expect(
			records.map((record) => (record as DecisionRecord).policy_reason ?? (record as DecisionRecord).reason),
		).toEqual(["allowed", "allowed", "no_rule"]);
	});
	test("a wrong type inside the decision is an explicit denial, not a gRPC error", async () => {
		const body = '{"items":[1,2]}';
		const answer = await call(
			httpCheck({ method: "POST", path: "/sum", headers: { "content-type": "application/json" }, body }),
		);
		expect(answer.deniedResponse?.status?.code).toBe(503);
		expect((records.at(-1) as DecisionRecord).reason).toBe("decision_type");
	});
	test("bytes that are no CheckRequest are denied, not failed", async () => {
		expect((await call(Buffer.from("not protobuf"))).deniedResponse?.status?.code).toBe(400);
		expect((await call(Buffer.alloc(0))).status?.code).toBe(7);
	});
	test("ninety calls at once get each their own answer", async () => {
		const answers = await Promise.all(
			Array.from({ length: 90 }, (_, index) =>
				call(httpCheck({ path: index % 2 === 0 ? "/open" : "/none" })),
			),
		);
		answers.forEach((answer, index) => {
			expect(answer.status?.code).toBe(index % 2 === 0 ? 0 : 7);
		});
	});
});
