import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "../service-names.ts";
import type { Health } from "../types.ts";

/** Adds the health service to `server`; NOT_SERVING until told otherwise. */
export function createHealth(server: Server): Health {
	const names = ["", AUTHORIZATION, EXTERNAL_PROCESSOR];
	const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, "NOT_SERVING"])));
	health.addToServer(server);
	return {
		setServing(serving) {
			for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
		},
	};
}
