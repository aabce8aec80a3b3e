# METADATA
# title: Tokens
# description: |
#   For policies that verify tokens themselves. Where Postern does (`identity.jwt`), `input.identity` has the result, keys
#   are fetched and verdicts are kept.
package postern.lib.jwt

# METADATA
# title: verified(token, constraints)
# description: |
#   The claims of a token that holds: signature, `exp` and `nbf`, and `iss` and `aud` as the constraints want them.
#   Constraints are those of `io.jwt.decode_verify`; `alg`, `iss` and `aud` must be among them, so that the token does not
#   choose. Undefined otherwise, and for a token that never ends.
verified(token, constraints) := claims if {
	constraints.alg
	constraints.iss
	constraints.aud
	verdict := io.jwt.decode_verify(token, constraints)
	verdict[0] == true
	claims := verdict[2]
	claims.exp
}
