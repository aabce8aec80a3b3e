import { type EnvoyConfig, filterOf } from "./envoy-process.ts";

/** One Check for each request, however busy the machine is: where calls are counted, a second try would be a second call. */
export function askOnce(config: EnvoyConfig): void {
	for (const { filter_chains } of config.static_resources.listeners) {
		const service = filterOf(filter_chains[0].filters[0].typed_config, "ext_authz").typed_config.grpc_service;
		service.timeout = "20s";
		delete service.retry_policy;
	}
}
