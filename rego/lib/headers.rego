# METADATA
# title: Headers
# description: |
#   Values of headers. A single header is best read where it lies, `input.attributes.request.http.headers["x-team"]`: then
#   no other one is written for the policy. The functions over `input.headers_list` keep repeats apart.
package postern.lib.headers

# METADATA
# title: values(list, name)
# description: |
#   Every value of a header, in order; `list` is `input.headers_list`, the name in lower case.
values(list, name) := [entry[1] | some entry in list; entry[0] == name]

# METADATA
# title: one(list, name)
# description: |
#   The value of a header that comes exactly once; undefined where it is absent or repeated.
one(list, name) := found[0] if {
	found := values(list, name)
	count(found) == 1
}

# METADATA
# title: items(value)
# description: |
#   The items of a comma list (RFC 9110, 5.6.1), without the spaces around them. Not for values with quoted commas.
items(value) := [item | some part in split(value, ","); item := trim(part, " \t"); item != ""]

# METADATA
# title: bearer(value)
# description: |
#   The token of an `authorization` header of the scheme Bearer (RFC 6750, 2.1), not verified. Tokens that Postern itself
#   has verified are under `input.identity`.
bearer(value) := token if {
	token := credentials(value, "bearer")
	regex.match(`^[A-Za-z0-9._~+/-]+=*$`, token)
}

# METADATA
# title: basic(value)
# description: |
#   `user` and `password` of an `authorization` header of the scheme Basic (RFC 7617), not verified. A user has no colon,
#   a password may.
basic(value) := {"user": user, "password": password} if {
	text := base64.decode(credentials(value, "basic"))
	colon := indexof(text, ":")
	colon >= 0
	user := substring(text, 0, colon)
	password := substring(text, colon + 1, -1)
}

# METADATA
# title: What follows a scheme
# description: |
#   Schemes have no case (RFC 9110, 11.1).
credentials(value, scheme) := text if {
	space := indexof(value, " ")
	lower(substring(value, 0, space)) == scheme
	text := trim_left(substring(value, space, -1), " ")
}
