import { type EnvoyConfig, extProcOf, filterOf } from "./envoy-process.ts";

/** The shipped time limits would judge the machine that the tests run on; what is judged is what Postern does. */
export function patient(config: EnvoyConfig): void {
	const { clusters, listeners } = config.static_resources;
	for (const cluster of clusters) cluster.connect_timeout = "3s";
	for (const { filter_chains: chains } of listeners) {
		const manager = chains[0].filters[0].typed_config;
		const authz = filterOf(manager, "ext_authz").typed_config.grpc_service;
		const fields = extProcOf(manager);
		authz.timeout = "10s";
		// Also the time limit of each try.
		for (const policy of [authz.retry_policy, fields.grpc_service.retry_policy])
			policy.retry_back_off.max_interval = "3s";
		fields.message_timeout = "10s";
	}
}
