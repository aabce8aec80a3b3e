/**
 * Why a call was refused, and the HTTP status that goes with it. 403: the policy said no, or nothing;
 * 401: bad credentials; 400: unreadable request; 503: ours.
 */
export const REASONS = {
	policy_denied: 403,
	undefined_decision: 403,
	path_ambiguous: 403,
	header_ambiguous: 403,
	method_refused: 403,
	redirected: 403,
	handoff_conflict: 403,
	body_unread: 403,
	token_invalid: 401,
	token_expired: 401,
	credentials_ambiguous: 401,
	keys_unavailable: 503,
	request_malformed: 400,
	body_malformed: 400,
	input_too_large: 503,
	no_policy: 503,
	policy_missing: 503,
	policy_error: 503,
	policy_trap: 503,
	projection_mismatch: 503,
	result_invalid: 503,
	decision_type: 503,
	unknown_key: 503,
	decision_unsupported: 503,
	decision_value: 503,
	header_invalid: 503,
	status_invalid: 503,
	metadata_reserved: 503,
	directive_invalid: 503,
	directive_too_large: 503,
	hash_unavailable: 503,
	deadline: 503,
	overload: 503,
	audit_full: 503,
	draining: 503,
	internal: 503,
} as const satisfies Record<string, number>;

export type Reason = keyof typeof REASONS;
