import { readFilter } from "./filter.ts";
import { AUTHZ, COMPOSITE, PROC } from "./messages.ts";
import type { Chain, Collected, Filter } from "./model.ts";
import { fieldOf, textAt } from "./read-node.ts";
import type { Selection } from "./select.ts";
import { placesOf } from "./typed.ts";

/** A chain, and which of its filters are Postern's. */
export interface PosternChain extends Chain {
	readonly authz: readonly Filter[];
	readonly proc: readonly Filter[];
	/** A composite filter that may run Postern's ext_proc. */
	readonly composites: readonly Filter[];
	readonly masked: boolean;
}

/** Whether Postern has a filter in it. */
export function isGuarded({ authz, proc, composites }: PosternChain): boolean {
	return authz.length + proc.length + composites.length > 0;
}

/** Sees which filters of a chain are Postern's, and which route configurations of other files it asks for. */
export function posternChain(chain: Chain, selection: Selection, found: Collected): PosternChain {
	const authz = chain.filters.filter((filter) => filter.type === AUTHZ && selection.isPostern(filter));
	const proc = chain.filters.filter((filter) => filter.type === PROC && selection.isPostern(filter));
	const composites = chain.filters.filter(isComposite);
	const named = textAt(chain.manager, "rds", "route_config_name");
	const routes =
		named === undefined
			? chain.routes
			: [...chain.routes, ...found.routes.filter(({ config }) => textAt(config, "name") === named)];
	return { ...chain, authz, proc, composites, routes, masked: proc.length + composites.length > 0 };
}

/** A chain whose filters got the settings that `config_discovery` asks for, where a file has them. */
export function resolved(chain: Chain, { extensions }: Collected): Chain {
	const filters = chain.filters.map((filter) => {
		if (filter.config !== undefined || fieldOf(filter.entry, "config_discovery") === undefined) return filter;
		const settings = extensions.get(filter.name);
		if (settings === undefined) return filter;
		const { type, config, wrapper } = readFilter(settings, filter.flavour);
		return {
			...filter,
			type,
			...(config === undefined ? {} : { config }),
			...(wrapper === undefined ? {} : { wrapper }),
		};
	});
	return { ...chain, filters };
}

/** Whether a filter is a composite that may run ext_proc or ext_authz. */
function isComposite(filter: Filter): boolean {
	return (
		filter.type === COMPOSITE &&
		(placesOf(filter.entry, PROC).length > 0 || placesOf(filter.entry, AUTHZ).length > 0)
	);
}
