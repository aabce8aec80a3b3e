import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Paths by which `/admin/keys` may be reached past a policy, of every kind that the threat model names. */
export const OWN_PATHS: readonly string[] = [
	...["/admin/keys", "/%61dmin/keys", "/admin%2fkeys", "/admin%2Fkeys", "/admin%252fkeys", "/%2561dmin/keys"],
	...["//admin/keys", "///admin/keys", "/public//../admin/keys", "//public/../admin/keys", "/%2fadmin/keys"],
	...[
		"/./admin/keys",
		"/public/../admin/keys",
		"/public/./../admin/keys",
		"/%2e/admin/keys",
		"/public/%2e%2e/admin/keys",
	],
	...[
		"/public/.%2e/admin/keys",
		"/public/%2E./admin/keys",
		"/public/%252e%252e/admin/keys",
		"/public/..%2fadmin/keys",
	],
	...[
		"/public/..%2Fadmin/keys",
		"/public%2f..%2fadmin%2fkeys",
		"/public/..%252fadmin/keys",
		"/public/..%255cadmin/keys",
	],
	...[
		"/public/..;/admin/keys",
		"/public/..;x=1/admin/keys",
		"/public/;/../admin/keys",
		"/;x/admin/keys",
		"/;/admin/keys",
	],
	...["/admin;v=1/keys", "/admin%3bv/keys", "/public/..%3b/admin/keys", "/public/%2e%2e;/admin/keys"],
	...[
		"/public\\..\\admin\\keys",
		"/public/..\\admin/keys",
		"\\admin\\keys",
		"/\\admin/keys",
		"/public/..%5cadmin%5ckeys",
	],
	...["/%5cadmin%5ckeys", "/public%5c..%5cadmin/keys", "/public/..%5Cadmin/keys"],
	...[
		"/admin%00/keys",
		"/public/..%00/admin/keys",
		"/%00/admin/keys",
		"/admin/keys%00.png",
		"/public%00/../admin/keys",
	],
	...[
		"/admin%23/keys",
		"/admin#/keys",
		"/public%3f/../admin/keys",
		"/admin%3fx/keys",
		"/public/%23/../../admin/keys",
	],
	...[
		"/public/%c0%ae%c0%ae/admin/keys",
		"/%c0%afadmin/keys",
		"/public/..%c0%afadmin/keys",
		"/public/%e0%80%ae%e0%80%ae/admin",
	],
	...["/public/%uff0e%uff0e/admin/keys", "/%u002e%u002e/admin/keys", "/public/%ef%bc%8e%ef%bc%8e/admin/keys"],
	...[
		"/%ef%bc%8fadmin/keys",
		"/public/..%ef%bc%8fadmin/keys",
		"/public/%ff/../../admin/keys",
		"/admin%ff/../admin/keys",
	],
	...[
		"/%zz/../admin/keys",
		"/public/%/../admin/keys",
		"/public/../../../../admin/keys",
		"/public/a/../../admin/keys",
	],
	...[
		"/public/..//admin/keys",
		"/public/.//../admin/keys",
		"/public/...//../../admin/keys",
		"/public/%2e%2e%2fadmin%2fkeys",
	],
	...[
		"/public/%252e%252e%252fadmin/keys",
		"/public/%25252e%25252e/admin/keys",
		"http://evil.test/admin/keys",
		"*/admin/keys",
	],
	...[
		"/public/..\t/admin/keys",
		"/public/%09../admin/keys",
		"/public/%20/../../admin/keys",
		"/public/..%0d%0a/admin/keys",
	],
];

/** Paths that mean one thing: they must pass, or a wall would be the best of all proxies. */
export const HONEST_PATHS: readonly string[] = [
	...[
		"/",
		"/public",
		"/public/logo.png",
		"/public/a/b/c/",
		"/.well-known/x",
		"/public/caf%C3%A9",
		"/public/a%20b",
	],
	...[
		"/public/a..b",
		"/public/...",
		"/administrator",
		"/public/admin",
		"/public?next=/admin/keys",
		"/public?x=..%2fadmin",
	],
];

/**
 * Two paths for each line of the traversal lists: the line itself, and the line below `/public`. What the lines are after
 * (a file of the system) becomes `/admin/keys`.
 */
export function listedPaths(corpora: string): readonly string[] {
	const folder = join(corpora, "paths");
	if (!existsSync(folder)) return [];
	const paths = new Set<string>();
	for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
		for (const line of readFileSync(join(folder, file), "latin1").split("\n")) {
			const aimed = aim(line.replace(/\r$/, ""));
			// These two end a request line; nobody can send them.
			if (aimed === "" || /[ \n]/.test(aimed)) continue;
			const rooted = aimed.startsWith("/") ? aimed : `/${aimed}`;
			paths.add(rooted).add(`/public${rooted}`);
		}
	}
	return [...paths];
}

function aim(line: string): string {
	const aimed = line
		.replaceAll("{FILE}", "admin/keys")
		.replace(/etc(?=.{1,12}passwd)/i, "admin")
		.replace(/passwd|boot\.ini|win\.ini/i, (name) =>
			line.includes("etc") && name === "passwd" ? "keys" : "admin/keys",
		);
	return /admin/.test(aimed) ? aimed : `${aimed}/admin/keys`;
}
