import type { Refusal } from "../types.ts";
import type { MaskContext } from "./json-scanner.ts";

/** Masks one message after another. One in which nothing changes comes back itself. */
export type MessageMasker = (message: Uint8Array) => Uint8Array | Refusal;

/** What the messages of a gRPC body are, and how they are read: told by whoever knows the method that was called. */
export interface GrpcMessages {
	/** A masker for the messages of one body. */
	masker(context: MaskContext): MessageMasker;
	/** Undoes the coding that `grpc-encoding` names; absent: no message may be compressed. */
	inflate?(message: Uint8Array): Uint8Array | "too_large" | "malformed";
	/**
	 * A message as protobuf's JSON form shows it, for whoever looks at what is written; of a broken one and of one that
	 * has no such form that it is malformed.
	 */
	json(message: Uint8Array): Uint8Array | "too_large" | "malformed";
	/** Largest message, as it comes and inflated, bytes. */
	readonly maxMessageBytes: number;
}
