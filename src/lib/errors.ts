/**
 * The catalogue of errors that a person may meet: code → exit code. `docs/reference/errors.md` has one
 * section per code; a test holds the two together in both directions.
 * Exit codes: 1 findings or a refused body, 2 usage, 3 environment (a missing file, tool or port).
 */
export const ERROR_EXIT_CODES = {
	usage: 2,
	config_invalid: 2,
	address_unsafe: 2,
	callers_untrusted: 2,
	node_too_old: 3,
	key_set_unreadable: 3,
	hash_key_unusable: 3,
	tls_unusable: 3,
	admin_token_unusable: 3,
	decision_path_missing: 1,
	audit_sink_unusable: 3,
	descriptors_invalid: 3,
	file_unreadable: 3,
	file_unwritable: 3,
	address_in_use: 3,
	address_unusable: 3,
	internal: 3,
	builtin_missing: 3,
	bundle_corrupt: 3,
	bundle_invalid: 3,
	bundle_too_large: 3,
	entrypoint_invalid: 2,
	opa_missing: 3,
	policy_answers_differ: 1,
	policy_build_failed: 1,
	policy_directive_open: 1,
	policy_invalid: 3,
	policy_may_differ: 1,
	policy_selector_built: 1,
} as const;

export type ErrorCode = keyof typeof ERROR_EXIT_CODES;

/** An error with a code of the catalogue. `message` is for the operator and never holds a secret. */
export class PosternError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "PosternError";
		this.code = code;
	}
}

/** Normalises whatever was thrown; the only place where unknown throws become errors of the catalogue. */
export function toPosternError(thrown: unknown): PosternError {
	if (thrown instanceof PosternError) return thrown;
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	return new PosternError("internal", message, { cause: thrown });
}
