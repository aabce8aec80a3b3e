import { goTool } from "./go-tool.mjs";
import { ENVOY_GATEWAY } from "./pins.mjs";

/** A control plane for the tests of rendered resources. */
export const envoyGateway = goTool({
	name: "envoy-gateway",
	pin: ENVOY_GATEWAY,
	versionArgs: ["version"],
	pattern: /ENVOY_GATEWAY_VERSION: v(\d+\.\d+\.\d+)/,
	takes: "ten minutes and more",
});
