import { AUTHORIZATION, EXTERNAL_PROCESSOR } from "../service-names.ts";

/** Methods that are served; 0 is none of them. */
export const ROUTE_CHECK = 1;
export const ROUTE_PROCESS = 2;
export const ROUTE_HEALTH_CHECK = 3;
export const ROUTE_HEALTH_WATCH = 4;

const ROUTES: ReadonlyMap<string, number> = new Map([
	[`/${AUTHORIZATION}/Check`, ROUTE_CHECK],
	[`/${EXTERNAL_PROCESSOR}/Process`, ROUTE_PROCESS],
	["/grpc.health.v1.Health/Check", ROUTE_HEALTH_CHECK],
	["/grpc.health.v1.Health/Watch", ROUTE_HEALTH_WATCH],
]);

/** The method that a `:path` names; 0 for any other. */
export function routeOf(path: string): number {
	return ROUTES.get(path) ?? 0;
}
