import { goTool } from "./go-tool.mjs";
import { OPA } from "./pins.mjs";

/** The Rego compiler. */
export const opa = goTool({
	name: "opa",
	pin: OPA,
	versionArgs: ["version"],
	pattern: /^Version: (\S+)/m,
	takes: "about a minute",
});
