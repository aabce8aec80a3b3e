import { describe, expect, test } from "@jest/globals";
import { loadConfig } from "../../../src/config/load.ts";
import { inFolder, writeSources } from "../../support/policy.ts";

const load = (yaml: string, env: Readonly<Record<string, string>> = {}) =>
	inFolder(async (folder) => {
		await writeSources(folder, { "postern.yaml": yaml });
		return loadConfig({ folder, env });
	});

const COMPAT = "policy: {bundle: b.tar.gz, compat: opa-envoy-plugin}\n";
const JWT = "identity: {jwt: {issuer: i, audiences: [a], jwks: k.json}}\n";

describe("the profile of opa-envoy-plugin", () => {
	test("leaves bodies to the policy, and has neither hand-off nor identity headers", async () => {
		const config = await load(COMPAT);
		expect(config.request.unread_bodies).toBe("allow");
		expect(config.fields.enabled).toBe(false);
		expect(config.identity.headers).toEqual({ id: "off", issuer: "off" });
		// What a path means is never left open.
		expect(config.request.ambiguous_paths).toBe("refuse");
	});

	test("with Postern's own keys it has both", async () => {
		const config = await load("policy: {bundle: b.tar.gz, compat: opa-envoy-plugin, extensions: true}\n");
		expect(config.fields.enabled).toBe(true);
		expect(config.identity.headers).toEqual({ id: "x-postern-id", issuer: "x-postern-issuer" });
		expect(config.request.unread_bodies).toBe("allow");
	});

	test("where callers are identified their headers are set", async () => {
		expect((await load(COMPAT + JWT)).identity.headers.id).toBe("x-postern-id");
	});

	test("file and environment win over it", async () => {
		const config = await load(`${COMPAT}request: {unread_bodies: refuse}\nfields: {enabled: true}\n`);
		expect([config.request.unread_bodies, config.fields.enabled]).toEqual(["refuse", true]);
		expect((await load(COMPAT, { POSTERN_FIELDS_ENABLED: "true" })).fields.enabled).toBe(true);
		const named = await load(`${COMPAT}identity: {headers: {id: x-who}}\n`);
		expect(named.identity.headers).toEqual({ id: "x-who", issuer: "off" });
	});

	test("may come from the environment itself", async () => {
		const config = await load("policy: {bundle: b.tar.gz}\n", { POSTERN_POLICY_COMPAT: "opa-envoy-plugin" });
		expect(config.fields.enabled).toBe(false);
	});

	test("the strict one has none of it", async () => {
		const config = await load("policy: {bundle: b.tar.gz}\n");
		expect([config.request.unread_bodies, config.fields.enabled]).toEqual(["refuse", true]);
	});
});
