import { readCheckRequest } from "../../src/envoy/ext-authz/check-request.ts";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { parsePath } from "../../src/request/path.ts";
import { checkDeps } from "../support/check-deps.ts";
import { askOnce } from "../support/envoy/ask-once.ts";
import { callHttp2 } from "../support/envoy/client.ts";
import type { EnvoyConfig } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { readingsOf } from "../support/path-readings.ts";
import { policyOf } from "../support/policy.ts";
import { type RawClient, rawClient } from "./raw-client.ts";

/** Every way in which Envoy can be told to normalise paths. */
export const SETTINGS = {
	"nothing (Envoy's defaults)": {},
	normalize_path: { normalize_path: true },
	"normalize_path, merge_slashes, KEEP_UNCHANGED": together("KEEP_UNCHANGED"),
	"normalize_path, merge_slashes, REJECT_REQUEST": together("REJECT_REQUEST"),
	"normalize_path, merge_slashes, UNESCAPE_AND_REDIRECT": together("UNESCAPE_AND_REDIRECT"),
	"normalize_path, merge_slashes, UNESCAPE_AND_FORWARD": together("UNESCAPE_AND_FORWARD"),
} as const;

export type Setting = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as Setting[];

function together(action: string) {
	return { normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: action };
}

/** All but `/admin` is public: the policy that the most can be sneaked past. */
const POLICY = `package envoy.authz

import data.postern.lib.paths

default allow := {"allowed": false, "reason": "closed"}

allow := {"allowed": true} if not paths.under("/admin", input.parsed_path)
`;

/** What became of the requests under one setting. */
export interface Row {
	readonly setting: Setting;
	readonly sent: number;
	/** Answered by Envoy, redirects among them; nobody was asked. */
	refusedByEnvoy: number;
	/** By Postern before the policy: `path_ambiguous`, or a query that nobody can read. */
	refusedBefore: number;
	refusedByPolicy: number;
	passed: number;
	/** Passed, and read as a path below `/admin` by some upstream. Must be 0. */
	readonly reached: string[];
	/** Passed, but not as it was shown. Must be 0. */
	readonly changed: string[];
	/** What the same policy would have let through to some upstream's `/admin`, had it judged the raw path… */
	rawWouldPass: number;
	/** …or the path decoded once, as opa-envoy-plugin does. */
	decodedWouldPass: number;
}

interface Shown {
	/** The path in the Check, one character per byte. */
	readonly path: string;
	readonly reason: string;
}

export interface Experiment {
	run(setting: Setting, paths: readonly string[]): Promise<Row>;
	/** The same by HTTP/2. */
	run2(setting: Setting, paths: readonly string[]): Promise<Row>;
	close(): Promise<void>;
}

const WORKERS = 8;
const MAX_REDIRECTS = 3;

/** Envoy with one listener per setting, Postern with a compiled policy, and an upstream that notes what it gets. */
export async function startExperiment(): Promise<Experiment> {
	const policy = await policyOf(POLICY);
	const variants = Object.fromEntries(
		SETTING_NAMES.map((name) => [
			name,
			(manager: EnvoyConfig) => {
				delete manager.normalize_path;
				delete manager.merge_slashes;
				delete manager.path_with_escaped_slashes_action;
				Object.assign(manager, SETTINGS[name]);
			},
		]),
	);
	const mesh: Mesh = await startMesh({ change: askOnce, variants });
	const shown = new Map<string, Shown[]>();
	let reason = "";
	const audit = {
		write: (record: { readonly type: string; readonly reason?: string }) => {
			reason = record.reason ?? "";
			return true;
		},
		flush: async () => {},
		close: async () => {},
	};
	const active = { ...policy, serial: 1 };
	const service = createCheckService(checkDeps(active, { audit }));
	mesh.checkBy((request) => {
		const answer = service.check(request, {}) as Buffer;
		const { path, id } = seenIn(request);
		const list = shown.get(id) ?? [];
		list.push({ path, reason });
		shown.set(id, list);
		return answer;
	});
	await mesh.settle();
	let next = 0;

	async function run(
		setting: Setting,
		paths: readonly string[],
		send: (port: number) => { one(path: string, id: string): Promise<void>; close(): void },
	): Promise<Row> {
		shown.clear();
		mesh.upstream.clear();
		const port = mesh.envoy.variants[setting] as number;
		const ids = paths.map((path) => [`c${next++}`, path] as const);
		const queue = [...ids];
		await Promise.all(
			Array.from({ length: WORKERS }, async () => {
				const client = send(port);
				for (let one = queue.pop(); one !== undefined; one = queue.pop()) await client.one(one[1], one[0]);
				client.close();
			}),
		);
		return count(
			setting,
			ids.map(([id]) => id),
			shown,
			arrivals(mesh),
		);
	}

	return {
		run: (setting, paths) =>
			run(setting, paths, (port) => {
				const client = rawClient(port);
				return { one: (path, id) => follow(client, path, id), close: client.close };
			}),
		run2: (setting, paths) =>
			run(setting, paths, (port) => ({
				one: async (path, id) => {
					await callHttp2(port, { path, headers: [["x-case", id]] });
				},
				close: () => {},
			})),
		async close() {
			await mesh.close();
		},
	};
}

