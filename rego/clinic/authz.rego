# METADATA
# title: The clinic's gate
# description: |
#   One decision per call: may it pass, and which fields of the answer may this caller see. The grants, one per kind
#   of caller and path, are in grants.rego. A refusal says why to the audit record (`reason`) and little to the client.
package envoy.authz

import data.clinic.grants

http := input.attributes.request.http

# METADATA
# title: The decision
# description: The first line that holds decides. Whatever no grant names is refused.
# entrypoint: true
allow := {"allowed": true, "reason": "open", "rules": ["open"]} if {
	is_open
} else := refusal(401, "unauthenticated", "log in first") if {
	not input.identity.authenticated
} else := refusal(403, "admin_closed", "not from here") if {
	input.parsed_path[0] == "admin"
} else := refusal(405, "not_offered", "records are read here, and changed by PATCH") if {
	not http.method in {"GET", "HEAD", "PATCH"}
} else := {"allowed": true, "reason": "granted", "rules": granted, "response": response} if {
	http.method in {"GET", "HEAD"}
	count(granted) > 0
} else := {
	"allowed": true,
	"reason": "granted",
	"rules": (granted | written),
	"response": response,
	"request": request,
} if {
	http.method == "PATCH"
	count(written) > 0
} else := refusal(403, "no_grant", "not for you")

# Answers that hold nothing of anybody: no directive, so they are released whole.
is_open if {
	http.method in {"GET", "HEAD"}
	input.parsed_path in {["healthz"], ["public", "notice"]}
}

# Names of the grants that this caller has on this path.
granted contains name if {
	some name, grant in grants.table
	grant.caller in callers
	matches(grant.path, input.parsed_path)
}

# Names of the grants by which this caller may change what is on this path.
written contains name if {
	some name, grant in grants.writes
	grant.caller in callers
	matches(grant.path, input.parsed_path)
}

# What of the body the service gets. The answer to a change shows what the caller may read anyway.
request := {"release": {selector | some name in written; some selector in grants.writes[name].release}}

# A caller may be of several kinds; the directives of all its grants are united. Their order never matters, and
# where one grant masks what another releases, masking wins.
response := {
	"release": {selector | some name in granted; some selector in grants.table[name].release},
	"mask": {mask | some name in granted; some mask in object.get(grants.table[name], "mask", [])},
}

# People and services with a token, whose roles the identity provider vouches for. Only these roles: no token makes
# its bearer the billing service.
callers contains role if {
	input.identity.method == "jwt"
	some role in input.identity.roles
	role in {"support", "marketing"}
}

# The billing service comes with its client certificate.
callers contains "billing" if {
	input.identity.method == "mtls"
	input.identity.id == "spiffe://clinic.example/billing"
}

# `*` stands for one segment that is there.
matches(pattern, path) if {
	count(pattern) == count(path)
	every i, segment in pattern {
		segment_matches(segment, path[i])
	}
}

segment_matches("*", actual) if actual != ""

segment_matches(expected, actual) if {
	expected != "*"
	expected == actual
}

refusal(status, reason, message) := {
	"allowed": false,
	"http_status": status,
	"headers": {"content-type": "application/json"},
	"body": json.marshal({"error": message}),
	"reason": reason,
	"rules": [reason],
}
