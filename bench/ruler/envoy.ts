import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "../../test/support/envoy/free-ports.ts";
import type { Running } from "./contenders.ts";
import { answering, ended, SERVER_CORE, spawnPinned } from "./served.ts";

const HCM =
	"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const FILTER = "type.googleapis.com/envoy.extensions.filters.http";

/** One Envoy with one worker on the core of the servers, which asks `address` and answers by itself what is allowed. */
export async function startBenchEnvoy(address: string, folder: string): Promise<Running> {
	const [port = 0] = await freePorts(1);
	const [host, authz] = address.split(":");
	const config = {
		static_resources: {
			listeners: [
				{
					name: "in",
					address: { socket_address: { address: "127.0.0.1", port_value: port } },
					filter_chains: [
						{
							filters: [
								{
									name: "http",
									typed_config: {
										"@type": HCM,
										stat_prefix: "in",
										codec_type: "AUTO",
										route_config: {
											virtual_hosts: [
												{
													name: "all",
													domains: ["*"],
													routes: [
														{
															match: { prefix: "/" },
															direct_response: { status: 200, body: { inline_string: "ok" } },
														},
													],
												},
											],
										},
										http_filters: [
											{
												name: "envoy.filters.http.ext_authz",
												typed_config: {
													"@type": `${FILTER}.ext_authz.v3.ExtAuthz`,
													transport_api_version: "V3",
													grpc_service: { envoy_grpc: { cluster_name: "authz" }, timeout: "2s" },
												},
											},
											{
												name: "envoy.filters.http.router",
												typed_config: { "@type": `${FILTER}.router.v3.Router` },
											},
										],
									},
								},
							],
						},
					],
				},
			],
			clusters: [
				{
					name: "authz",
					type: "STATIC",
					connect_timeout: "1s",
					typed_extension_protocol_options: {
						"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
							"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
							explicit_http_config: { http2_protocol_options: {} },
						},
					},
					load_assignment: {
						cluster_name: "authz",
						endpoints: [
							{
								lb_endpoints: [
									{
										endpoint: {
											address: { socket_address: { address: host, port_value: Number(authz) } },
										},
									},
								],
							},
						],
					},
				},
			],
		},
	};
	const file = join(folder, "envoy.json");
	await writeFile(file, JSON.stringify(config));
	const argv = ["envoy", "-c", file, "--concurrency", "1", "-l", "error", "--disable-hot-restart"];
	const child = spawnPinned(argv, SERVER_CORE, { log: join(folder, "envoy.log") });
	try {
		await answering(port, child);
	} catch (error) {
		await ended(child);
		throw error;
	}
	return { address: `127.0.0.1:${port}`, pid: child.pid as number, stop: () => ended(child) };
}
