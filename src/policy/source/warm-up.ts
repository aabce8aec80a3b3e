import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../lib/clock.ts";
import type { ActivePolicy } from "../types.ts";

/** Evaluations after which V8 has compiled the hot paths of a policy of usual size. */
const EVALUATIONS = 500;
/** Time for all entrypoints together, milliseconds: a slow policy is warmed by fewer evaluations. */
const BUDGET_MS = 250;
/** Longest stretch without giving way to the requests of the policy in force, milliseconds. */
const SLICE_MS = 4;

/** A request of usual shape, so that the paths that get compiled are the ones that requests take. */
const SAMPLE = Buffer.from(
	JSON.stringify({
		attributes: {
			source: { address: { socketAddress: { address: "192.0.2.1", portValue: 41234 } } },
			destination: { address: { socketAddress: { address: "192.0.2.2", portValue: 8443 } } },
			request: {
				time: "2026-01-01T00:00:00Z",
				http: {
					id: "1",
					method: "GET",
					headers: { ":method": "GET", ":path": "/warm/up?x=1", "user-agent": "postern", accept: "*/*" },
					path: "/warm/up?x=1",
					host: "warm.invalid",
					scheme: "https",
					protocol: "HTTP/2",
				},
			},
		},
		version: { encoding: "protojson", ext_authz: "v3" },
		parsed_path: ["warm", "up"],
		parsed_query: { x: ["1"] },
		parsed_body: null,
		truncated_body: false,
		body_state: "absent",
		identity: { authenticated: false, method: "none" },
	}),
);

/** Runs a policy before it takes requests: the first evaluations of a module are many times slower than the rest. */
export async function warmUp(policy: ActivePolicy, clock: Clock, signal: AbortSignal): Promise<void> {
	const end = clock.monotonic() + BUDGET_MS;
	for (const entrypoint of policy.entrypoints) {
		let slice = clock.monotonic();
		for (let n = 0; n < EVALUATIONS; n++) {
			// A failure gives up the instance; repeating it would warm up nothing but that.
			if (policy.evaluate(entrypoint, SAMPLE).kind === "failed") break;
			const now = clock.monotonic();
			if (now > end || signal.aborted) return;
			if (now - slice < SLICE_MS) continue;
			await nextTurn();
			slice = clock.monotonic();
		}
	}
}
