# METADATA
# title: A token that the policy verifies itself
# description: |
#   `io.jwt.decode_verify` checks signature, issuer, audience and end against the key set in data.json. The role is a claim.
package envoy.authz

http := input.attributes.request.http

default allow := false

allow if {
	http.method == "GET"
	claims.role in {"guest", "editor"}
	input.parsed_path[0] == "articles"
}

allow if {
	http.method in {"POST", "DELETE"}
	claims.role == "editor"
	input.parsed_path[0] == "articles"
}

claims := payload if {
	[scheme, token] := split(http.headers.authorization, " ")
	scheme == "Bearer"
	[valid, _, payload] := io.jwt.decode_verify(token, {
		"cert": json.marshal(data.issuer.keys),
		"alg": "ES256",
		"iss": data.issuer.name,
		"aud": "articles",
	})
	valid == true
}
