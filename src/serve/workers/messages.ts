import type { Config } from "../../config/types.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import type { Poisoned } from "../../policy/poison.ts";
import type { AppAddresses } from "../app.ts";

/** Descriptors of a worker besides the standard ones. */
export const WATCHDOG_FD = 4;
export const AUDIT_FD = 5;

/** What the supervisor tells a worker. */
export type ToWorker =
	| {
			readonly type: "start";
			/** Number of the worker, from 1. */
			readonly worker: number;
			/** As the worker is to have it: with its own addresses, without an admin port. */
			readonly config: Config;
			readonly version: string;
			readonly poisoned: readonly Poisoned[];
	  }
	| {
			readonly type: "policy";
			readonly id: number;
			readonly bytes: Uint8Array;
			readonly serial: number;
	  }
	| { readonly type: "poison"; readonly poisoned: Poisoned }
	| { readonly type: "forgive"; readonly digest: string }
	/** There is no bundle yet: the ports open without one. */
	| { readonly type: "no_policy" }
	| { readonly type: "log_level"; readonly level: string }
	| { readonly type: "metrics" | "status"; readonly id: number }
	| { readonly type: "stop"; readonly reason: string }
	| { readonly type: "force" };

/** Outcome of what was asked under an id. */
export type Answer = { readonly value: unknown } | { readonly code: ErrorCode; readonly message: string };

/** What a worker tells the supervisor. */
export type FromWorker =
	| { readonly type: "up" }
	/** It has its orders, and takes a bundle before it opens its ports. */
	| { readonly type: "waiting" }
	| { readonly type: "started"; readonly addresses: AppAddresses }
	/** It cannot start, and ends. */
	| { readonly type: "failed"; readonly code: ErrorCode; readonly message: string }
	/** What keeps it from taking calls; sent when it changes. */
	| { readonly type: "readiness"; readonly missing: readonly string[] }
	| { readonly type: "trapped"; readonly poisoned: Poisoned }
	| { readonly type: "answer"; readonly id: number; readonly answer: Answer };

/** What a worker's watchdog tells, one JSON line each. Digest and length are those of an input. */
export type FromWatchdog =
	/** It lives. */
	| { readonly type: "beat" }
	/** The same evaluation has been under way for longer than any should. */
	| { readonly type: "running"; readonly digest: string; readonly length: number }
	/** The event loop goes on. */
	| { readonly type: "done" }
	/** The event loop has stood still for as long as it may. */
	| { readonly type: "hung" };
