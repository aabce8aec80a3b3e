import { type Builtin, ofStrings } from "../builtin.ts";
import { contains, parseCidr, parseInner } from "../net/cidr.ts";

function containsText(first: string, second: string): boolean | undefined {
	const outer = parseCidr(first);
	const inner = parseInner(second);
	return outer === undefined || inner === undefined ? undefined : contains(outer, inner);
}

/** Either holds the other's first address. */
function intersects(first: string, second: string): boolean | undefined {
	const a = parseCidr(first);
	const b = parseCidr(second);
	if (a === undefined || b === undefined) return undefined;
	return contains(a, { address: b.first }) || contains(b, { address: a.first });
}

export const nativeNet: Readonly<Record<string, Builtin>> = {
	"net.cidr_contains": ofStrings(containsText),
	"net.cidr_intersects": ofStrings(intersects),
};
