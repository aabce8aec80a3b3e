import type { CodeText } from "../types.ts";

const SHIPPED = "Take the matcher of `envoy/authz-and-fields.yaml` as it is.";

/** Codes about the matcher that leaves ext_proc out where there is nothing to mask. */
export const MATCHER_CODES = {
	matcher_absent: {
		severity: "error",
		title: "a matcher is announced and none is there: the filter is always left out",
		why: "An ExtensionWithMatcher without `xds_matcher` skips its filter for every request, and starts without complaint.",
		fix: SHIPPED,
		seen: "Envoy 1.40 started, and every body passed unmasked.",
		proof: { file: "test/envoy/mesh-check.test.ts", test: "matcher_absent: every answer skips ext_proc" },
	},
	matcher_on_no_match: {
		severity: "error",
		title: "ext_proc is left out when nothing matches",
		why: "`on_no_match` with SkipFilter skips where nobody decided: no Check, a failed Check, a denial.",
		fix: "Remove `on_no_match`; where nothing matches the filter runs.",
		seen: "Answers under a directive passed unmasked.",
		proof: { file: "test/envoy/mesh-check.test.ts", test: "matcher_on_no_match: a directive is skipped" },
	},
	matcher_inverted: {
		severity: "error",
		title: "ext_proc is left out when something does not match",
		why: "`not_matcher` and `invert` hold where the metadata is absent, so an answer nobody decided about passes.",
		fix: "Match the two values that release an answer, `postern` = `1` and `fields` = `all`, and nothing else.",
		seen: "`not_matcher` on `fields` = `some` skipped ext_proc for every answer without a decision, and `invert` likewise.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "matcher_inverted: an absent decision skips ext_proc",
		},
	},
	matcher_condition: {
		severity: "error",
		title: "ext_proc is left out on a condition that proves no release",
		why: "Only a real allow that releases the answer whole says both `postern` = `1` and `fields` = `all` in ext_authz's metadata; whatever else is matched can hold without one.",
		fix: "Match both values exactly, joined by `and_matcher`, in the namespace `envoy.filters.http.ext_authz`.",
		seen: "Headers can be forged, and live on after internal redirects; a prefix, another case or one of the two values alone is less than the decision says.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "matcher_condition: a forged header skips ext_proc",
		},
	},
	matcher_code_details: {
		severity: "error",
		title: "ext_proc is left out for answers that may be an upstream's",
		why: "Only some values of `response.code_details` were proved to carry no byte of an upstream; `via_upstream`, a cache's and a script's are not among them.",
		fix: "Match the values of `envoy/authz-and-fields.yaml`, each whole.",
		seen: "With `via_upstream` every answer skipped ext_proc. Cache hits say `cache.…`, scripts `lua_response`, and both may carry an upstream's body.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "matcher_code_details: every answer skips ext_proc",
		},
	},
	matcher_idle: {
		severity: "note",
		title: "the matcher never matches",
		why: "`value_match` and `exact_match_map` do not work on dynamic metadata: Envoy starts, and ext_proc is never left out.",
		fix: "Use `custom_match` with `envoy.matching.matchers.metadata_matcher`.",
		seen: "Both started and never matched; safe, and without the gain.",
	},
	matcher_per_route: {
		severity: "error",
		title: "a route brings a matcher of its own",
		why: "An ExtensionWithMatcherPerRoute that looks at metadata skips ext_proc for every answer, silently.",
		fix: "Remove it; where a route has nothing to mask, let its policy release the answer whole.",
		seen: "With the very conditions of the shipped matcher, per route, every answer passed unmasked.",
		proof: { file: "test/envoy/mesh-check.test.ts", test: "matcher_per_route: every answer skips ext_proc" },
	},
	matcher_skips_check: {
		severity: "error",
		title: "ext_authz is left out for some requests",
		why: "A request for which the matcher holds reaches the upstream without a decision.",
		fix: "Take ext_authz out of its ExtensionWithMatcher; what needs no decision is the policy's to allow.",
		seen: "No Check was made, and no hand-off written.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "matcher_skips_check: what matches passes without a decision",
		},
	},
	matcher_composite: {
		severity: "error",
		title: "ext_proc runs only where a composite filter chooses it",
		why: "Where the composite's matcher does not hold, masking is missing: it fails towards the leak.",
		fix: "Put ext_proc into the list of filters, inside the ExtensionWithMatcher of `envoy/authz-and-fields.yaml`.",
		seen: "The gain was the same as the matcher's, and an absent decision passed unmasked.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "matcher_composite: what is not chosen is not masked",
		},
	},
	matcher_early: {
		severity: "note",
		title: "ext_proc stands in front of ext_authz",
		why: "The matcher looks before there is a decision and never leaves ext_proc out.",
		fix: "Put ext_proc behind ext_authz in the list.",
		seen: "Directives are carried out in either order; only the gain is lost.",
		proof: {
			file: "test/envoy/override.test.ts",
			test: "in either order of the two filters a directive is carried out",
		},
	},
} as const satisfies Record<string, CodeText>;
