import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { until } from "../support/until.ts";
import { type Fleet, startFleet } from "../support/worker-fleet.ts";

const HOOK = pathToFileURL(join(import.meta.dirname, "../support/note-loads.mjs")).href;
const PLAIN =
	'package envoy.authz\n\ndefault allow := false\n\nallow if input.attributes.request.http.path == "/plain"\n';
const CALLING = `package envoy.authz

default allow := false

allow if {
	regex.match("^/call(ing)?$", input.attributes.request.http.path)
	yaml.unmarshal("a: [1, 2]").a[1] == 2
	semver.compare("1.2.0", "1.10.0") == -1
}
`;

let fleet: Fleet;
afterEach(() => fleet.clear());

async function start(workers: number): Promise<void> {
	fleet = await startFleet({ policy: PLAIN, workers, env: { NODE_OPTIONS: `--import ${HOOK}` } });
}

/** Packages that a process has loaded, and files of `src` with the folders that hold them. */
async function loaded(kind: "worker" | "serve", pid: number | undefined): Promise<ReadonlySet<string>> {
	const text = await readFile(join(fleet.folder, `loads-${kind}-${pid}`), "utf8");
	return new Set(
		text.split("\n").flatMap((url) => {
			const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
			if (packaged !== null) return [packaged[1] as string];
			const file = url.replace(/^.*\/src\//, "").replace(/\.ts$/, "");
			return [file, file.replace(/\/[^/]*$/, "")];
		}),
	);
}

/** What none of them needs here: no token is judged, no policy calls it, no port has TLS. */
const NOWHERE = [
	"jose",
	"re2js",
	"prom-client",
	"@opentelemetry/api",
	"@grpc/grpc-js",
	"policy/builtins/graphql",
];
const OF_CONFIGURATION = ["zod", "yaml"];

const loadedOf = (names: readonly string[], all: ReadonlySet<string>): readonly string[] =>
	names.filter((name) => all.has(name));

test("a worker loads what answers calls, and neither the reader of the configuration nor what its policy does not call", async () => {
	await start(1);
	const [worker] = await fleet.workers();
	expect(await fleet.check(1, "/plain")).toMatchObject({ code: 0 });
	const all = await loaded("worker", worker?.pid);
	expect([...all]).toEqual(
		expect.arrayContaining(["serve/workers", "envoy/ext-authz", "policy/wasm", "pino"]),
	);
	expect(loadedOf([...NOWHERE, ...OF_CONFIGURATION, "admin/http", "policy/builtins/yaml"], all)).toEqual([]);
});

test("what a policy calls is loaded with it, also when it comes later", async () => {
	await start(1);
	const [worker] = await fleet.workers();
	expect(await fleet.check(1, "/calling")).toMatchObject({ code: 7 });
	await fleet.deploy(CALLING, "second");
	await until(async () => (await fleet.workers())[0]?.policy?.active?.revision === "second");
	expect(await fleet.check(1, "/calling")).toMatchObject({ code: 0 });
	expect(await fleet.check(1, "/other")).toMatchObject({ code: 7 });
	const all = await loaded("worker", worker?.pid);
	expect(
		loadedOf(["re2js", "yaml", "policy/builtins/yaml", "jose", "zod", "policy/builtins/graphql"], all),
	).toEqual(["re2js", "yaml", "policy/builtins/yaml"]);
});

test("a process without workers loads neither what judges tokens nor what its policy does not call", async () => {
	await start(0);
	expect(await fleet.check(0, "/plain")).toMatchObject({ code: 0 });
	const all = await loaded("serve", fleet.child.pid);
	expect(loadedOf(OF_CONFIGURATION, all)).toEqual(OF_CONFIGURATION);
	expect(loadedOf([...NOWHERE, "policy/builtins/yaml", "serve/workers"], all)).toEqual([]);
});

test("what starting left behind is given back by each process", async () => {
	const collections = async (kind: string, pid: number | undefined): Promise<readonly string[]> =>
		(await readFile(join(fleet.folder, `collections-${kind}-${pid}`), "utf8")).trimEnd().split("\n");
	const whole = JSON.stringify({ type: "major", execution: "sync", flavor: "last-resort" });
	await start(1);
	const [worker] = await fleet.workers();
	expect(await collections("serve", fleet.child.pid)).toEqual([whole]);
	expect(await collections("worker", worker?.pid)).toEqual([whole]);
	// The spare, which has no orders, does so by itself.
	const spare = (): string | undefined =>
		readdirSync(fleet.folder).find(
			(name) => /^collections-worker-/.test(name) && !name.endsWith(`-${worker?.pid}`),
		);
	await until(() => spare() !== undefined);
	await fleet.clear();
	await start(0);
	expect(await collections("serve", fleet.child.pid)).toEqual([whole]);
});
