import { isSection } from "./tree.ts";

/**
 * What `policy.compat: opa-envoy-plugin` sets where neither file, environment nor flag does, so that a team that moves
 * over writes that one line: bodies that were not read are the policy's affair, as with the plugin; and without
 * Postern's own decision keys there is nothing to hand on to ext_proc, and nobody whose name a header could bear.
 */
export function profileTree(tree: Readonly<Record<string, unknown>>): Record<string, unknown> {
	const policy = section(tree, "policy");
	if (policy["compat"] !== "opa-envoy-plugin") return {};
	const identity = section(tree, "identity");
	const identifies = identity["jwt"] !== undefined || section(identity, "mtls")["enabled"] === true;
	return {
		request: { unread_bodies: "allow" },
		...(policy["extensions"] === true ? {} : { fields: { enabled: false } }),
		...(identifies || policy["extensions"] === true
			? {}
			: { identity: { headers: { id: "off", issuer: "off" } } }),
	};
}

function section(tree: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
	const value = tree[key];
	return isSection(value) ? value : {};
}
