package envoy.authz_test

import data.envoy.authz

refund(body) := {"parsed_path": ["shop.Orders", "Refund"], "parsed_body": body}

damaged := {"order": {"id": "7"}, "amountCents": "5000", "reason": "DAMAGED"}

test_everybody_looks_at_orders if {
	authz.allow with input as {"parsed_path": ["shop.Orders", "Get"], "parsed_body": {"id": "7"}}
}

test_damage_is_refunded_up_to_a_limit if {
	authz.allow with input as refund(damaged)
	not authz.allow with input as refund(object.union(damaged, {"amountCents": "5001"}))
	not authz.allow with input as refund(object.remove(damaged, ["order"]))
}

test_goodwill_needs_approval if {
	goodwill := {"amountCents": "900", "reason": "GOODWILL", "notes": ["vip", "approved by ann"]}
	authz.allow with input as refund(goodwill)
	not authz.allow with input as refund(object.union(goodwill, {"notes": ["vip"]}))
	not authz.allow with input as refund(object.union(goodwill, {"amountCents": "1001"}))
}

test_a_message_that_was_not_read_is_refused if {
	not authz.allow with input as refund(null)
	not authz.allow with input as {"parsed_path": ["shop.Orders", "Refund"]}
	not authz.allow with input as refund(object.remove(damaged, ["reason"]))
}

test_other_methods_are_closed if {
	not authz.allow with input as {"parsed_path": ["shop.Orders", "Delete"], "parsed_body": {}}
}
