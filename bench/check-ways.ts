import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { createAuditWriter } from "../src/audit/writer.ts";
import { createCheckService } from "../src/envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../src/envoy/ext-authz/deps.ts";
import { readDirective } from "../src/fields/directive.ts";
import { DECISION_RULES } from "../src/fields/directive-rules.ts";
import { systemClock } from "../src/lib/clock.ts";
import { makeBundle } from "../src/policy/bundle/make.ts";
import { readBundle } from "../src/policy/bundle/read.ts";
import { DEFAULT_POLICY_LIMITS } from "../src/policy/limits.ts";
import { loadPolicy } from "../src/policy/load.ts";
import { createDecisionIds } from "../src/serve/decision-ids.ts";
import { createMetrics } from "../src/telemetry/metrics.ts";
import { STRICT } from "../test/support/check-deps.ts";
import { DATA, RBAC_OBJECT, sampleRequest } from "./sample-request.ts";

export interface Ways {
	/** A CheckRequest as Envoy sends one: about 2.5 KB, 24 headers. */
	readonly request: Buffer;
	readonly ours: (request: Buffer) => Buffer;
	/** The strict profile: the document is larger by Postern's own keys, the answer by the hand-off. */
	readonly strict: (request: Buffer) => Buffer;
	/** The same request of a thousand users, of which each gets another answer. */
	readonly ofUsers: readonly Buffer[];
	/** The strict profile as it is served: a random id, metrics, and a record that is written. */
	readonly recorded: (request: Buffer) => Buffer;
	/** Objects by proto-loader, `evaluate(object)` of the npm package, objects back by proto-loader. */
	readonly naive: (request: Buffer) => Buffer;
	/** The naive way as a gRPC service: what proto-loader defines, and a handler from object to object. */
	readonly service: ServiceDefinition;
	readonly handle: (request: object) => object;
	/** Whether the two say the same: verdict, headers, metadata. */
	readonly agree: (left: Buffer, right: Buffer) => boolean;
}

interface NaivePolicy {
	evaluate(input: unknown, entrypoint: string): readonly { readonly result: Decision }[];
	setData(data: unknown): void;
}

interface Decision {
	readonly allowed: boolean;
	readonly headers?: Readonly<Record<string, string>>;
	readonly http_status?: number;
	readonly body?: string;
}

const USERS = 1000;
const ENTRYPOINT = "envoy/authz/allow";

/** Builds one policy and both ways of answering by it. */
export async function makeWays(): Promise<Ways> {
	const folder = await mkdtemp(join(tmpdir(), "postern-bench-"));
	try {
		await writeFile(join(folder, "policy.rego"), RBAC_OBJECT);
		await writeFile(join(folder, "data.json"), DATA);
		const { bytes } = await makeBundle({ dirs: [folder], entrypoints: [ENTRYPOINT] });
		const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
			includeDirs: [join(import.meta.dirname, "../proto")],
			keepCase: false,
		});
		const method = (
			definition["envoy.service.auth.v3.Authorization"] as { Check: MethodDefinition<object, object> }
		).Check;
		const handle = await naiveWay(bytes);
		return {
			request: method.requestSerialize(sampleRequest(0)),
			ofUsers: Array.from({ length: USERS }, (_, number) =>
				method.requestSerialize(sampleRequest(number, `user-${number}`)),
			),
			ours: await ourWay(bytes, COMPAT),
			strict: await ourWay(bytes, STRICT),
			recorded: await ourWay(bytes, STRICT, recording()),
			naive: (request) => method.responseSerialize(handle(method.requestDeserialize(request))),
			service: definition["envoy.service.auth.v3.Authorization"] as ServiceDefinition,
			handle,
			agree: (left, right) => essence(method, left) === essence(method, right),
		};
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

const nothing = (): void => {};

type Config = CheckDeps["config"];

/** The same document and the same answer as the naive way. */
const COMPAT: Config = {
	...STRICT,
	policy: { ...STRICT.policy, compat: "opa-envoy-plugin", extensions: false },
	identity: { headers: { id: "off", issuer: "off" } },
	fields: { ...STRICT.fields, enabled: false, cache_control: "" },
};

