import type { MeshCode } from "../codes.ts";
import { fieldAt, fieldOf, isOpen, mapAt, numberAt, placeAt, secondsAt, textAt } from "../read-node.ts";
import type { Subject, Tell } from "../types.ts";

const CONDITIONS = ["connect-failure", "refused-stream", "reset", "unavailable"];
/** A try needs time for a whole answer; tried on Envoy: 20 ms are too short. */
const LEAST_INTERVAL_SECONDS = 0.05;
const ENVELOPE_BYTES = 64 * 1024;

/** How Envoy calls Postern. `limitSeconds`: how long one call may take, where it is known. */
export function checkGrpcService(
	subject: Subject,
	limitSeconds: number | undefined,
	bufferBytes: number | undefined,
	tell: Tell<MeshCode>,
): void {
	const { config, whole, at } = subject;
	const service = fieldOf(config, "grpc_service");
	if (service === undefined) return;
	const google = fieldOf(service.value, "google_grpc");
	if (google !== undefined) {
		tell("grpc_google_client", google.place);
		return;
	}
	checkReceiveLimit(subject, bufferBytes, tell);
	const policy = mapAt(service.value, "retry_policy") ?? mapAt(service.value, "envoy_grpc", "retry_policy");
	if (policy === undefined) {
		if (whole && !isOpen(fieldOf(service.value, "retry_policy")?.value))
			tell("grpc_retry_missing", service.place);
		return;
	}
	const policyAt = placeAt(config, at, "grpc_service", "retry_policy");
	const most = fieldAt(policy, "retry_back_off", "max_interval");
	const interval = secondsAt(policy, "retry_back_off", "max_interval");
	if (!isOpen(most?.value)) {
		// The default is one second between tries and ten at most, which no call outlives.
		if (interval === undefined)
			tell(
				"grpc_retry_backoff",
				placeAt(policy, policyAt, "retry_back_off"),
				"the default waits 1 s and more",
			);
		else if (interval < LEAST_INTERVAL_SECONDS || (limitSeconds !== undefined && interval >= limitSeconds)) {
			const why =
				interval < LEAST_INTERVAL_SECONDS ? "too short for a try" : `the call has ${limitSeconds} s`;
			tell("grpc_retry_backoff", most?.place ?? policyAt, `max_interval is ${interval} s, ${why}`);
		}
	}
	const conditions = fieldOf(policy, "retry_on");
	if (isOpen(conditions?.value)) return;
	const words = new Set((textAt(policy, "retry_on") ?? "").split(/[\s,]+/));
	const missing = CONDITIONS.filter((word) => !words.has(word));
	if (missing.length > 0)
		tell("grpc_retry_conditions", conditions?.place ?? policyAt, `without ${missing.join(", ")}`);
}

function checkReceiveLimit(subject: Subject, bufferBytes: number | undefined, tell: Tell<MeshCode>): void {
	const path = ["grpc_service", "envoy_grpc", "max_receive_message_length"];
	const limit = numberAt(subject.config, ...path);
	if (limit === undefined || limit === 0 || bufferBytes === undefined) return;
	if (limit < bufferBytes + ENVELOPE_BYTES)
		tell("grpc_receive_limit", placeAt(subject.config, subject.at, ...path), `${limit} bytes`);
}
