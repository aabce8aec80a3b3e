import type { JWTPayload } from "jose";
import type { JwtConfig } from "../config/types.ts";
import type { JsonObject } from "../lib/json-value.ts";
import type { Identity } from "./types.ts";

/** The `identity` that a verified token gives, frozen. */
export function identityOf(
	payload: JWTPayload & { readonly exp: number; readonly sub: string },
	config: Pick<JwtConfig, "roles_claim" | "groups_claim">,
): Identity {
	const identity: Identity = {
		authenticated: true,
		method: "jwt",
		id: payload.sub,
		...(payload.iss === undefined ? {} : { issuer: payload.iss }),
		subject: payload.sub,
		audiences: texts(payload.aud),
		scopes: scopes(payload),
		roles: texts(claimAt(payload, config.roles_claim)),
		groups: texts(claimAt(payload, config.groups_claim)),
		claims: payload as JsonObject,
		expires_at: Math.floor(payload.exp),
	};
	return Object.freeze(identity);
}

/** RFC 8693, 4.2: `scope`, words in one text; `scp` is what some issuers write in its place. */
function scopes(payload: JWTPayload): readonly string[] {
	const value = own(payload, "scope") ?? own(payload, "scp");
	if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
	return texts(value);
}

/** A claim by its whole name (`https://example.org/roles` has dots of its own), else by descending at the dots. */
function claimAt(payload: JWTPayload, path: string): unknown {
	const whole = own(payload, path);
	if (whole !== undefined) return whole;
	let node: unknown = payload;
	for (const segment of path.split(".")) node = own(node, segment);
	return node;
}

function own(value: unknown, name: string): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
		return undefined;
	return (value as Readonly<Record<string, unknown>>)[name];
}

/** One text or a list of them; anything else in the list is left out. */
function texts(value: unknown): readonly string[] {
	if (typeof value === "string") return [value];
	if (!Array.isArray(value)) return [];
	return value.filter((item): item is string => typeof item === "string");
}
