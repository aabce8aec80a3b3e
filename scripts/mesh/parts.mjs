import { envoyGateway } from "./envoy-gateway.mjs";
import { hostGateway } from "./host-gateway.mjs";
import { istio } from "./istio.mjs";
import { kubernetes } from "./kubernetes.mjs";

/**
 * The parts of the run, by the names under which they can be asked for.
 *
 * @type {Readonly<Record<string, { title: string, run: (stage: import("./stage.mjs").Stage) => Promise<void> }>>}
 */
export const PARTS = {
	"host-gateway": { title: "Envoy Gateway in host mode", run: hostGateway },
	kubernetes: { title: "the chart at an API server", run: kubernetes },
	"envoy-gateway": { title: "Envoy Gateway with an API server, and TLS to Postern", run: envoyGateway },
	istio: { title: "istiod, its agents, and Istio's certificates", run: istio },
};
