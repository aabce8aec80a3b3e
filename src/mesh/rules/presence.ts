import type { Place, Placed } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import type { Collected, Filter } from "../model.ts";
import { isOpen } from "../read-node.ts";
import { clusterOf, type Selection } from "../select.ts";
import type { Tell } from "../types.ts";

/** What was given to be checked. */
export interface Given {
	readonly files: readonly string[];
	readonly documents: readonly Placed[];
	/** Something could not be read. */
	readonly broken: boolean;
	/** Names of clusters that are said to be Postern's. */
	readonly clusters: readonly string[];
}

/** Whether anything calls Postern, whether that had to be guessed, and what was not looked at. */
export function checkPresence(
	given: Given,
	filters: readonly Filter[],
	found: Collected,
	selection: Selection,
	tell: Tell<MeshCode>,
): void {
	for (const document of found.unknown) tell("document_unknown", document.place);
	for (const document of given.documents) {
		const open = firstOpen(document);
		if (open !== undefined) tell("values_open", open);
	}
	if (filters.some((filter) => selection.isPostern(filter))) checkGuess(filters, selection, tell);
	else if (!given.broken && !isPart(found, given)) {
		const { others } = selection;
		const stranger = filters.find((filter) => others.includes(clusterOf(filter) ?? ""));
		const detail = others.length > 0 ? `filters call ${others.join(", ")}` : undefined;
		tell("postern_absent", stranger?.at ?? found.chains[0]?.at ?? beginning(given), detail);
	}
}

function checkGuess(filters: readonly Filter[], selection: Selection, tell: Tell<MeshCode>): void {
	if (!selection.guessed) return;
	const [first] = selection.clusters;
	const second = filters.find((filter) => ![undefined, first].includes(clusterOf(filter)));
	if (second === undefined) return;
	tell("postern_ambiguous", second.at, `taken for Postern: ${selection.clusters.join(", ")}`);
}

/** Routes, clusters or policies alone are parts of a set-up; filters stand in other files. */
function isPart(found: Collected, { clusters }: Given): boolean {
	const parts = found.routes.length + found.clusters.size > 0;
	const whole = found.bootstraps.length + found.chains.length > 0;
	const policies = found.resources.some(
		({ kind, group }) => kind === "AuthorizationPolicy" && group === "security.istio.io",
	);
	return clusters.length === 0 && ((parts && !whole) || policies);
}

function beginning({ documents: [first], files: [file = "-"] }: Given): Place {
	return first?.place ?? { file, line: 1, column: 1 };
}

/** Where the first value stands that is filled in later. */
function firstOpen(node: Placed): Place | undefined {
	if (node.kind === "scalar") return isOpen(node) ? node.place : undefined;
	for (const child of node.kind === "list" ? node.items : node.entries.map(({ value }) => value)) {
		const place = firstOpen(child);
		if (place !== undefined) return place;
	}
	return undefined;
}
