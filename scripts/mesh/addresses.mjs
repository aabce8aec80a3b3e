/** All of them in a network of the run's own. */

/** Where Postern's pod is, and services behind gateways: an API server takes no loopback address for one. */
export const POD = "10.98.0.1";
/** Where istiod believes its proxies to be. */
export const GATEWAY_POD = "10.98.0.2";
export const SHOP_POD = "10.98.0.3";
export const LOOPBACK = "127.0.0.1";

/** Ports of what the run starts. */
export const ETCD = 23790;
export const ETCD_PEERS = 23800;
export const API_SERVER = 16443;
export const UPSTREAM = 18701;
/** Where callers come in, at whichever gateway is running. */
export const EDGE = 18888;
export const EDGE_TLS = 18889;
/** Of the workload with a sidecar. */
export const SHOP = 18800;
export const POSTERN = 9191;
export const POSTERN_ADMIN = 8181;
/** Of istiod, and of the Envoys that its agents start. */
export const ISTIOD = { http: 15080, grpc: 15010, secure: 15012, monitoring: 15014 };
export const GATEWAY_ADMIN = 15000;
export const SHOP_ADMIN = 15100;
export const POSTERN_AGENT = 15200;
