/** Containers that may be open at once; the next one is `body_too_deep`. */
export const MAX_DEPTH = 512;
/** Raw bytes of a member name, between its quotes. */
export const MAX_KEY_BYTES = 65_536;
/** Raw bytes of a scalar that a strategy has to read before it can mask it. */
export const MAX_SCALAR_BYTES = 1_048_576;
/**
 * Bytes between a kept value and the next verdict (comma, white space, member name, colon) that are held
 * back in case that member goes. Only a flood of white space comes near it.
 */
export const MAX_HELD_BYTES = 1_048_576;
/** Parts of a multipart body. */
export const MAX_PARTS = 1_000;
/** Bytes of the headers of one part. */
export const MAX_PART_HEADER_BYTES = 16_384;
/** White space in front of the JSON text of a part. */
export const MAX_PART_SPACE_BYTES = 4_096;
/** Columns of CSV. */
export const MAX_COLUMNS = 4_096;
/** Bytes of the block of trailers that ends a gRPC-Web body. */
export const MAX_TRAILER_BYTES = 16_384;
/** Distinct (path, strategy) pairs that a report lists. */
export const MAX_REPORT_ENTRIES = 1_000;

/** What a plan remembers of the member names it met, so that it knows them when they come again. */
export interface PathTreeLimits {
	/** Nodes of the tree of paths. */
	readonly nodes: number;
	/** Bytes of raw member names on its edges. */
	readonly nameBytes: number;
}
export const PATH_TREE_LIMITS: PathTreeLimits = { nodes: 8_192, nameBytes: 524_288 };

/** Determinised states that a plan keeps; beyond them they are built again each time. */
export const MAX_STATES = 4_096;
