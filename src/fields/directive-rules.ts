/** What a directive may hold, and how much of it; sizes that are `undefined` are not limited. */
export interface DirectiveRules {
	/** `class:` selectors may be used. */
	readonly classes: boolean;
	/** Detectors may be used. */
	readonly detectors: boolean;
	/** The keys that only decisions know: `media_types`, `stream`, those of single formats, and `min_hidden` of `partial`. */
	readonly decisionKeys: boolean;
	/** Largest `length` of `truncate`, in code points. */
	readonly maxTruncate?: number;
	/** Largest `keep_start` + `keep_end` of `partial`, in code points. */
	readonly maxKeep?: number;
	/** Selectors in all lists together. */
	readonly maxSelectors?: number;
	/** Steps behind `..` in one selector. */
	readonly maxDescents?: number;
	/** Bytes of the directive as canonical JSON. */
	readonly maxBytes?: number;
}

/** The field semantics as they are, for a directive given by hand. */
export const PLAIN_RULES: DirectiveRules = { classes: true, detectors: false, decisionKeys: false };

/** A directive inside a decision, where the policy's author may be careless and the caller hostile. */
export const DECISION_RULES: DirectiveRules = {
	classes: false,
	detectors: false,
	decisionKeys: true,
	maxTruncate: 64,
	maxKeep: 12,
	maxSelectors: 256,
	maxDescents: 8,
	maxBytes: 16_384,
};
