import { distinct } from "../../term/distinct.ts";
import { arrayTerm, isArray, isObject, isSet, numberTerm, setTerm, type Term } from "../../term/term.ts";
import { MAX_ITEMS, tooLarge } from "../bounds.ts";
import { type Builtin, ofString } from "../builtin.ts";
import { contains, hostMask, parseCidr, parseInner } from "./cidr.ts";
import { mergeCidrs } from "./cidr-merge.ts";
import { addressText } from "./ip.ts";

function expand(text: string): Term | undefined {
	const network = parseCidr(text);
	if (network === undefined) return undefined;
	const count = hostMask(network) + 1n;
	if (count > MAX_ITEMS) throw tooLarge("net.cidr_expand");
	const items = Array.from({ length: Number(count) }, (_, i) => addressText(network.first + BigInt(i)));
	return setTerm(items);
}

const merge: Builtin = ([networks]) => {
	if (!isArray(networks) && !isSet(networks)) return undefined;
	const { items } = networks;
	if (!items.every((item) => typeof item === "string")) return undefined;
	const merged = mergeCidrs(items);
	return merged === undefined ? undefined : setTerm(merged);
};

type Keyed = readonly (readonly [cidr: Term, key: Term])[];

/** What an operand of `net.cidr_contains_matches` names, with the keys it is answered by. */
function keyed(operand: Term | undefined): Keyed | undefined {
	if (typeof operand === "string") return [[operand, operand]];
	let pairs: Keyed = [];
	if (isArray(operand)) pairs = operand.items.map((item, i) => [item, numberTerm(i)]);
	else if (isSet(operand)) pairs = operand.items.map((item) => [item, item]);
	else if (isObject(operand)) pairs = operand.entries.map(([key, value]) => [value, key]);
	const named: (readonly [Term, Term])[] = [];
	for (const [value, key] of pairs) {
		const cidr = isArray(value) ? value.items[0] : typeof value === "string" ? value : undefined;
		if (cidr === undefined) return undefined;
		named.push([cidr, key]);
	}
	return named;
}

function parsed<T>(
	pairs: Keyed,
	parse: (text: string) => T | undefined,
): readonly (readonly [T, Term])[] | undefined {
	const all: (readonly [T, Term])[] = [];
	for (const [cidr, key] of pairs) {
		const value = typeof cidr === "string" ? parse(cidr) : undefined;
		if (value === undefined) return undefined;
		all.push([value, key]);
	}
	return all;
}

const matches: Builtin = ([outers, inners]) => {
	const left = keyed(outers);
	// Nothing on one side: the other is not looked at.
	if (left?.length === 0) return setTerm([]);
	const right = keyed(inners);
	if (left === undefined || right === undefined) return undefined;
	if (right.length === 0) return setTerm([]);
	const networks = parsed(left, parseCidr);
	const insides = parsed(right, parseInner);
	if (networks === undefined || insides === undefined) return undefined;
	if (networks.length * insides.length > MAX_ITEMS) throw tooLarge("net.cidr_contains_matches");
	const found = networks.flatMap(([network, key]) =>
		insides.flatMap(([inside, other]) => (contains(network, inside) ? [arrayTerm([key, other])] : [])),
	);
	return setTerm(distinct(found));
};

export const netBuiltins: Readonly<Record<string, Builtin>> = {
	"net.cidr_contains_matches": matches,
	"net.cidr_expand": ofString(expand),
	"net.cidr_is_valid": ([text]) => typeof text === "string" && parseCidr(text) !== undefined,
	"net.cidr_merge": merge,
};
