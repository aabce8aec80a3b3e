import type { Placed } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import type { Chain, Routes } from "../model.ts";
import { fieldOf, mapsAt, placeAt, textAt, truthAt } from "../read-node.ts";
import type { Tell } from "../types.ts";

/** Upgrades and tunnels of a masked chain, in its manager; those of its routes are checked with the routes. */
export function checkUpgrades(
	{ manager, routes }: Pick<Chain, "manager" | "routes">,
	tell: Tell<MeshCode>,
): void {
	if (manager === undefined) return;
	checkUpgradeConfigs(
		manager,
		tell,
		(type) => routes.length > 0 && routes.every((each) => refuses(each, type)),
	);
	for (const path of [
		["http2_protocol_options", "allow_connect"],
		["http3_protocol_options", "allow_extended_connect"],
	]) {
		if (truthAt(manager, ...path) === true) tell("chain_connect", placeAt(manager, manager.place, ...path));
	}
}

/** Of a manager or a RouteAction: one entry for each upgrade that is on. */
export function checkUpgradeConfigs(
	node: Placed,
	tell: Tell<MeshCode>,
	isOff: (type: string) => boolean = () => false,
): void {
	for (const config of mapsAt(node, "upgrade_configs")) {
		if (truthAt(config, "enabled") === false || isOff(textAt(config, "upgrade_type") ?? "")) continue;
		tell("chain_upgrades", fieldOf(config, "upgrade_type")?.place ?? config.place);
	}
}

/** Every route to an upstream switches this upgrade off. A route's word counts before the manager's. */
function refuses({ config, whole }: Routes, type: string): boolean {
	if (!whole || fieldOf(config, "vhds") !== undefined) return false;
	const actions = mapsAt(config, "virtual_hosts")
		.flatMap((host) => mapsAt(host, "routes"))
		.flatMap((route) => fieldOf(route, "route")?.value ?? []);
	return actions.every((action) =>
		mapsAt(action, "upgrade_configs").some(
			(each) =>
				textAt(each, "upgrade_type")?.toLowerCase() === type.toLowerCase() &&
				truthAt(each, "enabled") === false,
		),
	);
}
