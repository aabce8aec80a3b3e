package envoy.authz_test

import data.envoy.authz

call(path, headers) := {
	"attributes": {"request": {"http": {"method": "GET", "headers": headers}}},
	"parsed_path": path,
}

north := {"x-api-key": "k-9a41c07e55d2"}

south := {"x-api-key": "k-1f60b3d8427c"}

test_a_key_becomes_a_tenant if {
	decision := authz.allow with input as call(["reports"], north)
	decision.allowed
	decision.headers == {"x-tenant": "north", "x-plan": ["basic", "business"]}
	decision.request_headers_to_remove == ["x-api-key"]
}

test_exports_are_for_business if {
	authz.allow.allowed with input as call(["exports"], north)
	decision := authz.allow with input as call(["exports"], south)
	decision.http_status == 402
	json.unmarshal(decision.body).plans == ["basic"]
}

test_without_a_key_one_is_asked_for if {
	every headers in [{}, {"x-api-key": "k-0"}] {
		decision := authz.allow with input as call(["reports"], headers)
		not decision.allowed
		decision.http_status == 401
	}
}
