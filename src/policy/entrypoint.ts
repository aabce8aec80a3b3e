import { PosternError } from "../lib/errors.ts";

/** The decision path unless configured. */
export const DEFAULT_ENTRYPOINT = "envoy/authz/allow";

/**
 * A decision path as modules name it: segments between single slashes, none at the ends.
 * @throws {PosternError} `entrypoint_invalid` for an empty path, segment, or one with control characters.
 */
export function normalizeEntrypoint(path: string): string {
	const trimmed = path.replace(/^\/+|\/+$/g, "");
	const segments = trimmed.split("/");
	if (segments.some((segment) => segment === "" || /\p{Cc}|\p{Surrogate}/u.test(segment))) {
		throw new PosternError(
			"entrypoint_invalid",
			`decision path ${JSON.stringify(path)}: expected names between single slashes, as in ${DEFAULT_ENTRYPOINT}`,
		);
	}
	return trimmed;
}
