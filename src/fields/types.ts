import type { JsonValue } from "../lib/json-value.ts";

/** One step of a compiled selector; `descend` marks `..` in front of the step. */
export type Step =
	| { readonly kind: "name"; readonly name: string; readonly descend: boolean }
	| { readonly kind: "index"; readonly index: number }
	| { readonly kind: "any"; readonly descend: boolean };

export type Selector =
	| { readonly kind: "path"; readonly steps: readonly Step[] }
	| { readonly kind: "class"; readonly name: string };

export type Strategy =
	| { readonly as: "null" }
	| { readonly as: "redact" }
	| { readonly as: "constant"; readonly value: JsonValue }
	| {
			readonly as: "partial";
			readonly keepStart: number;
			readonly keepEnd: number;
			readonly char: string;
			readonly minHidden?: number;
	  }
	| { readonly as: "email" }
	| { readonly as: "year" }
	| { readonly as: "truncate"; readonly length: number }
	| { readonly as: "hash"; readonly domain?: string };

export interface MaskRule {
	readonly select: Selector;
	readonly strategy: Strategy;
	/** The parameters as given, JSON with sorted keys: the last tie-break between equal strategies. */
	readonly parameters: string;
}

/** A directive that was read and found valid. Absent `release` releases whatever no selector names. */
export interface Directive {
	readonly release?: readonly Selector[];
	readonly mask: readonly MaskRule[];
	readonly withhold: readonly Selector[];
	/** Media types (lower-case `type/subtype`) the directive applies to besides JSON; only in decisions. */
	readonly mediaTypes: readonly string[];
	/** A body that is not known to fit what Envoy holds back may flow while it is judged; only in decisions. */
	readonly stream: boolean;
	/** Whether `grpc-message` of a gRPC answer goes to the caller: it is free text, and no selector names it. */
	readonly grpcMessage: "withhold" | "release";
	/** `graphql`: JSON answers of GraphQL, whose requests are held to rename nothing. */
	readonly shape: "plain" | "graphql";
	/** CSV whose type does not say so has a header: it names the columns. */
	readonly csvHeader: "unknown" | "present";
	/** Parts of a multipart body that are neither text nor JSON: what they hold cannot be masked. */
	readonly files: "block" | "pass";
	/** Canonical JSON of what was given: sorted keys, lists as given. The key of the plan cache. */
	readonly text: string;
}

/** How gRPC messages lie in a body: as HTTP/2 has them, as gRPC-Web has them, or that as base64. */
export type GrpcFraming = "grpc" | "grpc-web" | "grpc-web-text";

/** A body of parts with what separates them. */
export interface MultipartFormat {
	/** `form-data`: an object, the parts its members; `mixed`: an array of its parts. */
	readonly kind: "form-data" | "mixed";
	readonly boundary: string;
}

export type BodyFormat =
	| "json"
	| "ndjson"
	| "json-seq"
	| "sse"
	| "form"
	| "csv"
	| GrpcFraming
	| MultipartFormat;

/** Why a body was refused; see "Input that is refused" of the field semantics. */
export type Refusal =
	| "body_malformed"
	| "body_too_deep"
	| "body_too_large"
	| "body_unsupported"
	| "body_unclassified";

export interface ReportEntry {
	readonly path: string;
	readonly count: number;
}

export interface MaskedEntry extends ReportEntry {
	readonly as: string;
	/** How many of them a strategy that reads values left as they were; only in decisions, absent for none. */
	readonly unchanged?: number;
}

export interface FieldReport {
	readonly released: readonly ReportEntry[];
	readonly masked: readonly MaskedEntry[];
	readonly withheld: readonly ReportEntry[];
	readonly unknown: readonly ReportEntry[];
	readonly detected: readonly (ReportEntry & { readonly detector: string })[];
	readonly truncated: boolean;
}

export interface MaskerOptions {
	/** Whose pseudonyms `hash` makes; empty when absent. Must not hold U+0000. */
	readonly consumer?: string;
	/** HMAC-SHA-256 under the configured key; needed when the directive has a `hash`. */
	readonly hmac?: (message: Uint8Array) => Uint8Array;
}

/** Bytes in, bytes out. After a refusal every further call gives the same refusal and no bytes. */
export interface Masker {
	/** Feeds one chunk; appends output to `out`. Chunks passed in may be referenced by `out`: do not reuse them. */
	write(chunk: Uint8Array, out: Uint8Array[]): Refusal | undefined;
	/** Ends the body. */
	end(out: Uint8Array[]): Refusal | undefined;
	report(): FieldReport;
}
