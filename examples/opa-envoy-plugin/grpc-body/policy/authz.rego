# METADATA
# title: A decision about a message
# description: |
#   The message of a gRPC call is in `parsed_body` as protobuf's own JSON has it: names in lowerCamelCase, 64-bit numbers
#   as texts, values of enumerations by name, and what is zero left out.
package envoy.authz

default allow := false

allow if input.parsed_path == ["shop.Orders", "Get"]

allow if {
	input.parsed_path == ["shop.Orders", "Refund"]
	refund := input.parsed_body
	refund.order.id
	refund.reason == "DAMAGED"
	to_number(refund.amountCents) <= 5000
}

allow if {
	input.parsed_path == ["shop.Orders", "Refund"]
	refund := input.parsed_body
	refund.reason == "GOODWILL"
	to_number(refund.amountCents) <= 1000
	some note in refund.notes
	startswith(note, "approved by ")
}
