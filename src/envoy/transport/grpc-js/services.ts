import type { ServiceDefinition } from "@grpc/grpc-js";
import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "../service-names.ts";

const asIs = (bytes: Buffer): Buffer => bytes;

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
