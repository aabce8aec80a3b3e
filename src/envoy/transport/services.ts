import type { ServiceDefinition } from "@grpc/grpc-js";

const asIs = (bytes: Buffer): Buffer => bytes;

/** Full names of the services, as health checks ask for them. */
export const AUTHORIZATION = "envoy.service.auth.v3.Authorization";
export const EXTERNAL_PROCESSOR = "envoy.service.ext_proc.v3.ExternalProcessor";

/** Messages pass as the bytes they are: the rooms behind read and write protobuf themselves. */
export const authorizationService: ServiceDefinition = {
	Check: {
		path: `/${AUTHORIZATION}/Check`,
		requestStream: false,
		responseStream: false,
		requestDeserialize: asIs,
		requestSerialize: asIs,
		responseDeserialize: asIs,
		responseSerialize: asIs,
	},
};

export const externalProcessorService: ServiceDefinition = {
	Process: {
		path: `/${EXTERNAL_PROCESSOR}/Process`,
		requestStream: true,
		responseStream: true,
		requestDeserialize: asIs,
		requestSerialize: asIs,
		responseDeserialize: asIs,
		responseSerialize: asIs,
	},
};
