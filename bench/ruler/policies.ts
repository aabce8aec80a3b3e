/** Grants by role in data, a path's segments, a header: an everyday policy. */
const RULES = `
path_match(pattern) if {
	count(pattern) == count(input.parsed_path)
	every i, segment in pattern {
		segment_match(segment, input.parsed_path[i])
	}
}

segment_match("*", _)

segment_match(x, x)
`;

const GRANTED = `	some role in roles
	some grant in data.grants[role]
	input.attributes.request.http.method in grant.methods
	path_match(grant.path)
`;

const HEADER_ROLES = `roles := split(input.attributes.request.http.headers["x-user-roles"], ",")
`;

export const NOP = `package envoy.authz

default allow := true
`;

export const RBAC_BOOLEAN = `package envoy.authz

default allow := false

${HEADER_ROLES}
allow if {
${GRANTED}}
${RULES}`;

/** The same, with headers for the upstream and metadata worked out from data. */
export const RBAC_OBJECT = `package envoy.authz

default granted := false

${HEADER_ROLES}
granted if {
${GRANTED}}
${RULES}
masked contains field if {
	some field, readers in data.masks
	every reader in readers {
		not reader in roles
	}
}

allow := {
	"allowed": granted,
	"headers": {"x-auth-roles": input.attributes.request.http.headers["x-user-roles"], "x-policy": "orders-v1"},
	"request_headers_to_remove": ["x-user-roles"],
	"dynamic_metadata": {"masks": [field | some field in masked]},
}
`;

/** The body is read: one field of it decides too. */
export const BODY = `package envoy.authz

default allow := false

allow if {
	input.parsed_body.kind == "order"
	input.attributes.request.http.method == "POST"
}
`;

const ISSUER = "https://idp.example.com/realms/prod";

/** The token is verified by the policy, as the plugin's users do it. */
export const TOKEN_IN_POLICY = `package envoy.authz

default allow := false

token := split(input.attributes.request.http.headers.authorization, " ")[1]

roles := payload.realm_access.roles if {
	[valid, _, payload] := io.jwt.decode_verify(token, {"cert": data.jwks, "iss": "${ISSUER}", "aud": "api", "alg": "RS256"})
	valid
}

allow if {
${GRANTED}}
${RULES}`;

/** The token was verified before, by `identity.jwt`. */
export const TOKEN_BEFORE_POLICY = `package envoy.authz

default allow := false

roles := input.identity.roles

allow if {
${GRANTED}}
${RULES}`;

export const TOKEN_ISSUER = ISSUER;

/** So many rules for one name, each for another host. */
export function manyRules(count: number): string {
	const rules = Array.from(
		{ length: count },
		(_, number) => `
allow if {
	input.attributes.request.http.method == "GET"
	input.attributes.request.http.host == "svc${number}.example.com"
	input.parsed_path[0] == "api"
}
`,
	);
	return `package envoy.authz

default allow := false
${rules.join("")}`;
}

/** What the roles of the policies above may do. */
export const DATA = {
	grants: {
		...Object.fromEntries(
			Array.from({ length: 5 }, (_, number) => [
				`role${number}`,
				[
					{ methods: ["GET"], path: ["api", "v1", `things${number}`] },
					{ methods: ["POST", "PUT"], path: ["api", "v1", `things${number}`, "*"] },
				],
			]),
		),
		viewer: [
			{ methods: ["GET"], path: ["api", "v1", "catalog"] },
			{ methods: ["GET"], path: ["api", "v1", "users", "me"] },
		],
		support: [
			{ methods: ["GET"], path: ["api", "v1", "tickets", "*"] },
			{ methods: ["GET", "POST"], path: ["api", "v1", "comments"] },
		],
		billing: [
			{ methods: ["GET"], path: ["api", "v1", "invoices"] },
			{ methods: ["GET", "PUT"], path: ["api", "v1", "orders", "*"] },
		],
	},
	masks: { ssn: ["hr"], email: ["support"], card: ["fraud"], iban: ["finance"] },
} as const;
