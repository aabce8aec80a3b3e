import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import type { EnvoyConfig } from "./envoy-process.ts";

/** Envoy's side of mutual TLS with Postern, by files that it watches. */
export interface EnvoySecrets {
	/** Replaces what Envoy shows, and whom it believes. */
	put(pair: KeyPair, authorities: string): void;
	/** Makes the cluster named `postern` use them. */
	readonly change: (config: EnvoyConfig) => void;
}

const TYPES = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

export function envoySecrets(
	folder: string,
	pair: KeyPair,
	authorities: string,
	server = "postern",
): EnvoySecrets {
	const path = (name: string): string => join(folder, `envoy-${name}.json`);
	const put = (name: string, secret: object): void => {
		writeFileSync(
			`${path(name)}.next`,
			JSON.stringify({ resources: [{ "@type": `${TYPES}.Secret`, name, ...secret }] }),
		);
		renameSync(`${path(name)}.next`, path(name));
	};
	const putAll = ({ certificate, key }: KeyPair, trusted: string): void => {
		put("pair", {
			tls_certificate: {
				certificate_chain: { inline_string: certificate },
				private_key: { inline_string: key },
			},
		});
		put("trust", {
			validation_context: {
				trusted_ca: { inline_string: trusted },
				match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: server } }],
			},
		});
	};
	putAll(pair, authorities);
	const secret = (name: string) => ({
		name,
		sds_config: { path_config_source: { path: path(name) }, resource_api_version: "V3" },
	});
	return {
		put: putAll,
		change(config) {
			config.node = { id: "test", cluster: "test" };
			const cluster = config.static_resources.clusters.find((each: EnvoyConfig) => each.name === "postern");
			cluster.transport_socket = {
				name: "envoy.transport_sockets.tls",
				typed_config: {
					"@type": `${TYPES}.UpstreamTlsContext`,
					sni: server,
					common_tls_context: {
						alpn_protocols: ["h2"],
						tls_certificate_sds_secret_configs: [secret("pair")],
						validation_context_sds_secret_config: secret("trust"),
					},
				},
			};
		},
	};
}
