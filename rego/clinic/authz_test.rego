package envoy.authz_test

import data.clinic.grants
import data.envoy.authz

support := {"authenticated": true, "method": "jwt", "id": "agent-17", "roles": ["support"]}

marketing := {"authenticated": true, "method": "jwt", "id": "newsletter", "roles": ["marketing"]}

billing := {
	"authenticated": true,
	"method": "mtls",
	"id": "spiffe://clinic.example/billing",
	"spiffe_id": "spiffe://clinic.example/billing",
}

nobody := {"authenticated": false, "method": "none"}

call(method, path, identity) := {
	"attributes": {"request": {"http": {"method": method}}},
	"parsed_path": path,
	"identity": identity,
}

decide(method, path, identity) := decision if {
	decision := authz.allow with input as call(method, path, identity)
}

refused(decision, status, reason) if {
	decision.allowed == false
	decision.http_status == status
	decision.reason == reason
	decision.rules == [reason]
	decision.headers == {"content-type": "application/json"}
	is_string(json.unmarshal(decision.body).error)
	not "response" in object.keys(decision)
}

test_support_sees_how_to_reach_a_person if {
	decision := decide("GET", ["people", "7"], support)
	decision.allowed == true
	decision.reason == "granted"
	decision.rules == {"support.person"}
	decision.response.release == {"$.id", "$.name", "$.email", "$.phone"}
	decision.response.mask == {{"select": "$.birth_date", "as": "year"}}
}

test_marketing_sees_id_and_email_alone if {
	decision := decide("GET", ["people", "7"], marketing)
	decision.rules == {"marketing.person"}
	decision.response == {"release": {"$.id", "$.email"}, "mask": set()}
}

test_billing_sees_a_pseudonym_for_the_email if {
	decision := decide("GET", ["people", "7"], billing)
	decision.rules == {"billing.person"}
	decision.response.release == {"$.id", "$.name"}
	decision.response.mask == {{"select": "$.email", "as": "hash"}}
}

test_a_list_is_masked_element_by_element if {
	decision := decide("GET", ["people"], marketing)
	decision.response.release == {"$[*].id", "$[*].email"}
}

test_the_card_number_is_partly_kept if {
	some identity in [support, billing]
	decision := decide("GET", ["cards", "7"], identity)
	decision.response.mask == {{"select": "$.number", "as": "partial", "keep_end": 4}}
	not "$.notes" in decision.response.release
}

test_support_sees_that_there_is_a_note_but_not_its_text if {
	decision := decide("GET", ["notes", "7"], support)
	decision.response.release == {"$.person", "$.author"}
}

test_billing_sees_orders_with_coupons_and_support_without if {
	"$[*].coupon" in decide("GET", ["orders"], billing).response.release
	not "$[*].coupon" in decide("GET", ["orders"], support).response.release
}

test_a_caller_of_two_kinds_gets_both_grants if {
	both := object.union(support, {"roles": ["support", "marketing"]})
	decision := decide("GET", ["people", "7"], both)
	decision.rules == {"support.person", "marketing.person"}
	decision.response.release == {"$.id", "$.name", "$.email", "$.phone"}
}

test_marketing_sees_neither_orders_nor_cards_nor_notes if {
	every path in [["orders"], ["cards", "7"], ["notes", "7"]] {
		refused(decide("GET", path, marketing), 403, "no_grant")
	}
}

test_the_admin_pages_are_closed_to_everybody if {
	every identity in [support, marketing, billing] {
		refused(decide("GET", ["admin"], identity), 403, "admin_closed")
		refused(decide("GET", ["admin", "users"], identity), 403, "admin_closed")
	}
}

test_records_are_changed_by_patch_alone if {
	every method in ["POST", "PUT", "DELETE"] {
		refused(decide(method, ["people", "7"], support), 405, "not_offered")
	}
}

test_support_changes_how_to_reach_a_person_and_nothing_else if {
	decision := decide("PATCH", ["people", "7"], support)
	decision.allowed == true
	decision.rules == {"support.contact", "support.person"}
	decision.request == {"release": {"$.email", "$.phone"}}
	decision.response == decide("GET", ["people", "7"], support).response
}

test_billing_changes_names if {
	decision := decide("PATCH", ["people", "7"], billing)
	decision.request == {"release": {"$.name"}}
}

test_reading_writes_nothing if {
	every method in ["GET", "HEAD"] {
		not "request" in object.keys(decide(method, ["people", "7"], support))
	}
}

test_others_and_other_records_are_not_changed if {
	refused(decide("PATCH", ["people", "7"], marketing), 403, "no_grant")
	every path in [["people"], ["cards", "7"], ["notes", "7"], ["orders"]] {
		refused(decide("PATCH", path, support), 403, "no_grant")
	}
}

test_head_is_granted_like_get if {
	decide("HEAD", ["people", "7"], support) == decide("GET", ["people", "7"], support)
}

test_a_caller_without_credential_is_asked_for_one if {
	refused(decide("GET", ["people", "7"], nobody), 401, "unauthenticated")
	refused(decide("GET", ["admin"], nobody), 401, "unauthenticated")
}

test_an_input_without_identity_is_refused if {
	decision := authz.allow with input as {
		"attributes": {"request": {"http": {"method": "GET"}}},
		"parsed_path": ["people", "7"],
	}
	refused(decision, 401, "unauthenticated")
}

test_an_empty_input_is_refused if {
	decision := authz.allow with input as {}
	refused(decision, 401, "unauthenticated")
}

test_health_and_the_public_notice_are_released_whole if {
	every path in [["healthz"], ["public", "notice"]] {
		every identity in [nobody, support] {
			decide("GET", path, identity) == {"allowed": true, "reason": "open", "rules": ["open"]}
		}
	}
}

test_the_public_notice_is_not_written if {
	refused(decide("POST", ["public", "notice"], support), 405, "not_offered")
	refused(decide("PATCH", ["public", "notice"], support), 403, "no_grant")
	refused(decide("POST", ["public", "notice"], nobody), 401, "unauthenticated")
}

test_paths_near_a_granted_one_are_refused if {
	every path in [[], [""], ["people", ""], ["people", "7", "x"], ["People", "7"], ["other"]] {
		refused(decide("GET", path, support), 403, "no_grant")
	}
}

test_a_role_without_grants_is_refused if {
	visitor := object.union(support, {"roles": ["visitor"]})
	refused(decide("GET", ["people", "7"], visitor), 403, "no_grant")
	refused(decide("GET", ["people", "7"], object.remove(support, ["roles"])), 403, "no_grant")
}

test_no_token_makes_its_bearer_the_billing_service if {
	forged := object.union(support, {"id": billing.id, "roles": ["billing"]})
	refused(decide("GET", ["people", "7"], forged), 403, "no_grant")
}

test_another_certificate_is_refused if {
	other := object.union(billing, {"id": "spiffe://clinic.example/billing2"})
	refused(decide("GET", ["people", "7"], other), 403, "no_grant")
}

test_every_grant_is_closed if {
	every grants_of in [grants.table, grants.writes] {
		every _, grant in grants_of {
			count(grant.release) > 0
		}
	}
}
