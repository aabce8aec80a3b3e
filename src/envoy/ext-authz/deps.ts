import type { Buffer } from "node:buffer";
import type { AuditWriter } from "../../audit/types.ts";
import type { Config, FieldsConfig, PolicyConfig, RequestConfig } from "../../config/types.ts";
import type { ReadDirective } from "../../decision/read-decision.ts";
import type { Identify } from "../../identity/types.ts";
import type { Clock } from "../../lib/clock.ts";
import type { PolicyHolder } from "../../policy/types.ts";
import type { SpanSink } from "../../telemetry/span-types.ts";
import type { Logger, Metrics } from "../../telemetry/types.ts";
import type { DescriptorShelf } from "../protobuf/descriptor-shelf.ts";

/** What the `Authorization` service is made of. */
export interface CheckDeps {
	readonly policy: PolicyHolder;
	/** Absent: nobody is told apart by us, and the policy meets `identity.authenticated: false`. */
	readonly identify?: Identify;
	readonly config: {
		readonly policy: Pick<
			PolicyConfig,
			"path" | "paths" | "dry_run" | "compat" | "extensions" | "projection" | "max_input_bytes"
		>;
		readonly request: RequestConfig;
		readonly identity: Pick<Config["identity"], "headers">;
		readonly fields: Pick<FieldsConfig, "enabled" | "request" | "cache_control" | "dry_run">;
		readonly audit: Pick<Config["audit"], "overflow">;
	};
	/** Reads a field directive under the rules for decisions; `fields` does it. */
	readonly readDirective: ReadDirective;
	/** Id of the key of pseudonyms; absent when there is none, and a directive that hashes is denied. */
	readonly hashKeyId?: string;
	/**
	 * Whoever calls is Envoy: it comes over a socket that only Envoy reaches, or has proved itself. Otherwise
	 * `source.principal` is nobody's and no pseudonyms are made: a stranger could ask for them.
	 */
	readonly trusted: boolean;
	/** Undoes the gzip of a request body under limits; absent: such bodies are not read. */
	readonly gunzip?: (body: Buffer) => Buffer | "too_large" | "malformed";
	/** The types of gRPC messages; absent: gRPC bodies are not read. */
	readonly descriptors?: Pick<DescriptorShelf, "of">;
	readonly audit: AuditWriter;
	/** Absent: traces are off. */
	readonly spans?: SpanSink;
	readonly metrics: Pick<Metrics, "checks" | "checkSeconds" | "ignoredKeys" | "projectionMismatches">;
	readonly clock: Clock;
	readonly log: Logger;
	/** A new decision id (UUID). */
	readonly newId: () => string;
	/** The process is on its way out and answers nothing but refusals. */
	readonly draining: () => boolean;
}
