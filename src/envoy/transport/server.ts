import { startGrpcJs } from "./grpc-js/server.ts";
import { createInFlight } from "./in-flight.ts";
import type { Transport, TransportDeps, TransportOptions } from "./types.ts";

/**
 * Serves both gRPC services.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export function startTransport(options: TransportOptions, deps: TransportDeps): Promise<Transport> {
	return startGrpcJs(options, deps, createInFlight(options.maxInFlight, deps));
}
