/** Roles in data, a path's segments, a header: an everyday policy that answers with an object. */
export const RBAC_OBJECT = `package envoy.authz

default allow := {"allowed": false, "http_status": 403, "body": "no"}

roles := split(input.attributes.request.http.headers["x-roles"], ",")

granted contains role if {
	some role in roles
	some grant in data.grants[role]
	grant.method == input.attributes.request.http.method
	grant.service == input.parsed_path[0]
}

allow := {"allowed": true, "headers": {"x-user": input.attributes.request.http.headers["x-user"], "x-role": min(granted)}} if {
	count(granted) > 0
}
`;

export const DATA = JSON.stringify({
	grants: Object.fromEntries(
		Array.from({ length: 20 }, (_, index) => [
			`role-${index}`,
			["GET", "POST", "PUT"].flatMap((method) =>
				[`orders`, `s${index}`].map((service) => ({ method, service })),
			),
		]),
	),
});

/** The same as a boolean. */
export const RBAC_BOOLEAN = `package envoy.authz

default allow := false

allow if {
	some role in split(input.attributes.request.http.headers["x-roles"], ",")
	some grant in data.grants[role]
	grant.method == input.attributes.request.http.method
	grant.service == input.parsed_path[0]
}
`;

export const NOP = `package envoy.authz

default allow := true
`;

/** A CheckRequest as Envoy sends one, about 2.5 KB, 24 headers: each number another; the policy answers with the user. */
export function sampleRequest(number: number, user = "ann"): object {
	const path = `/orders/${1234567 + number}/items?expand=lines&expand=customer&page=2`;
	const headers: Record<string, string> = {
		":authority": "api.example.test",
		":method": "GET",
		":path": path,
		":scheme": "https",
		accept: "application/json, text/plain, */*",
		"accept-encoding": "gzip, deflate, br",
		"accept-language": "en-GB,en;q=0.9,de;q=0.8",
		authorization: `Bearer ${"eyJhbGciOiJSUzI1NiJ9.".padEnd(700, "abcdefghij")}`,
		"cache-control": "no-cache",
		cookie: "session=5f0f6ed8f9a34f7c8f1f; theme=dark; consent=yes",
		origin: "https://app.example.test",
		referer: "https://app.example.test/orders",
		"sec-ch-ua": '"Chromium";v="130", "Not?A_Brand";v="99"',
		"sec-ch-ua-platform": '"Linux"',
		"sec-fetch-mode": "cors",
		"sec-fetch-site": "same-site",
		traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"user-agent":
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36",
		"x-envoy-external-address": "203.0.113.7",
		"x-forwarded-for": "203.0.113.7",
		"x-forwarded-proto": "https",
		"x-request-id": `7b0e3f0c-1c3d-4d38-9a6a-${String(number).padStart(12, "0")}`,
		"x-roles": "role-3,role-7",
		"x-user": user,
	};
	const socketAddress = (address: string, portValue: number) => ({
		address: { socketAddress: { address, portValue } },
	});
	return {
		attributes: {
			source: { ...socketAddress("10.1.2.3", 41234), principal: "spiffe://example.test/ns/shop/sa/front" },
			destination: {
				...socketAddress("10.9.8.7", 8443),
				principal: "spiffe://example.test/ns/shop/sa/orders",
			},
			request: {
				time: { seconds: 1772368496, nanos: 789000000 },
				http: {
					id: "7654321987",
					method: "GET",
					headers,
					path,
					host: "api.example.test",
					scheme: "https",
					protocol: "HTTP/2",
				},
			},
			contextExtensions: { tier: "gold" },
			metadataContext: {},
			routeMetadataContext: {},
			tlsSession: { sni: "api.example.test" },
		},
	};
}
