import { randomUUID } from "node:crypto";
import type { AuditRecord } from "../../src/audit/types.ts";
import type { CheckDeps } from "../../src/envoy/ext-authz/deps.ts";
import { readDirective } from "../../src/fields/directive.ts";
import { DECISION_RULES } from "../../src/fields/directive-rules.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { ActivePolicy, Evaluation, InputReads } from "../../src/policy/types.ts";
import type { Counter, Gauge, Histogram, Logger, Metrics } from "../../src/telemetry/types.ts";

const nothing = (): void => {};
const counter: Counter = { inc: nothing };
const gauge: Gauge = { set: nothing };
const histogram: Histogram = { observe: nothing };

export const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Metrics that keep nothing. */
export const silentMetrics = new Proxy({} as Metrics, {
	get: (_, name) =>
		/Seconds$/.test(String(name))
			? histogram
			: /^(?:streams|policyInfo|laneConnections)$/.test(String(name))
				? gauge
				: counter,
});

export type CheckConfig = CheckDeps["config"];

export const STRICT: CheckConfig = {
	policy: {
		path: "envoy/authz/allow",
		paths: [],
		dry_run: false,
		compat: "strict",
		extensions: true,
		projection: "on",
		max_input_bytes: 8 * 1024 * 1024,
	},
	request: {
		ambiguous_paths: "refuse",
		path_allowances: [],
		repeated_headers: "refuse",
		unread_bodies: "refuse",
		redirected: "refuse",
		skip_body_parse: false,
		max_body_depth: 100,
		max_parts: 1000,
		max_part_header_bytes: 16_384,
		max_decoded_bytes: 1_048_576,
		max_decoded_ratio: 100,
	},
	identity: { headers: { id: "x-postern-id", issuer: "x-postern-issuer" } },
	fields: { enabled: true, request: true, dry_run: "withhold", cache_control: "private, no-store" },
	audit: { overflow: "deny" },
};

/** A drop-in for opa-envoy-plugin: no ext_proc, no identity headers, nothing refused before the policy. */
export const COMPAT: CheckConfig = {
	policy: {
		path: "envoy/authz/allow",
		paths: [],
		dry_run: false,
		compat: "opa-envoy-plugin",
		extensions: false,
		projection: "on",
		max_input_bytes: 32 * 1024 * 1024,
	},
	request: {
		ambiguous_paths: "allow",
		path_allowances: [],
		repeated_headers: "allow",
		unread_bodies: "allow",
		redirected: "allow",
		skip_body_parse: false,
		max_body_depth: 10_000,
		max_parts: 10_000,
		max_part_header_bytes: 1_048_576,
		max_decoded_bytes: 1_048_576,
		max_decoded_ratio: 100,
	},
	identity: { headers: { id: "off", issuer: "off" } },
	fields: { enabled: false, request: false, dry_run: "withhold", cache_control: "" },
	audit: { overflow: "drop" },
};

/** A policy that is a function of the input document. */
export function fakePolicy(
	evaluate: (input: Buffer, entrypoint: string) => Evaluation,
	reads: InputReads = { all: true, children: new Map() },
): ActivePolicy {
	return {
		revision: "rev-1",
		digest: "00",
		serial: 1,
		entrypoints: ["envoy/authz/allow"],
		evaluate: (entrypoint, input) => evaluate(Buffer.from(input), entrypoint),
		reads: () => reads,
		recall: (entrypoint, input) => evaluate(Buffer.from(input), entrypoint),
	};
}

/** Everything a check service needs; `records` gets what it writes to the audit log. */
export function checkDeps(
	policy: ActivePolicy | undefined,
	overrides: Partial<CheckDeps> = {},
	records: AuditRecord[] = [],
): CheckDeps {
	return {
		policy: { current: () => policy },
		config: STRICT,
		readDirective: (value) => readDirective(value, DECISION_RULES),
		trusted: true,
		audit: {
			write: (record) => {
				records.push(record);
				return true;
			},
			flush: async () => {},
			close: async () => {},
		},
		metrics: silentMetrics,
		clock: systemClock,
		log: silentLog,
		newId: randomUUID,
		draining: () => false,
		...overrides,
	};
}
