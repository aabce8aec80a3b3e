package envoy.authz_test

import data.envoy.authz

# Signed with a key that was thrown away; they end in the year 2100, but for the last one.
guest := "eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtMSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnByZXNzLmV4YW1wbGUiLCJhdWQiOiJhcnRpY2xlcyIsImV4cCI6NDEwMjQ0NDgwMCwic3ViIjoiYW5uIiwicm9sZSI6Imd1ZXN0In0.mMeljcuYonJcceGLp-l5cuPQ0_ksV4dZ8ODT4lASpodYX2oagL2KyhZ27hiP2YSfQ1R6e3t1zuATsI9CR1AGHA"

editor := "eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtMSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnByZXNzLmV4YW1wbGUiLCJhdWQiOiJhcnRpY2xlcyIsImV4cCI6NDEwMjQ0NDgwMCwic3ViIjoiYm9iIiwicm9sZSI6ImVkaXRvciJ9.M9vzlKpmzJqslWlso09nVAvKeDnKgSWx-jGfzPvHnw2A-eTrSfo_uJC6Rm9TUbuMvnbAEXILsTGV31BNybB-Fg"

ended := "eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtMSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnByZXNzLmV4YW1wbGUiLCJhdWQiOiJhcnRpY2xlcyIsImV4cCI6MTYwMDAwMDAwMCwic3ViIjoiYm9iIiwicm9sZSI6ImVkaXRvciJ9.l4C1W3gonRcMO45D45HxwIjG6yYwZOuJFXsf-F3_Yla7txPGvyzDuLsC6RCkTWRWd5rjgnI7Rk0DRKK4mroIew"

call(method, path, token) := {
	"attributes": {"request": {"http": {
		"method": method,
		"headers": {"authorization": concat(" ", ["Bearer", token])},
	}}},
	"parsed_path": path,
}

test_guests_read if {
	authz.allow with input as call("GET", ["articles", "7"], guest)
	not authz.allow with input as call("POST", ["articles"], guest)
}

test_editors_read_and_write if {
	every method in ["GET", "POST", "DELETE"] {
		authz.allow with input as call(method, ["articles"], editor)
	}
	not authz.allow with input as call("GET", ["payroll"], editor)
}

test_a_token_that_has_ended_is_none if {
	not authz.allow with input as call("GET", ["articles"], ended)
}

test_another_issuer_is_nobody_s if {
	not authz.allow with input as call("GET", ["articles"], guest) with data.issuer.name as "https://id.other.example"
}

test_a_token_that_was_changed_is_none if {
	parts := split(guest, ".")
	payload := json.unmarshal(base64url.decode(parts[1]))
	changed := base64url.encode_no_pad(json.marshal(object.union(payload, {"role": "editor"})))
	not authz.allow with input as call("GET", ["articles"], concat(".", [parts[0], changed, parts[2]]))
}

test_without_a_token_there_is_nobody if {
	not authz.allow with input as call("GET", ["articles"], "")
	not authz.allow with input as {"attributes": {"request": {"http": {"method": "GET"}}}, "parsed_path": ["articles"]}
}
