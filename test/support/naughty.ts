import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenIssuer } from "./token-issuer.ts";

/** What the public list lacks: line ends, NUL, controls, marks that other formats end at, and long ones. */
const OWN: readonly string[] = [
	...[
		"\r\n",
		"a\nb",
		"a\rb",
		"\0",
		"a\0b",
		"\u0001\u0002\u001b[31m",
		"\u007f",
		"\u0085",
		"\u2028\u2029",
		"\ufeff",
		"\ufffd",
	],
	...[
		'"',
		"\\",
		"\\u0000",
		"\\n",
		'{"type":"decision"}',
		'"}\n{"verdict":"allow"}',
		"\u{1f600}\u0000\u{10ffff}",
		"__proto__",
	],
	...[
		"constructor",
		"postern",
		"envoy.filters.http.ext_authz",
		"%",
		"%2e%2e%2f",
		"%zz",
		"..",
		".",
		"/",
		"//",
		";",
		"?",
		"#",
	],
	...[
		"é".repeat(400),
		"a".repeat(1200),
		"\u202e\u0301",
		"0",
		"-0",
		"1e400",
		"9007199254740993",
		"true",
		"null",
		"\t \t",
	],
];

/** The list of naughty strings, where the corpora are there, and our own in any case; each once. */
export function naughtyStrings(corpora: string | undefined): readonly string[] {
	const listed =
		corpora === undefined
			? []
			: (JSON.parse(readFileSync(join(corpora, "text", "blns.json"), "utf8")) as readonly string[]);
	return [...new Set([...OWN, ...listed])];
}

/** A policy that allows everything, and tells in a header what it saw of it. */
export const TELLING_POLICY = `package envoy.authz

http := input.attributes.request.http

seen := {
	"path": http.path,
	"segments": input.parsed_path,
	"query": input.parsed_query,
	"header": object.get(http, ["headers", "x-naughty"], null),
	"listed": [value | some entry in input.headers_list; entry[0] == "x-naughty"; value := entry[1]],
	"body": input.parsed_body,
	"state": input.body_state,
	"claims": object.get(input.identity, "claims", null),
	"id": object.get(input.identity, "id", null),
	"roles": object.get(input.identity, "roles", null),
}

allow := {"allowed": true, "response_headers_to_add": {"x-seen": base64.encode(json.marshal(seen))}}
`;

/** What the policy says that it saw. */
export interface Seen {
	readonly path: string;
	readonly segments: readonly string[];
	readonly query: Readonly<Record<string, readonly string[]>>;
	readonly header: string | null;
	readonly listed: readonly string[];
	readonly body: unknown;
	readonly state: string;
	readonly claims: Readonly<Record<string, unknown>> | null;
	readonly id: string | null;
	readonly roles: readonly string[] | null;
}

export function readSeen(header: string): Seen {
	return JSON.parse(Buffer.from(header, "base64").toString("utf8")) as Seen;
}

/** One request that carries the string in one place, and what of it the policy must see if it sees it at all. */
export interface Carrier {
	readonly place: string;
	readonly method: "GET" | "POST";
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: Buffer;
	readonly arrived: (seen: Seen) => unknown;
	readonly wanted: unknown;
	/** It may be refused instead, with this status. */
	readonly refusal?: number;
}

/** The string as path, query, header, bodies and claims. */
export async function carriersOf(text: string, issuer: TokenIssuer): Promise<readonly Carrier[]> {
	const escaped = encodeURIComponent(text);
	const get = { method: "GET", headers: {} } as const;
	const post = (type: string, body: string | Buffer) =>
		({ method: "POST", path: "/b", headers: { "content-type": type }, body: Buffer.from(body) }) as const;
	const whole = JSON.stringify({ v: text, [text]: [text] });
	const ascii = whole.replace(
		/[\u007f-\uffff]/g,
		(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
	const part = `--x\r\ncontent-disposition: form-data; name="v"\r\n\r\n${text}\r\n--x--\r\n`;
	const claims = await issuer.sign({ note: text, roles: [text], [text]: 1 });
	const subject = await issuer.sign({ sub: text });
	return [
		{
			...get,
			place: "path",
			path: `/p/${escaped}`,
			arrived: ({ segments }) => segments.slice(1).join("/"),
			wanted: text,
			refusal: 403,
		},
		{
			...get,
			place: "query",
			path: `/q?v=${escaped}&${escaped}=v`,
			arrived: ({ query }) => query["v"]?.[0],
			wanted: text,
		},
		{
			...get,
			place: "header",
			path: "/h",
			headers: { "x-naughty": text },
			arrived: ({ header, listed }) => [header, listed],
			wanted: [text, [text]],
		},
		{
			...post("application/json", whole),
			place: "json",
			arrived: ({ body }) => body,
			wanted: JSON.parse(whole),
		},
		{
			...post("application/json", ascii),
			place: "json in ASCII",
			arrived: ({ body }) => body,
			wanted: JSON.parse(whole),
		},
		{
			...post("application/x-www-form-urlencoded", `v=${escaped}`),
			place: "form",
			arrived: ({ body }) => body,
			wanted: { v: [text] },
			refusal: 403,
		},
		{
			...post("multipart/form-data; boundary=x", part),
			place: "multipart",
			arrived: ({ body }) => body,
			wanted: { v: [text] },
		},
		{
			...get,
			place: "claims",
			path: "/c",
			headers: { authorization: `Bearer ${claims}` },
			arrived: ({ claims, roles }) => [claims?.["note"], Object.hasOwn(claims ?? {}, text), roles],
			wanted: [text, true, [text]],
		},
		{
			...get,
			place: "subject",
			path: "/c",
			headers: { authorization: `Bearer ${subject}` },
			arrived: ({ id }) => id,
			wanted: text,
			refusal: 401,
		},
	];
}
