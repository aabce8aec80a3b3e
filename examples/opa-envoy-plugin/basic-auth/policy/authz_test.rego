package envoy.authz_test

import data.envoy.authz

call(method, path, authorization) := {
	"attributes": {"request": {"http": {"method": method, "headers": {"authorization": authorization}}}},
	"parsed_path": path,
}

basic(user, password) := concat(" ", ["Basic", base64.encode(concat(":", [user, password]))])

ann := basic("ann", "f3b1c9d07a52")

bob := basic("bob", "0c64ee21b98d")

test_a_reader_reads if {
	authz.allow with input as call("GET", ["books"], ann)
	not authz.allow with input as call("POST", ["books"], ann)
}

test_a_librarian_reads_and_adds if {
	authz.allow with input as call("GET", ["books"], bob)
	authz.allow with input as call("POST", ["books"], bob)
	not authz.allow with input as call("POST", ["members"], bob)
}

test_a_wrong_password_is_nobody if {
	not authz.allow with input as call("GET", ["books"], basic("ann", "0c64ee21b98d"))
	not authz.allow with input as call("GET", ["books"], basic("eve", ""))
}

test_what_is_no_basic_authentication_is_nobody if {
	not authz.allow with input as call("GET", ["books"], "Bearer abc")
	not authz.allow with input as call("GET", ["books"], "Basic")
	not authz.allow with input as call("GET", ["books"], "Basic ???")
	not authz.allow with input as {"attributes": {"request": {"http": {"method": "GET"}}}, "parsed_path": ["books"]}
}
