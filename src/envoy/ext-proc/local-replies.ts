/**
 * The closed list of answers that Envoy makes itself. They reach ext_proc like an upstream's answer, with or
 * without a decision, and are told apart by the attribute `response.code_details`, which Envoy alone sets.
 *
 * Only values that were proved on the real Envoy to carry no byte of an upstream are here (test/envoy).
 * Whatever is absent from the list — `via_upstream`, no attribute at all, a cache's `cache.*`, a script's
 * `lua_response`, whatever a later Envoy adds — counts as an upstream's answer and needs a decision.
 */
const EXACT: ReadonlySet<string> = new Set([
	"ext_authz_denied",
	"ext_authz_error",
	"route_not_found",
	"direct_response",
	"cluster_not_found",
	"no_healthy_upstream",
	"response_timeout",
	"request_overall_timeout",
	"request_payload_too_large",
	"path_normalization_failed",
	"missing_host_header",
	"upgrade_failed",
	"low_version",
	"http1.codec_error",
	"http1.headers_too_large",
	"http1.invalid_characters",
	"http1.unexpected_underscore",
]);

/** These carry a cause in braces that Envoy words itself: `…{connection_termination}`. */
const WITH_CAUSE: ReadonlySet<string> = new Set(["upstream_reset_before_response_started"]);

/** Whether an answer with these `response.code_details` is Envoy's own and holds nothing of an upstream. */
export function isLocalReply(codeDetails: string | undefined): boolean {
	if (codeDetails === undefined) return false;
	if (EXACT.has(codeDetails)) return true;
	const brace = codeDetails.indexOf("{");
	return brace > 0 && codeDetails.endsWith("}") && WITH_CAUSE.has(codeDetails.slice(0, brace));
}
