import type { Place, Placed, PlacedEntry, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { CEL_INPUT, CEL_MATCHER, HANDOFF_NAMESPACE, METADATA_INPUT, METADATA_MATCHER } from "../messages.ts";
import type { Filter } from "../model.ts";
import { fieldOf, mapAt, mapsAt, placeAt, textAt, truthAt } from "../read-node.ts";
import { extensionOf } from "../typed.ts";
import type { Tell } from "../types.ts";
import { codeDetailsOf, isOwnReply } from "./code-details.ts";

/** What is proved where a predicate holds, as bits. */
const POSTERN = 1;
const FIELDS = 2;
const OWN_REPLY = 4;
const PROVED_NOTHING = 0;

/** What may be proved: one set of bits for each way in which a predicate can hold. None: it never holds. */
type Ways = ReadonlySet<number>;

const isRelease = (bits: number): boolean =>
	(bits & OWN_REPLY) !== 0 || ((bits & POSTERN) !== 0 && (bits & FIELDS) !== 0);

/**
 * The matcher that may leave Postern's ext_proc out. Wherever it skips, the conditions on the way must prove that a
 * real allow released the answer whole, or that Envoy made the answer itself.
 */
export function checkProcMatcher(filter: Filter, tell: Tell<MeshCode>): void {
	const matcher = matcherOf(filter);
	if (matcher === undefined) {
		tell("matcher_absent", filter.at);
		return;
	}
	visitMatcher(matcher.value, new Set([PROVED_NOTHING]), tell);
}

/** ext_authz has no business in a matcher: every way to skip it is a request without a decision. */
export function checkAuthzMatcher(filter: Filter, tell: Tell<MeshCode>): void {
	const matcher = matcherOf(filter);
	if (matcher === undefined) tell("matcher_absent", filter.at);
	else tell("matcher_skips_check", matcher.place);
}

function matcherOf({ wrapper }: Filter): PlacedEntry | undefined {
	const entry = fieldOf(wrapper, "xds_matcher") ?? fieldOf(wrapper, "matcher");
	return entry?.value.kind === "map" && entry.value.entries.length > 0 ? entry : undefined;
}

function visitMatcher(node: Placed, outer: Ways, tell: Tell<MeshCode>): void {
	for (const each of mapsAt(node, "matcher_list", "matchers")) {
		const predicate = fieldOf(each, "predicate");
		const on = fieldOf(each, "on_match");
		if (on === undefined) continue;
		let told = false;
		const ways = joined(
			outer,
			prove(predicate?.value, (code, at, detail) => {
				told ||= code !== "matcher_idle";
				tell(code, at, detail);
			}),
		);
		visitMatch(on, ways, told ? undefined : (predicate?.place ?? each.place), tell);
	}
	const tree = fieldOf(node, "matcher_tree");
	if (tree !== undefined) visitTree(tree, outer, tell);
	const otherwise = fieldOf(node, "on_no_match");
	if (otherwise !== undefined && maySkip(otherwise.value) && ![...outer].every(isRelease)) {
		tell("matcher_on_no_match", otherwise.place);
	}
}

/** `blame`: where to point when what was proved is not enough; undefined when something was said already. */
function visitMatch(on: PlacedEntry, ways: Ways, blame: Place | undefined, tell: Tell<MeshCode>): void {
	const nested = fieldOf(on.value, "matcher");
	if (nested !== undefined) visitMatcher(nested.value, ways, tell);
	else if (fieldOf(on.value, "action") !== undefined && ![...ways].every(isRelease) && blame !== undefined) {
		tell("matcher_condition", blame);
	}
}

function visitTree(tree: PlacedEntry, outer: Ways, tell: Tell<MeshCode>): void {
	const input = extensionOf(fieldOf(tree.value, "input")?.value);
	for (const kind of ["exact_match_map", "prefix_match_map"]) {
		const map = mapAt(tree.value, kind, "map");
		if (map === undefined) continue;
		if (input?.type === METADATA_INPUT) {
			tell("matcher_idle", placeAt(tree.value, tree.place, kind));
			continue;
		}
		for (const entry of map.entries) visitMatch(entry, outer, entry.place, tell);
	}
	if (fieldOf(tree.value, "custom_match") !== undefined && ![...outer].every(isRelease)) {
		tell("matcher_condition", tree.place);
	}
}

/** Whether an action can be reached from an OnMatch. */
function maySkip(on: Placed): boolean {
	if (fieldOf(on, "action") !== undefined) return true;
	const nested = fieldOf(on, "matcher")?.value;
	if (nested === undefined) return false;
	const otherwise = fieldOf(nested, "on_no_match")?.value;
	return (
		fieldOf(nested, "matcher_tree") !== undefined ||
		mapsAt(nested, "matcher_list", "matchers").some((each) => {
			const match = fieldOf(each, "on_match")?.value;
			return match !== undefined && maySkip(match);
		}) ||
		(otherwise !== undefined && maySkip(otherwise))
	);
}

function joined(left: Ways, right: Ways): Ways {
	return new Set([...left].flatMap((a) => [...right].map((b) => a | b)));
}

function prove(predicate: Placed | undefined, tell: Tell<MeshCode>): Ways {
	const single = fieldOf(predicate, "single_predicate");
	if (single !== undefined) return proveSingle(single, tell);
	const not = fieldOf(predicate, "not_matcher");
	if (not !== undefined) {
		tell("matcher_inverted", not.place);
		return new Set([PROVED_NOTHING]);
	}
	const and = mapsAt(predicate, "and_matcher", "predicate");
	if (and.length > 0) {
		return and.map((each) => prove(each, tell)).reduce(joined, new Set([PROVED_NOTHING]));
	}
	const or = mapsAt(predicate, "or_matcher", "predicate");
	if (or.length > 0) return new Set(or.flatMap((each) => [...prove(each, tell)]));
	return new Set([PROVED_NOTHING]);
}

function proveSingle(single: PlacedEntry, tell: Tell<MeshCode>): Ways {
	const input = extensionOf(fieldOf(single.value, "input")?.value);
	const custom = fieldOf(single.value, "custom_match");
	const match = extensionOf(custom?.value);
	if (input?.type === METADATA_INPUT) {
		if (custom === undefined) {
			tell("matcher_idle", placeAt(single.value, single.place, "value_match"));
			return new Set();
		}
		if (match?.type === METADATA_MATCHER) return new Set([proveMetadata(input.config, match.config, tell)]);
	}
	if (input?.type === CEL_INPUT && match?.type === CEL_MATCHER) {
		const details = codeDetailsOf(match.config);
		if (details.length > 0 && details.every(({ value }) => value !== undefined && isOwnReply(value))) {
			return new Set([OWN_REPLY]);
		}
		for (const { at, value } of details) {
			if (value === undefined) tell("matcher_code_details", at, "not compared with one whole value");
			else if (!isOwnReply(value)) tell("matcher_code_details", at, value);
		}
	}
	return new Set([PROVED_NOTHING]);
}

/** Only the exact values that Postern writes, at the place where it writes them. */
function proveMetadata(input: PlacedMap, match: PlacedMap, tell: Tell<MeshCode>): number {
	if (truthAt(match, "invert") === true) {
		tell("matcher_inverted", placeAt(match, match.place, "invert"));
		return PROVED_NOTHING;
	}
	const path = mapsAt(input, "path");
	if (textAt(input, "filter") !== HANDOFF_NAMESPACE || path.length !== 1) return PROVED_NOTHING;
	const text = mapAt(match, "value", "string_match");
	if (truthAt(text, "ignore_case") === true) return PROVED_NOTHING;
	const key = textAt(path[0], "key");
	const exact = textAt(text, "exact");
	if (key === "postern" && exact === "1") return POSTERN;
	return key === "fields" && exact === "all" ? FIELDS : PROVED_NOTHING;
}
