import { goTool } from "./go-tool.mjs";
import { HELM } from "./pins.mjs";

/** Renders and lints the chart. */
export const helm = goTool({
	name: "helm",
	pin: HELM,
	versionArgs: ["version", "--short"],
	pattern: /^v(\d+\.\d+\.\d+)/m,
	takes: "about two minutes",
});
