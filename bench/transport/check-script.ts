import { join } from "node:path";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import type { CallScript } from "../load/calls.ts";
import { sampleRequest } from "../sample-request.ts";

const CHECK = "/envoy.service.auth.v3.Authorization/Check";

/** Checks of so many different requests, in turn. */
export function checkScript(requests: number): CallScript {
	const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
		includeDirs: [join(import.meta.dirname, "../../proto")],
		keepCase: false,
	});
	const { Check } = definition["envoy.service.auth.v3.Authorization"] as unknown as {
		Check: MethodDefinition<object, object>;
	};
	const calls = Array.from({ length: requests }, (_, number) => [
		Check.requestSerialize(sampleRequest(number)),
	]);
	return { path: CHECK, calls };
}
