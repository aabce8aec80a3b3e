import type { CodeText } from "../types.ts";

/** Codes about resources that only Istio or Envoy Gateway have. */
export const KUBERNETES_CODES = {
	istio_rules_partial: {
		severity: "warning",
		title: "requests that no rule matches are not shown to Postern",
		why: "A CUSTOM policy asks for what its rules match; the rest passes without a decision, and behind ext_proc its answers are blocked.",
		fix: "Set `rules: [ {} ]`, which matches everything, and let Postern's policy allow what needs no decision.",
		seen: "Istio switches the filter by metadata of its own (`filter_enabled_metadata`); unmatched requests make no Check.",
	},
	istio_rules_empty: {
		severity: "error",
		title: "the CUSTOM policy matches nothing",
		why: "Without rules no request is shown to Postern, and all of them pass.",
		fix: "Set `rules: [ {} ]`, which matches everything.",
		seen: "Documented by Istio: a policy without rules never matches.",
	},
	istio_rules_unmatchable: {
		severity: "error",
		title: "a CUSTOM rule looks at a token that was not read yet",
		why: "The ext_authz filter stands in front of JWT verification, so the condition never holds, and the request passes unasked.",
		fix: "Remove `requestPrincipals` and `request.auth.*` conditions, and let Postern verify tokens.",
		seen: "Istio's order: CUSTOM, then request authentication, then the other actions.",
	},
	istio_provider_unknown: {
		severity: "warning",
		title: "the provider is not in the mesh configuration",
		why: "Istio then denies every request of the workload.",
		fix: "Add it to `meshConfig.extensionProviders`, or correct the name.",
		seen: "Istio generates a policy that denies all.",
	},
	istio_provider_elsewhere: {
		severity: "note",
		title: "the provider is defined elsewhere",
		why: "Time limits, `failOpen` and the rest stand in the mesh configuration, which was not checked.",
		fix: "Name the file with `meshConfig` too: the IstioOperator, or the ConfigMap `istio`.",
		seen: "Looked for: `extensionProviders` in an IstioOperator, in a ConfigMap with the key `mesh`, and in a plain mesh configuration.",
	},
	istio_waypoint_identity: {
		severity: "note",
		title: "behind a waypoint callers have no certificate",
		why: "Mutual TLS ends in front of it, so `source.principal` is empty, and identity by certificate finds nobody.",
		fix: "Let callers show tokens; that no waypoint is meant is said by `selector` instead of `targetRefs`.",
		seen: "A known limit of Istio: the inner connection has no certificate of the caller.",
	},
	istio_context_any: {
		severity: "warning",
		title: "the filter is put into every listener",
		why: "Without `match.context` outbound listeners get it too, where nobody has decided: every answer is blocked.",
		fix: "Set `match.context` to SIDECAR_INBOUND or GATEWAY.",
		seen: "The default of `context` is ANY.",
	},
	gateway_targets_differ: {
		severity: "error",
		title: "what is decided and what is masked are different routes",
		why: "A target with `extAuth` and without `extProc` is not masked; the other way round every answer is blocked.",
		fix: "Give the SecurityPolicy and the EnvoyExtensionPolicy the same `targetRefs`.",
		seen: "Envoy Gateway switches each filter on for the routes that its policy targets.",
	},
} as const satisfies Record<string, CodeText>;
