import type { Placed } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import type { Chain } from "../model.ts";
import { fieldOf, mapsAt, placeAt, truthAt } from "../read-node.ts";
import type { Tell } from "../types.ts";

/** Upgrades and tunnels of a masked chain, in its manager; those of its routes are checked with the routes. */
export function checkUpgrades({ manager }: Pick<Chain, "manager">, tell: Tell<MeshCode>): void {
	if (manager === undefined) return;
	checkUpgradeConfigs(manager, tell);
	for (const path of [
		["http2_protocol_options", "allow_connect"],
		["http3_protocol_options", "allow_extended_connect"],
	]) {
		if (truthAt(manager, ...path) === true) tell("chain_connect", placeAt(manager, manager.place, ...path));
	}
}

/** Of a manager or a RouteAction: one entry for each upgrade that is on. */
export function checkUpgradeConfigs(node: Placed, tell: Tell<MeshCode>): void {
	for (const config of mapsAt(node, "upgrade_configs")) {
		if (truthAt(config, "enabled") === false) continue;
		tell("chain_upgrades", fieldOf(config, "upgrade_type")?.place ?? config.place);
	}
}