/** As a client would: a redirect to the path that Envoy would rather see is followed. */
async function follow(client: RawClient, path: string, id: string): Promise<void> {
	let target: string | undefined = path;
	for (let hop = 0; target !== undefined && hop <= MAX_REDIRECTS; hop++) {
		const { status, location } = await client.get(target, [["x-case", id]]);
		target = status >= 300 && status < 400 ? location?.replace(/^https?:\/\/[^/]*/, "") : undefined;
	}
}

function seenIn(request: Buffer): { readonly path: string; readonly id: string } {
	const { bytes, http } = readCheckRequest(request);
	if (http === undefined) throw new Error("a Check without HTTP");
	const spans = http.headerMap ?? http.headers;
	const text = (start = 0, end = 0): string => bytes.toString("latin1", start, end);
	for (let at = 0; at < spans.length; at += 4) {
		if (text(spans[at], spans[at + 1]) === "x-case") {
			return { path: text(http.path.start, http.path.end), id: text(spans[at + 2], spans[at + 3]) };
		}
	}
	throw new Error("a Check without its case");
}

/** Path by case, as the upstream got it. */
function arrivals(mesh: Mesh): ReadonlyMap<string, string> {
	return new Map(
		mesh.upstream.seen.map(({ path, headers }) => [
			headers.find(([name]) => name === "x-case")?.[1] ?? "",
			path,
		]),
	);
}

function count(
	setting: Setting,
	ids: readonly string[],
	shown: ReadonlyMap<string, readonly Shown[]>,
	arrived: ReadonlyMap<string, string>,
): Row {
	const row: Row = {
		setting,
		sent: ids.length,
		refusedByEnvoy: 0,
		refusedBefore: 0,
		refusedByPolicy: 0,
		passed: 0,
		reached: [],
		changed: [],
		rawWouldPass: 0,
		decodedWouldPass: 0,
	};
	for (const id of ids) {
		const last = shown.get(id)?.at(-1);
		const seen = arrived.get(id);
		if (last === undefined) row.refusedByEnvoy++;
		else if (last.reason === "path_ambiguous" || last.reason === "request_malformed") row.refusedBefore++;
		else if (last.reason !== "allowed") row.refusedByPolicy++;
		if (seen !== undefined) {
			row.passed++;
			if (isAdmin(seen)) row.reached.push(seen);
			if (seen !== last?.path || last.reason !== "allowed") row.changed.push(seen);
		}
		const judged = shown.get(id)?.map(({ path }) => path) ?? [];
		if (judged.some((path) => isAdmin(path) && rawAllows(path))) row.rawWouldPass++;
		if (judged.some((path) => isAdmin(path) && decodedAllows(path))) row.decodedWouldPass++;
	}
	return row;
}

const withoutQuery = (path: string): string => path.replace(/\?.*$/s, "");

/** Whether some upstream takes the path for one below `/admin`. */
export function isAdmin(path: string): boolean {
	return readingsOf(withoutQuery(path)).some(([first]) => first === "admin");
}

function rawAllows(path: string): boolean {
	return withoutQuery(path).split("/")[1] !== "admin";
}

function decodedAllows(path: string): boolean {
	const bytes = Buffer.from(path, "latin1");
	const parsed = parsePath(bytes, 0, bytes.length);
	return parsed.ok && parsed.segments[0] !== "admin";
}
