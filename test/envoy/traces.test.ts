import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { blocksOf } from "../support/doc-blocks.ts";
import { createCertificates } from "../support/envoy/certificates.ts";
import { type ClientRequest, callHttp1, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { type CollectedSpan, type Collector, startCollector } from "../support/otlp/collector.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const CHECK = "envoy.service.auth.v3.Authorization/Check";
const PROCESS = "envoy.service.ext_proc.v3.ExternalProcessor/Process";
const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "response": {"release": ["$.id"]}} if {
	startswith(input.attributes.request.http.path, "/records/")
}
`;

/** What the guide tells operators to add to Envoy. */
const guide = (word: string): EnvoyConfig => {
	const block = blocksOf("docs/guides/follow-a-request.md").find(({ words }) => words.includes(word));
	if (block === undefined) throw new Error(`the guide has no block ${word}`);
	return parse(block.text);
};

type Line = Readonly<Record<string, unknown>>;

describe.each(TRANSPORTS)("over %s", (transport) => {
	let collector: Collector;
	let upstream: Upstream;
	let postern: Awaited<ReturnType<typeof startPosternProcess>>;
	let envoy: EnvoyProcess;
	beforeAll(async () => {
		collector = await startCollector();
		upstream = await startUpstream();
		upstream.reply("/records/1", whole({ body: `{"id":7,"ssn":"${SECRET}"}` }));
		postern = await startPosternProcess(POLICY, {
			drainSeconds: 5,
			transport,
			telemetry: `{traces: {endpoint: "${collector.url}", service_name: gate, flush_milliseconds: 50}}`,
		});
		envoy = await startEnvoy({
			postern: postern.address,
			upstream: upstream.address,
			certificates: await createCertificates(),
			variants: { plain: () => {}, traced },
			change: (config) => {
				const { cluster } = guide("collector");
				const { port } = new URL(collector.url);
				cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address = {
					address: "127.0.0.1",
					port_value: Number(port),
				};
				config.static_resources.clusters.push(cluster);
			},
		});
	}, 60_000);
	afterAll(async () => {
		postern.kill("SIGKILL");
		await envoy.stop();
		await upstream.close();
		await collector.close();
	}, 30_000);

	function traced(manager: EnvoyConfig): void {
		manager.tracing = guide("tracing").tracing;
		const [log] = manager.access_log;
		Object.assign(log.typed_config.log_format.json_format, guide("access-log").json_format);
	}

	async function call(variant: "plain" | "traced", request: Partial<ClientRequest> = {}) {
		const before = (await postern.records()).length;
		const answer = await callHttp1(envoy.variants[variant] ?? 0, { path: "/records/1", ...request });
		let records: readonly Line[] = [];
		await until(async () => {
			records = (await postern.records()).slice(before);
			return records.length >= (answer.status === 200 ? 2 : 1);
		});
		return { answer, records };
	}

	async function spansOf(traceId: unknown, count: number): Promise<readonly CollectedSpan[]> {
		const found = () =>
			collector.spans.filter((span) => span.traceId === traceId && span.resource["service.name"] === "gate");
		await until(() => found().length >= count);
		return found();
	}

	test("one id is in Envoy's access log, in both records and in the spans", async () => {
		const { records, answer } = await call("traced");
		expect(answer.status).toBe(200);
		const [decision, release] = records;
		expect(decision).toMatchObject({ type: "decision", trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
		const id = decision?.["trace_id"];
		expect(release).toMatchObject({ type: "release", trace_id: id, decision_id: decision?.["decision_id"] });
		await until(async () => (await envoy.accessLog()).some((line) => line["trace_id"] === id));
		const line = (await envoy.accessLog()).find((each) => each["trace_id"] === id);
		expect(line).toMatchObject({ decision_id: decision?.["decision_id"], request_id: expect.any(String) });

		const spans = await spansOf(id, 2);
		expect(spans.map(({ name }) => name).sort()).toEqual([CHECK, PROCESS]);
		const check = spans.find(({ name }) => name === CHECK);
		expect(check).toMatchObject({
			spanId: decision?.["span_id"],
			attributes: {
				"postern.decision_id": decision?.["decision_id"],
				"postern.verdict": "allow",
				"rpc.response.status_code": "OK",
			},
		});
		const process = spans.find(({ name }) => name === PROCESS);
		expect(process).toMatchObject({
			spanId: release?.["span_id"],
			attributes: { "postern.response.outcome": "released", "rpc.response.status_code": "OK" },
		});
		// Envoy's own spans come to the same place, and ours hang under them.
		const theirs = () => collector.spans.filter((span) => span.traceId === id && !spans.includes(span));
		await until(() => spans.every((span) => theirs().some(({ spanId }) => spanId === span.parentSpanId)));
		expect(collector.faults).toEqual([]);
	}, 60_000);

	test("the client's trace goes on where Envoy traces, and where it does not", async () => {
		for (const variant of ["traced", "plain"] as const) {
			const traceId = randomBytes(16).toString("hex");
			const headers = [["traceparent", `00-${traceId}-b7ad6b7169203331-01`]] as const;
			const { records } = await call(variant, { headers });
			expect(records[0]).toMatchObject({ type: "decision", trace_id: traceId });
			const spans = await spansOf(traceId, 1);
			expect(spans).toContainEqual(expect.objectContaining({ name: CHECK, spanId: records[0]?.["span_id"] }));
			if (variant === "plain") expect(spans[0]?.parentSpanId).toBe("b7ad6b7169203331");
		}
	}, 60_000);

	test("a trace that the client does not record is named and not recorded", async () => {
		const traceId = randomBytes(16).toString("hex");
		const headers = [["b3", `${traceId}-b7ad6b7169203331-0`]] as const;
		const { records } = await call("plain", { headers });
		expect(records[0]).toMatchObject({ trace_id: traceId, span_id: "b7ad6b7169203331" });
		// A later trace that is recorded has come, this one has not.
		const later = randomBytes(16).toString("hex");
		await call("plain", { headers: [["b3", `${later}-b7ad6b7169203331-1`]] });
		await spansOf(later, 1);
		expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
	}, 60_000);

	test("without a trace the records have no such members", async () => {
		const { records } = await call("plain");
		for (const record of records) expect(Object.keys(record)).not.toContain("trace_id");
	}, 60_000);

	test("no span holds anything of the request or the answer", () => {
		const ours = collector.spans.filter(({ resource }) => resource["service.name"] === "gate");
		expect(ours.length).toBeGreaterThan(4);
		const text = JSON.stringify(ours, (_, value: unknown) =>
			typeof value === "bigint" ? String(value) : value,
		);
		expect(text).not.toMatch(/records|ssn/);
		expect(text).not.toContain(SECRET);
	});
});
