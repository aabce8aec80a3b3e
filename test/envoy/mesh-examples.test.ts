import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { createCertificates } from "../support/envoy/certificates.ts";
import type { EnvoyConfig } from "../support/envoy/envoy-process.ts";
import { envoyExamples } from "../support/envoy-examples.ts";
import { checkTexts } from "../support/mesh-check.ts";
import { ROOT } from "../support/source-tree.ts";

/**
 * The examples are Envoy's own words: the real Envoy takes the good ones and, which is what makes them dangerous, the
 * bad ones too.
 */

const TYPE = "type.googleapis.com";
/** Bad examples that Envoy refuses, as their pages say. */
const REFUSED: ReadonlySet<string> = new Set(["field_unknown", "field_unchecked", "value_unknown"]);
/** What the examples call besides Postern and the upstream. */
const OTHERS = ["other", "masker", "gatekeeper", "legacy", "scanner", "shadow"];

let folder = "";
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "postern-examples-"));
	const { files } = await createCertificates();
	for (const [name, source] of [
		["edge.pem", files.certificate],
		["edge.key", files.key],
		["callers.pem", files.authority],
		["authority.pem", files.authority],
	] as const) {
		writeFileSync(join(folder, name), readFileSync(source));
	}
	for (const name of ["clusters.yaml", "discovery.yaml"])
		writeFileSync(join(folder, name), "resources: []\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function documentsOf(text: string): readonly EnvoyConfig[] {
	const here = text.replaceAll("/etc/envoy/", `${folder}/`).replaceAll("/var/log/envoy/", `${folder}/`);
	return parseAllDocuments(here, { uniqueKeys: false }).map((document) => document.toJS());
}

const ROUTER = {
	name: "router",
	typed_config: { "@type": `${TYPE}/envoy.extensions.filters.http.router.v3.Router` },
};
const ROUTES = {
	virtual_hosts: [
		{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
	],
};
const cluster = (name: string) => ({
	name,
	connect_timeout: "1s",
	load_assignment: { cluster_name: name, endpoints: [] },
});
const listener = (http_filters: unknown, route_config: unknown = ROUTES) => ({
	filter_chains: [
		{
			filters: [
				{
					name: "manager",
					typed_config: {
						"@type": `${TYPE}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
						stat_prefix: "x",
						route_config,
						http_filters,
					},
				},
			],
		},
	],
});

/** A whole configuration around the documents of examples, each in a listener or a cluster of its own. */
function around(
	examples: readonly (readonly [code: string, documents: readonly EnvoyConfig[]])[],
): EnvoyConfig {
	const listeners: EnvoyConfig[] = [];
	const clusters: EnvoyConfig[] = ["postern", "upstream", ...OTHERS].map(cluster);
	for (const [code, documents] of examples) {
		for (const document of documents) {
			if (document.filter_chains !== undefined) listeners.push({ ...document, name: code });
			else if (document.virtual_hosts !== undefined) {
				if (documents.length === 1) listeners.push({ name: code, ...listener([ROUTER], document) });
			} else if (document.load_assignment !== undefined) clusters.push({ ...document, name: code });
			else if (document.http_filters !== undefined)
				listeners.push({ name: code, ...listener(document.http_filters) });
			else if (document.typed_config !== undefined)
				listeners.push({ name: code, ...listener([document, ROUTER]) });
			else if (code !== "document_unknown") throw new Error(`${code}: what is this?`);
		}
	}
	for (const [index, each] of listeners.entries()) {
		each.address = { socket_address: { address: "127.0.0.1", port_value: 20_000 + index } };
	}
	return { node: { id: "n", cluster: "c" }, static_resources: { listeners, clusters } };
}

/** What Envoy says against a configuration; empty when it takes it. */
function refusal(config: EnvoyConfig): string {
	const file = join(folder, "envoy.json");
	writeFileSync(file, JSON.stringify(config));
	const run = spawnSync("envoy", ["--mode", "validate", "-c", file, "--log-level", "error"], {
		encoding: "utf8",
	});
	return run.status === 0 ? "" : `${run.stderr}${run.stdout}`.slice(0, 2000);
}

const isWhole = (documents: readonly EnvoyConfig[]): boolean =>
	documents.some((each) => each?.static_resources !== undefined);
const isEnvoys = (documents: readonly EnvoyConfig[]): boolean =>
	documents.every((each) => each?.kind === undefined);

describe.each(["good", "bad"] as const)("the %s examples", (which) => {
	test("are taken by the real Envoy", () => {
		const all = envoyExamples()
			.filter(({ code }) => which === "good" || !REFUSED.has(code))
			.map((example) => [example.code, documentsOf(example[which])] as const)
			.filter(([, documents]) => isEnvoys(documents));
		expect(all.length).toBeGreaterThan(120);
		const parts = all.filter(([, documents]) => !isWhole(documents));
		// All at once; one by one only to tell which it is.
		if (refusal(around(parts)) !== "") {
			for (const part of parts) expect([part[0], refusal(around([part]))]).toEqual([part[0], ""]);
		}
		for (const [code, [whole]] of all.filter(([, documents]) => isWhole(documents))) {
			expect([code, refusal({ node: { id: "n", cluster: "c" }, ...whole })]).toEqual([code, ""]);
		}
	});
});

test.each([...REFUSED])("the bad example of %s is refused", (code) => {
	const example = envoyExamples().find((each) => each.code === code);
	expect(refusal(around([[code, documentsOf(example?.bad ?? "")]]))).not.toBe("");
});

/** Whatever a folder ships that is Envoy's, or a control plane's. */
function shipped(folder: string): readonly string[] {
	return readdirSync(join(ROOT, folder), { recursive: true })
		.map((name) => join(folder, String(name)))
		.filter((name) => /\.(?:ya?ml|json)$/.test(name) && !name.includes("node_modules"))
		.filter((name) => readFileSync(join(ROOT, name), "utf8").includes("type.googleapis.com/envoy."));
}

test("every configuration of envoy/ and examples/ is free of errors and warnings, but that streams may be cut", () => {
	const files = [...shipped("envoy"), ...shipped("examples")];
	expect(files).toContain("envoy/authz-and-fields.yaml");
	for (const file of files) {
		const { findings } = checkTexts({ [file]: readFileSync(join(ROOT, file), "utf8") });
		const found = findings.filter(({ severity }) => severity !== "note").map(({ code }) => code);
		const streams = file === "envoy/authz-and-fields-streaming.yaml";
		expect([file, found]).toEqual([file, streams ? ["proc_body_streamed"] : []]);
	}
});
