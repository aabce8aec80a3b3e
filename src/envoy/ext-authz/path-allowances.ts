import { denial } from "../../decision/deny.ts";
import type { Deny } from "../../decision/types.ts";
import { PATH_KINDS, type PathKind } from "../../lib/path-kinds.ts";
import type { CheckView } from "./check-view.ts";
import { askedAllowances } from "./context-extensions.ts";

const NONE: ReadonlySet<PathKind> = new Set();

/**
 * Reads which kinds of ambiguity a route may meet: those of its comma list, each of which must be `listed` in our own
 * configuration too. Whoever changes Envoy's configuration alone changes nothing: a route that asks for more is denied
 * altogether, so that it is noticed before the first odd path comes.
 */
export function createPathAllowances(
	listed: readonly PathKind[],
): (view: CheckView) => ReadonlySet<PathKind> | Deny {
	return (view) => {
		const asked = askedAllowances(view);
		if (asked === undefined) return NONE;
		const allowed = new Set<PathKind>();
		for (const word of asked.split(",").map((each) => each.trim())) {
			const kind = PATH_KINDS.find((each) => each === word);
			if (kind === undefined) return invalid(`${JSON.stringify(word.slice(0, 64))} is no kind of path`);
			if (!listed.includes(kind)) return invalid(`${kind} is not in request.path_allowances`);
			allowed.add(kind);
		}
		return allowed;
	};
}

function invalid(why: string): Deny {
	return denial("allowance_invalid", `the route's postern.allow_paths: ${why}`);
}
