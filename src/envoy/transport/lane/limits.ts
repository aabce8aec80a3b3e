import { FIXED_LIMITS, LIMITS } from "../../../config/limits.ts";
import type { LaneLimits } from "../types.ts";

export const DEFAULT_LANE_LIMITS: LaneLimits = {
	maxConnections: LIMITS["serve.lane.max_connections"].default,
	maxHeaderBytes: LIMITS["serve.lane.max_header_bytes"].default,
	maxBufferedBytes: LIMITS["serve.lane.max_buffered_bytes"].default,
	maxResetsPerSecond: LIMITS["serve.lane.max_resets_per_second"].default,
	maxControlFramesPerSecond: LIMITS["serve.lane.max_control_frames_per_second"].default,
	stallMs: LIMITS["serve.lane.stall_seconds"].default * 1000,
};

export const STREAM_WINDOW: number = FIXED_LIMITS.lane_stream_window_bytes.value;
export const CONNECTION_WINDOW: number = FIXED_LIMITS.lane_connection_window_bytes.value;
export const MAX_CONTINUATIONS: number = FIXED_LIMITS.lane_continuations.value;
export const HPACK_TABLE_BYTES: number = FIXED_LIMITS.lane_hpack_table_bytes.value;
