import { type EnvoyConfig, extProcOf, filterOf } from "./envoy-process.ts";

/** How long a try may take that the shipped configuration would give up: the machine is busy with tests. */
const TRY = "3s";

function managersOf(config: EnvoyConfig): readonly EnvoyConfig[] {
	return config.static_resources.listeners.map(
		(listener: EnvoyConfig) => listener.filter_chains[0].filters[0].typed_config,
	);
}

/** The shipped time limits would judge the machine that the tests run on; what is judged is what Postern does. */
export function patientChecks(config: EnvoyConfig): void {
	for (const cluster of config.static_resources.clusters) cluster.connect_timeout = TRY;
	for (const manager of managersOf(config)) {
		const authz = filterOf(manager, "ext_authz").typed_config.grpc_service;
		authz.timeout = "10s";
		// Also the time limit of each try.
		if (authz.retry_policy !== undefined) authz.retry_policy.retry_back_off.max_interval = TRY;
	}
}

/** The same for `Process` calls, whose time limit some tests wait for. */
export function patient(config: EnvoyConfig): void {
	patientChecks(config);
	for (const manager of managersOf(config)) {
		const fields = extProcOf(manager);
		fields.grpc_service.retry_policy.retry_back_off.max_interval = TRY;
		fields.message_timeout = "10s";
	}
}

/** Gives up a Check as early as the shipped configuration does, in a variant for a test that waits for it. */
export function impatient(manager: EnvoyConfig): void {
	filterOf(manager, "ext_authz").typed_config.grpc_service.timeout = "0.5s";
}
