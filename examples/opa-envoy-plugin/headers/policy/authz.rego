# METADATA
# title: Headers
# description: |
#   The decision is an object. An allowed request goes on with headers and a query that say which tenant it is for, and
#   without the key; a refused one is answered with a status, a header and a body of its own.
package envoy.authz

http := input.attributes.request.http

default allow := {
	"allowed": false,
	"http_status": 401,
	"headers": {"content-type": "application/json", "www-authenticate": "ApiKey realm=\"reports\""},
	"body": "{\"error\":\"a key is needed\"}",
	"dynamic_metadata": {"outcome": "no_key"},
}

allow := {
	"allowed": true,
	"headers": {"x-tenant": tenant.name, "x-plan": tenant.plans},
	"request_headers_to_remove": ["x-api-key"],
	"query_parameters_to_set": {"tenant": tenant.name},
	"query_parameters_to_remove": ["debug"],
	"response_headers_to_add": {"x-served-for": tenant.name},
	"dynamic_metadata": {"tenant": tenant.name},
} if {
	tenant
	not is_closed
}

allow := {
	"allowed": false,
	"http_status": 402,
	"headers": {"content-type": "application/json"},
	"body": json.marshal({"error": "not in your plan", "plans": tenant.plans}),
} if {
	tenant
	is_closed
}

tenant := data.tenants[crypto.sha256(http.headers["x-api-key"])]

is_closed if {
	input.parsed_path[0] == "exports"
	not "business" in tenant.plans
}
