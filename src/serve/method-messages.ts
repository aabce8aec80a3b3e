import { FIXED_LIMITS, LIMITS } from "../config/limits.ts";
import { readDescriptors } from "../envoy/protobuf/descriptors.ts";
import { type MethodDirection, methodMessages } from "../envoy/protobuf/mask/method-messages.ts";
import type { GrpcMessages } from "../fields/scan/grpc-messages.ts";
import { readDescriptorFile } from "./descriptor-set.ts";

/**
 * The messages of a method, from a file, for who masks a body by hand: under the limits that hold by default.
 *
 * @throws PosternError `descriptors_invalid`
 */
export async function readMethodMessages(
	file: string,
	direction: MethodDirection,
): Promise<GrpcMessages | undefined> {
	const descriptors = readDescriptors(await readDescriptorFile(file, "--descriptors"));
	return methodMessages(descriptors, direction, {
		maxMessageBytes: LIMITS["fields.max_message_bytes"].default,
		maxRatio: LIMITS["fields.max_decoded_ratio"].default,
		freeBytes: FIXED_LIMITS.decoded_free_bytes.value,
		maxInflatedBytes: LIMITS["fields.max_decoded_bytes"].default,
	});
}
