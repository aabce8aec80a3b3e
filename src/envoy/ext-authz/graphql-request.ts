import { denial } from "../../decision/deny.ts";
import type { Deny } from "../../decision/types.ts";
import { findRenaming } from "../../fields/graphql/renaming.ts";
import type { Body } from "../../request/body.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What a request of GraphQL over HTTP holds; whatever else a server may look at could name another document. */
const MEMBERS: ReadonlySet<string> = new Set(["query", "operationName", "variables", "extensions"]);

/**
 * Refuses a request whose answer a directive for GraphQL could not judge. In GraphQL the caller chooses the names of an
 * answer's members, and selectors go by names: so the document has to be seen here, as the upstream will see it, and must
 * rename nothing.
 */
export function refuseGraphql({ method, path }: RequestFacts, body: Body | undefined): Deny | undefined {
	if (method !== "POST") return unread("not a POST");
	// Many servers read the parameters of the URL as well, and some prefer them.
	if (path.includes("?")) return unread("the URL has a query string");
	if (body === undefined) return unread("the body is not read here");
	if (body.kind === "malformed") return denial("body_malformed", body.message);
	if (body.kind !== "json" || body.state !== "parsed") return unread(`the body is ${body.state}`);
	const { bytes, start, end } = body.json;
	const request = JSON.parse(bytes.toString("utf8", start, end)) as unknown;
	if (typeof request !== "object" || request === null || Array.isArray(request))
		return unread("the body is no object: requests in a batch are not judged");
	const { query, extensions } = request as { readonly query?: unknown; readonly extensions?: unknown };
	const foreign = Object.keys(request).find((key) => !MEMBERS.has(key));
	if (foreign !== undefined) return unread(`the body has a member ${JSON.stringify(foreign)}`);
	if (typeof query !== "string") return unread("the body has no document");
	if (typeof extensions === "object" && extensions !== null && "persistedQuery" in extensions)
		return unread("a persisted query");
	const why = findRenaming(query);
	return why === undefined ? undefined : denial("graphql_renamed", why);
}

function unread(why: string): Deny {
	return denial("graphql_unread", why);
}
