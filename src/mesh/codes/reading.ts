import type { CodeText } from "../types.ts";

/** Codes about the files themselves, and about what in them is Postern's. */
export const READING_CODES = {
	yaml_invalid: {
		severity: "error",
		title: "no YAML or JSON",
		why: "What cannot be read cannot be checked, and a key that stands twice is read by some as the first and by others as the last.",
		fix: "Correct the text; render templates first, as in `helm template CHART | postern check --envoy -`.",
		seen: "Of a key given twice Envoy takes the last value, without a word.",
	},
	field_unknown: {
		severity: "error",
		title: "unknown field",
		why: "Envoy refuses the whole configuration; a control plane drops the field or the filter, and what it was to guard stays open.",
		fix: "Correct the name, or remove the field.",
		seen: "Envoy 1.40 does not start with an unknown field. Istio's validation only warns of one inside an EnvoyFilter, and Kubernetes drops unknown fields of its own resources.",
	},
	field_unchecked: {
		severity: "note",
		title: "field that is not known here",
		why: "It may be newer than these rules, or nothing; whatever it does was not looked at.",
		fix: "Compare it with the documentation of your Envoy, Istio or Envoy Gateway.",
		seen: "The fields are those of Envoy 1.40, Istio 1.31 and Envoy Gateway 1.9.",
	},
	field_twice: {
		severity: "error",
		title: "field given under both of its names",
		why: "Which of the two values counts is nowhere written.",
		fix: "Keep one of the two.",
		seen: "With `failure_mode_allow: false` and, after it, `failureModeAllow: true`, Envoy 1.40 starts and fails open.",
	},
	value_unknown: {
		severity: "error",
		title: "unknown value",
		why: "Envoy refuses the whole configuration, and a control plane the resource: the filter is then missing.",
		fix: "Use one of the values that the field knows.",
		seen: "Envoy 1.40 does not start with an unknown enum value. It takes known ones in any case of letters, and by number.",
	},
	document_unknown: {
		severity: "warning",
		title: "nothing in this document was recognised",
		why: "It is neither Envoy's nor one of the resources that are checked, so nothing in it was looked at.",
		fix: "Leave it out, or check that `apiVersion` and `kind`, or `@type`, are what they should be.",
		seen: "Looked for: Envoy's bootstrap, listeners, routes, clusters and HTTP filters, by `@type` or by their fields; resources of Istio, Envoy Gateway and the Gateway API by `kind`.",
	},
	postern_absent: {
		severity: "error",
		title: "nothing here calls Postern",
		why: "Without an ext_authz filter that speaks gRPC nobody is asked, and every request passes.",
		fix: "Name the files that hold the filters, and where `--cluster` was given, the cluster that they call.",
		seen: "Looked for: `ext_authz` with `grpc_service`, and `ext_proc`, also as Istio and Envoy Gateway make them.",
	},
	postern_ambiguous: {
		severity: "note",
		title: "more than one service may be Postern",
		why: "Which cluster is Postern's was guessed, and filters of another one are judged by other rules, or not at all.",
		fix: "Say it by `--cluster NAME`.",
		seen: "Taken for Postern's are the clusters that both filters call, else those whose name holds `postern`, else all. Filters of others are looked at as neighbours only.",
	},
	values_open: {
		severity: "note",
		title: "values are filled in later",
		why: "What stands in the place of a name in `$` and braces, or of `{{ … }}`, decides, and was not checked.",
		fix: "Check the file that Envoy really gets.",
		seen: "A place to fill in counts as a value that is set and may be right.",
	},
} as const satisfies Record<string, CodeText>;
