import { goTool } from "./go-tool.mjs";
import { KUBECONFORM } from "./pins.mjs";

/** Holds rendered manifests against Kubernetes' own schemas. */
export const kubeconform = goTool({
	name: "kubeconform",
	pin: KUBECONFORM,
	versionArgs: ["-v"],
	pattern: /^v(\d+\.\d+\.\d+)/m,
	takes: "some seconds",
});
