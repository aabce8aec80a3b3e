import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "./transport/services.ts";

/** `grpc.health.v1.Health` of this process, for the whole server and both services. */
export interface Health {
	setServing(serving: boolean): void;
}

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
