/**
 * Ways in which two readers can see two paths in one text, as far as a route may be allowed to meet them. What is not
 * here — an escape that is none, an overlong form — means nothing that could be agreed upon.
 *
 * - `encoded-slash`: `%2f`, a separator for who decodes before splitting
 * - `encoded-percent`: `%25`, which makes another escape for who decodes twice
 * - `delimiter`: `%3f`, `%23` and a raw `#`, where a query or a fragment may begin
 * - `backslash`: `\` and `%5c`, a separator for some
 * - `semicolon`: `;` and `%3b`, where parameters may begin that are no part of the name (RFC 3986, 3.3)
 * - `dot-segment`: `.` and `..` in any spelling, parameters and backslashes considered
 * - `double-slash`: an empty segment, which many readers drop
 * - `control`: control characters and raw spaces; NUL ends a text in C
 * - `non-ascii`: bytes outside ASCII that are not escaped
 * - `invalid-utf8`: escapes that are no UTF-8 together
 * - `lookalike`: characters that become `/`, `\`, `%` or dots where compatibility forms are folded (NFKC)
 */
export const PATH_KINDS = [
	"encoded-slash",
	"encoded-percent",
	"delimiter",
	"backslash",
	"semicolon",
	"dot-segment",
	"double-slash",
	"control",
	"non-ascii",
	"invalid-utf8",
	"lookalike",
] as const;

export type PathKind = (typeof PATH_KINDS)[number];
