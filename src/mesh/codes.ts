import { CHAIN_CODES } from "./codes/chain.ts";
import { CLUSTER_CODES } from "./codes/clusters.ts";
import { EDGE_CODES } from "./codes/edge.ts";
import { AUTHZ_CODES } from "./codes/ext-authz.ts";
import { PROC_CODES } from "./codes/ext-proc.ts";
import { KUBERNETES_CODES } from "./codes/kubernetes.ts";
import { MATCHER_CODES } from "./codes/matcher.ts";
import { READING_CODES } from "./codes/reading.ts";
import { ROUTE_CODES } from "./codes/routes.ts";
import type { CodeText } from "./types.ts";

/** The one table of what can be found, by family. The reference pages are made from it. */
export const CODE_FAMILIES = {
	"The files": READING_CODES,
	"The ext_authz filter": AUTHZ_CODES,
	"The ext_proc filter": PROC_CODES,
	"The matcher around ext_proc": MATCHER_CODES,
	"The chain of filters": CHAIN_CODES,
	"The edge: connection manager, listener, callers' TLS": EDGE_CODES,
	Routes: ROUTE_CODES,
	"The cluster that leads to Postern": CLUSTER_CODES,
	"Istio and Envoy Gateway": KUBERNETES_CODES,
} as const satisfies Record<string, Readonly<Record<string, CodeText>>>;

type Families = typeof CODE_FAMILIES;
export type MeshCode = { [K in keyof Families]: keyof Families[K] }[keyof Families];

/** Code → text. */
export const MESH_CODES: Readonly<Record<MeshCode, CodeText>> = Object.assign(
	{},
	...Object.values(CODE_FAMILIES),
) as Readonly<Record<MeshCode, CodeText>>;

export function isMeshCode(code: string): code is MeshCode {
	return Object.hasOwn(MESH_CODES, code);
}
