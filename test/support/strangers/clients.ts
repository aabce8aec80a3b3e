import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import type { Packages } from "./packages.ts";

const run = promisify(execFile);

export interface Fetched {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface Asked {
	readonly method?: string;
	readonly json?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

/** A client that nobody here wrote. */
export type Client = (url: string, asked?: Asked) => Promise<Fetched>;

function curl(...options: readonly string[]): Client {
	return async (url, { method = "GET", json, headers = {} } = {}) => {
		const args = [
			"--silent",
			"--show-error",
			"--include",
			"--max-time",
			"20",
			"--request",
			method,
			...options,
		];
		if (json !== undefined) args.push("--json", JSON.stringify(json));
		for (const [name, value] of Object.entries(headers)) args.push("--header", `${name}: ${value}`);
		const { stdout } = await run("curl", [...args, url], { maxBuffer: 1 << 26 });
		const end = stdout.indexOf("\r\n\r\n");
		const [start = "", ...lines] = stdout.slice(0, end).split("\r\n");
		const read = lines.map((line) => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
		});
		return {
			status: Number(start.split(" ")[1]),
			headers: Object.fromEntries(read),
			body: stdout.slice(end + 4),
		};
	};
}

/** Prints what `requests` got, as JSON. */
const REQUESTS = `import json,sys,requests
a=json.loads(sys.argv[1])
r=requests.request(a["method"],a["url"],json=a.get("json"),headers=a["headers"],allow_redirects=False,timeout=20)
print(json.dumps({"status":r.status_code,"headers":{k.lower():v for k,v in r.headers.items()},"body":r.text}))`;

function pythonRequests(python: string): Client {
	return async (url, { method = "GET", json, headers = {} } = {}) => {
		const asked = JSON.stringify({ url, method, json, headers });
		const env = { ...process.env, PYTHONPATH: python };
		const { stdout } = await run("python3", ["-c", REQUESTS, asked], { env, maxBuffer: 1 << 26 });
		return JSON.parse(stdout) as Fetched;
	};
}

/** Clients by name. */
export const clientsOf = ({ python }: Packages): Readonly<Record<string, Client>> => ({
	"curl, HTTP/1.1": curl("--http1.1"),
	"curl, HTTP/1.1, compressed": curl("--http1.1", "--compressed"),
	"curl, HTTP/2": curl("--http2-prior-knowledge"),
	"Python requests": pythonRequests(python),
});
