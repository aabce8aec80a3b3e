# METADATA
# title: Roles from basic authentication
# description: |
#   Who the caller is says the authorization header, what a role may do says data.json. The decision is a boolean.
package envoy.authz

http := input.attributes.request.http

default allow := false

allow if {
	some role in roles
	some permission in data.permissions[role]
	permission.method == http.method
	permission.path == input.parsed_path
}

roles := account.roles if {
	account := data.accounts[credentials.user]
	crypto.sha256(credentials.password) == account.password_sha256
}

credentials := {"user": user, "password": password} if {
	[scheme, encoded] := split(http.headers.authorization, " ")
	lower(scheme) == "basic"
	[user, password] := split(base64.decode(encoded), ":")
}
