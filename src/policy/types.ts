import type { JsonValue } from "../lib/json-value.ts";

/** What one evaluation gave. Sets arrive as arrays in OPA's order. */
export type Evaluation =
	| { readonly kind: "value"; readonly value: JsonValue }
	| { readonly kind: "undefined" }
	| { readonly kind: "failed"; readonly reason: PolicyFailure; readonly message: string };

export type PolicyFailure =
	/** Conflicting rules and the like: the policy's own error. */
	| "policy_error"
	/** The module trapped or ran out of memory; the instance was discarded. */
	| "policy_trap"
	/** A policy hung or trapped over this very input a while ago; nothing was evaluated. */
	| "poison"
	/** The input document is over the limit, before anything was copied. */
	| "input_too_large"
	/** The result is over the limit or not readable. */
	| "result_invalid"
	/** No such entrypoint in the loaded policy. */
	| "policy_missing";

/** One immutable loaded policy. A request keeps the one it started with until its audit record. */
export interface ActivePolicy {
	/** `revision` of the bundle's manifest, or the first 12 hex digits of `digest` when it has none. */
	readonly revision: string;
	/** Hex SHA-256 of the bundle's bytes. */
	readonly digest: string;
	/** Counts activations of this process, from 1. */
	readonly serial: number;
	readonly entrypoints: readonly string[];
	/** The FileDescriptorSet in the bundle, with the hex SHA-256 of its bytes: the types of the gRPC services. */
	readonly descriptors?: { readonly digest: string; readonly bytes: Uint8Array };
	/**
	 * Evaluates `entrypoint` (`envoy/authz/allow`) over a complete, valid JSON document in UTF-8. Never throws. `nowMs`
	 * is what its clock shows, milliseconds since 1970; the present time when absent.
	 */
	evaluate(entrypoint: string, input: Uint8Array, nowMs?: number): Evaluation;
	/** Which parts of the input `entrypoint` can read; all of it where that is not known. */
	reads(entrypoint: string): InputReads;
	/**
	 * As `evaluate`, for a document that holds what `reads` says and nothing else: where the answer depends on that
	 * alone it may be one that was given before.
	 */
	recall(entrypoint: string, input: Uint8Array): Evaluation;
}

/** Keys of the input that are read, and of what is under each; `all`: the whole of it, and `children` says nothing. */
export interface InputReads {
	readonly all: boolean;
	readonly children: ReadonlyMap<string, InputReads>;
}

/** Where requests get the policy from; `undefined` until one was activated. */
export interface PolicyHolder {
	current(): ActivePolicy | undefined;
}
