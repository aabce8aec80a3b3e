/** What the guides say to do on the routes of a mesh, for the reasons that `envoy/authz-and-fields.yaml` gives. */

/** An upstream is asked not to compress. */
export const REQUEST_SET = { "accept-encoding": "identity" };

export const REQUEST_REMOVE = ["range", "if-range", "if-none-match", "if-modified-since"];

export const RESPONSE_REMOVE = [
	...["surrogate-control", "surrogate-key", "cdn-cache-control", "cloudflare-cdn-cache-control"],
	...["akamai-cache-control", "edge-control", "edge-cache-tag", "cache-tag", "x-accel-expires"],
];