type Evidence = Pick<CheckDeps, "audit" | "metrics" | "newId">;

const UNRECORDED: Evidence = {
	audit: { write: () => true, flush: async () => {}, close: async () => {} },
	metrics: {
		checks: { inc: nothing },
		checkSeconds: { observe: nothing },
		ignoredKeys: { inc: nothing },
		projectionMismatches: { inc: nothing },
	},
	newId: () => "3f1c8a52-6f5c-4f0e-9f0a-0d9a5b8f7c11",
};

/** As `postern serve` does it, but for the file: what the system takes to write one is not ours. */
function recording(): Evidence {
	const { metrics } = createMetrics({ processMetrics: false });
	const audit = createAuditWriter({
		sink: { write: async () => {}, close: async () => {} },
		maxQueueBytes: 1 << 30,
		maxLineBytes: 1 << 16,
		flushMilliseconds: 25,
		overflow: "drop",
		metrics,
		log: SILENT,
	});
	return { audit, metrics, newId: createDecisionIds() };
}

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function ourWay(
	bundle: Buffer,
	config: Config,
	evidence = UNRECORDED,
): Promise<(request: Buffer) => Buffer> {
	const policy = await loadPolicy(bundle, DEFAULT_POLICY_LIMITS, systemClock);
	const { check } = createCheckService({
		policy: { current: () => policy },
		config,
		readDirective: (value) => readDirective(value, DECISION_RULES),
		trusted: true,
		...evidence,
		clock: systemClock,
		log: SILENT,
		draining: () => false,
	});
	return (request) => check(request, {}) as Buffer;
}

async function naiveWay(bundle: Buffer): Promise<(request: object) => object> {
	const { wasm, data } = await readBundle(bundle, 1 << 26);
	const opa = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as {
		loadPolicy(wasm: Uint8Array): Promise<NaivePolicy>;
	};
	const policy = await opa.loadPolicy(wasm);
	policy.setData(JSON.parse(data.toString("utf8")));
	return (request) => {
		const { attributes } = request as { attributes: Attributes };
		const { path } = attributes.request.http;
		const cut = path.indexOf("?");
		const query: Record<string, string[]> = {};
		for (const [key, value] of new URLSearchParams(cut < 0 ? "" : path.slice(cut + 1)))
			query[key] = [...(query[key] ?? []), value];
		const input = {
			attributes,
			version: { ext_authz: "v3", encoding: "protojson" },
			parsed_path: decodeURIComponent(cut < 0 ? path : path.slice(0, cut))
				.replace(/^\/+/, "")
				.split("/"),
			parsed_query: query,
			parsed_body: null,
			truncated_body: false,
		};
		const decision = policy.evaluate(input, ENTRYPOINT)[0]?.result;
		const metadata = { fields: { decision_id: { stringValue: randomUUID(), kind: "stringValue" } } };
		if (decision?.allowed !== true) {
			return {
				status: { code: 7 },
				deniedResponse: { status: { code: decision?.http_status ?? 403 }, body: decision?.body ?? "" },
				dynamicMetadata: metadata,
			};
		}
		const headers = Object.entries(decision.headers ?? {}).map(([key, value]) => ({
			header: { key, value },
			append: { value: false },
			appendAction: 2,
		}));
		return {
			status: { code: 0 },
			okResponse: { headers },
			dynamicMetadata: metadata,
		};
	};
}

interface Attributes {
	readonly request: { readonly http: { readonly path: string } };
}

/** Verdict and request headers of an answer, as text. */
function essence(method: MethodDefinition<object, object>, bytes: Buffer): string {
	const answer = method.responseDeserialize(bytes) as {
		readonly status?: { readonly code?: number };
		readonly okResponse?: {
			readonly headers?: readonly { readonly header: { key: string; value: string } }[];
		};
	};
	const headers = (answer.okResponse?.headers ?? [])
		.map(({ header }) => `${header.key}=${header.value}`)
		.sort();
	return JSON.stringify([answer.status?.code ?? 0, headers]);
}
