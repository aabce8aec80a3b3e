import type { MemoLimits } from "./memo.ts";

/** Bounds of loading and running one policy; bytes unless a name says otherwise. */
export interface PolicyLimits {
	/** Input document of one evaluation, checked before anything is copied. */
	readonly max_input_bytes: number;
	/** Printed result of one evaluation. */
	readonly max_result_bytes: number;
	/** Linear memory of one instance; rounded down to whole pages of 64 KiB. */
	readonly max_memory_bytes: number;
	/** The bundle, as a file and unpacked. */
	readonly max_bundle_bytes: number;
}

/** Entries of one bundle, folders included. */
export const MAX_BUNDLE_ENTRIES = 4096;

/** Nested containers of a result; the deepest field directive and metadata stay far below. */
export const MAX_RESULT_DEPTH = 512;

/** What `postern eval` and tests use where no configuration was read. */
export const DEFAULT_POLICY_LIMITS: PolicyLimits & MemoLimits = {
	max_input_bytes: 8 * 1024 * 1024,
	max_result_bytes: 1024 * 1024,
	max_memory_bytes: 256 * 1024 * 1024,
	max_bundle_bytes: 64 * 1024 * 1024,
	memo: "off",
	memo_entries: 10_000,
	memo_bytes: 16 * 1024 * 1024,
};
