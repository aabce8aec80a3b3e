import { Buffer } from "node:buffer";
import { createSign, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import { TOKEN_ISSUER } from "./policies.ts";

/** What differs from call to call. */
export interface RequestShape {
	readonly path: string;
	readonly method?: string;
	readonly host?: string;
	readonly authorization?: string;
	readonly body?: string;
}

const EXP = 2_208_988_800;

function headersOf(
	{ path, method = "GET", host = "api.example.com", authorization, body }: RequestShape,
	id: string,
) {
	const headers: Record<string, string> = {
		":authority": host,
		":method": method,
		":path": path,
		":scheme": "https",
		accept: "application/json, text/plain, */*",
		"accept-encoding": "gzip, deflate, br",
		"accept-language": "en-GB,en;q=0.9,de;q=0.8",
		authorization: authorization ?? `Bearer ${"eyJhbGciOiJSUzI1NiJ9.".padEnd(700, "abcdefghij")}`,
		"cache-control": "no-cache",
		cookie: "session=5f0f6ed8f9a34f7c8f1f; theme=dark; consent=yes",
		origin: "https://app.example.com",
		referer: "https://app.example.com/orders",
		"sec-ch-ua": '"Chromium";v="130", "Not?A_Brand";v="99"',
		"sec-ch-ua-platform": '"Linux"',
		"sec-fetch-mode": "cors",
		"sec-fetch-site": "same-site",
		traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"user-agent":
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36",
		"x-forwarded-for": "203.0.113.7",
		"x-forwarded-proto": "https",
		"x-request-id": id,
		"x-user-roles": "viewer,support,billing",
	};
	if (body !== undefined) {
		headers["content-type"] = "application/json";
		headers["content-length"] = String(Buffer.byteLength(body));
	}
	return headers;
}

const requestId = (number: number): string => `7b0e3f0c-1c3d-4d38-9a6a-${String(number).padStart(12, "0")}`;

/** A CheckRequest as Envoy sends one: two dozen headers, addresses and principals. */
function checkRequest(shape: RequestShape, number: number): object {
	const socketAddress = (address: string, portValue: number) => ({
		address: { socketAddress: { address, portValue } },
	});
	const headers = headersOf(shape, requestId(number));
	return {
		attributes: {
			source: { ...socketAddress("10.1.2.3", 41_234), principal: "spiffe://example.com/ns/shop/sa/front" },
			destination: {
				...socketAddress("10.9.8.7", 8443),
				principal: "spiffe://example.com/ns/shop/sa/orders",
			},
			request: {
				time: { seconds: 1_772_368_496, nanos: 789_000_000 },
				http: {
					id: String(7_654_321_987 + number),
					method: headers[":method"],
					headers,
					path: shape.path,
					host: headers[":authority"],
					scheme: "https",
					protocol: "HTTP/2",
					...(shape.body === undefined ? {} : { body: shape.body, size: Buffer.byteLength(shape.body) }),
				},
			},
			contextExtensions: {},
			metadataContext: {},
			routeMetadataContext: {},
			tlsSession: { sni: "api.example.com" },
		},
	};
}

const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
	includeDirs: [join(import.meta.dirname, "../../proto")],
	keepCase: false,
	defaults: true,
	enums: String,
});

/** The service by an independent codec. */
export const { Check } = definition["envoy.service.auth.v3.Authorization"] as unknown as {
	readonly Check: MethodDefinition<object, CheckAnswer>;
};

/** What of an answer the servers are compared by. */
export interface CheckAnswer {
	readonly status?: { readonly code?: number } | null;
	readonly okResponse?: {
		readonly headers?: readonly { readonly header?: { readonly key?: string; readonly value?: string } }[];
	} | null;
}

export const serialize = (shapes: readonly RequestShape[]): readonly (readonly Buffer[])[] =>
	shapes.map((shape, number) => [Check.requestSerialize(checkRequest(shape, number))]);

/** The same as plain HTTP/2, for the runs through Envoy, which adds what a client cannot set. */
export const asHttp = (
	shapes: readonly RequestShape[],
): readonly (readonly (readonly [string, string])[])[] =>
	shapes.map((shape, number) =>
		Object.entries({ ...headersOf(shape, requestId(number)), ":scheme": "http" }).filter(
			([name]) => !name.startsWith("x-forwarded-"),
		),
	);

export interface Tokens {
	readonly jwks: string;
	readonly bearer: readonly string[];
}

/** Tokens of so many callers, signed by one throw-away key. */
export function tokens(count: number): Tokens {
	const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" };
	const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
	const bearer = Array.from({ length: count }, (_, number) => {
		const head = text({ alg: "RS256", typ: "JWT", kid: "k1" });
		const claims = text({
			iss: TOKEN_ISSUER,
			sub: `0b4ad1c6-41e1-4d2c-9f6f-${String(number).padStart(12, "0")}`,
			aud: ["api", "account"],
			exp: EXP,
			iat: 1_767_225_600,
			scope: "openid profile email orders:read",
			realm_access: { roles: ["viewer", "support", "billing"] },
			email: "jane.doe@example.com",
			preferred_username: "jane",
		});
		const signature = createSign("sha256").update(`${head}.${claims}`).sign(privateKey, "base64url");
		return `Bearer ${head}.${claims}.${signature}`;
	});
	return { jwks: JSON.stringify({ keys: [jwk] }), bearer };
}
