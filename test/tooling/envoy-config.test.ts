import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { envoyAddress, renderEnvoyConfig } from "../../scripts/envoy-config.mjs";

const place = (name: string): string => `\${${name}}`;

describe("filling in an Envoy configuration", () => {
	test("every place gets its value", () => {
		expect(
			renderEnvoyConfig(`a: ${place("A_B")}\nb: ${place("C")} ${place("A_B")}`, { A_B: 1, C: "x" }),
		).toBe("a: 1\nb: x 1");
	});

	test("a place without a value, and a value without a place, are errors", () => {
		expect(() => renderEnvoyConfig(place("A"), {})).toThrow(`no value for ${place("A")}`);
		expect(() => renderEnvoyConfig(place("A"), { A: 1, B: 2 })).toThrow("no place for B");
		expect(() => renderEnvoyConfig(place("TO_STRING"), {})).toThrow("TO_STRING");
	});

	test.each([
		["127.0.0.1:9191", { socket_address: { address: "127.0.0.1", port_value: 9191 } }],
		["[::1]:80", { socket_address: { address: "::1", port_value: 80 } }],
		["unix:///run/p.sock", { pipe: { path: "/run/p.sock" } }],
		["unix:p.sock", { pipe: { path: "p.sock" } }],
	])("address %s", (address, expected) => {
		expect(parse(envoyAddress(address))).toEqual(expected);
	});

	test.each(["nowhere", ":80", "host:port"])("%s is no address", (address) => {
		expect(() => envoyAddress(address)).toThrow("not an address");
	});
});

test("the shipped configuration keeps the settings that everything rests on", async () => {
	const text = await readFile(resolve(import.meta.dirname, "../../envoy/authz-and-fields.yaml"), "utf8");
	const names = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name ?? "");
	const tree = parse(renderEnvoyConfig(text, Object.fromEntries(names.map((name) => [name, 1]))), {
		maxAliasCount: -1,
	});
	for (const listener of tree.static_resources.listeners) {
		const manager = listener.filter_chains[0].filters[0].typed_config;
		const [compressor, authz, extProc, router] = manager.http_filters;
		expect(
			[compressor.name, authz.name, extProc.name, router.name].map((name: string) => name.split(".").at(-1)),
		).toEqual(["compressor", "ext_authz", "ext_proc", "router"]);
		expect(authz.typed_config).toMatchObject({
			failure_mode_allow: false,
			validate_mutations: true,
			encode_raw_headers: true,
		});
		expect(extProc.typed_config.xds_matcher.on_no_match).toBeUndefined();
		expect(extProc.typed_config.extension_config.typed_config).toMatchObject({
			failure_mode_allow: false,
			processing_mode: {
				response_header_mode: "SEND",
				response_body_mode: "BUFFERED",
				response_trailer_mode: "SEND",
			},
			metadata_options: { forwarding_namespaces: { untyped: ["envoy.filters.http.ext_authz"] } },
		});
		expect(extProc.typed_config.extension_config.typed_config.response_attributes).toContain(
			"response.code_details",
		);
		expect(listener.per_connection_buffer_limit_bytes).toBe(
			manager.http2_protocol_options.initial_stream_window_size,
		);
	}
});
