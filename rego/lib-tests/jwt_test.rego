package postern.lib.jwt_test

import data.postern.lib.jwt

constraints := {"alg": "HS256", "secret": "a test's own", "iss": "id.example", "aud": "shop"}

good := {"iss": "id.example", "aud": "shop", "sub": "ann", "exp": 4102444800}

token(claims) := io.jwt.encode_sign({"alg": "HS256"}, claims, {"kty": "oct", "k": base64url.encode_no_pad(constraints.secret)})

test_a_good_token_gives_its_claims if {
	jwt.verified(token(good), constraints) == good
}

test_another_is_undefined if {
	not jwt.verified(token(object.union(good, {"exp": 1000000000})), constraints)
	not jwt.verified(token(object.union(good, {"nbf": 4102444000})), constraints)
	not jwt.verified(token(object.union(good, {"iss": "other.example"})), constraints)
	not jwt.verified(token(object.union(good, {"aud": "other"})), constraints)
	not jwt.verified(token(good), object.union(constraints, {"secret": "another"}))
	not jwt.verified(token(good), object.union(constraints, {"alg": "HS512"}))
	not jwt.verified("no.token.", constraints)
	not jwt.verified("", constraints)
}

test_a_token_that_never_ends_is_none if {
	not jwt.verified(token(object.remove(good, ["exp"])), constraints)
}

test_the_token_chooses_nothing if {
	every key in ["alg", "iss", "aud"] {
		not jwt.verified(token(object.remove(good, [key])), object.remove(constraints, [key]))
	}
}
