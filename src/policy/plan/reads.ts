import type { InputReads } from "../types.ts";
import { type Effect, readEffects } from "./effects.ts";
import { type Block, DATA_LOCAL, INPUT_LOCAL, type Plan, UnknownPlan } from "./ir.ts";
import { childOf, EVERYTHING, newPlace, type Place, readsOf } from "./read-tree.ts";

/**
 * Builtins whose answer differs from one evaluation to the next, and that leave no way to compare two of them. The
 * clock is none: evaluations that are compared share its reading.
 */
export const NOT_REPEATABLE: ReadonlySet<string> = new Set([
	"http.send",
	"io.jwt.encode_sign",
	"io.jwt.encode_sign_raw",
	"net.lookup_ip_addr",
	"opa.runtime",
	"rand.intn",
	"uuid.rfc4122",
]);

/** Those, and builtins that look at the clock: what they answered once says nothing about the next time. */
export const IMPURE: ReadonlySet<string> = new Set([
	...NOT_REPEATABLE,
	"crypto.x509.parse_and_verify_certificates",
	"crypto.x509.parse_and_verify_certificates_with_options",
	"io.jwt.decode_verify",
	"time.now_ns",
]);

/** A chain of calls that is longer is no policy's. */
const MAX_CALLS = 512;
/** Walks over all effects until none says anything new; each follows values one assignment further, or more. */
const MAX_ROUNDS = 256;

interface Code {
	readonly params: readonly number[];
	readonly effects: readonly Effect[];
	/** Places of the input that each local may hold. */
	readonly places: Map<number, Set<Place>>;
	readonly returns: Set<Place>;
}

/**
 * Which keys of the input an entrypoint can read, by an abstract walk over OPA's plan: parts of the input are followed
 * through locals, arguments and results, and what cannot be followed counts as read whole; where that is not known of
 * the entrypoint, or it is not repeatable, everything does. Never throws.
 */
export function inputReads(plan: Plan, entrypoint: string): InputReads {
	try {
		const root = newPlace();
		solve(reachable(plan, entrypoint), root);
		return readsOf(root);
	} catch (thrown) {
		if (thrown instanceof UnknownPlan) return EVERYTHING;
		throw thrown;
	}
}

/**
 * Whether an entrypoint's answer depends on its input and the data alone, by the same walk: it reaches nothing that
 * looks at the clock, at chance or at the network. False where that is not known. Never throws.
 */
export function isPure(plan: Plan, entrypoint: string): boolean {
	try {
		const codes = reachable(plan, entrypoint);
		return [...codes.values()].every(({ effects }) =>
			effects.every((effect) => effect.kind !== "call" || !IMPURE.has(effect.func)),
		);
	} catch (thrown) {
		if (thrown instanceof UnknownPlan) return false;
		throw thrown;
	}
}

/** The entrypoint's own blocks under the empty name, and every function that is called from there. */
function reachable({ functions, entrypoints }: Plan, entrypoint: string): ReadonlyMap<string, Code> {
	const blocks = entrypoints.get(entrypoint);
	if (blocks === undefined) throw new UnknownPlan("no such entrypoint");
	const codes = new Map<string, Code>();
	const open = new Set<string>();
	const codeOf = (params: readonly number[], body: readonly Block[]): Code => ({
		params,
		effects: readEffects(body, params),
		places: new Map(),
		returns: new Set(),
	});
	const visit = (code: Code): void => {
		for (const effect of code.effects) {
			if (effect.kind !== "call") continue;
			enter(effect.func, effect.args.length);
		}
	};
	const enter = (name: string, args: number): void => {
		const func = functions.get(name);
		if (func === undefined) {
			if (NOT_REPEATABLE.has(name)) throw new UnknownPlan(`${name} is not repeatable`);
			return;
		}
		if (func.params.length !== args) throw new UnknownPlan("a call with other arguments");
		if (open.has(name) || open.size > MAX_CALLS) throw new UnknownPlan("a function calls itself");
		if (codes.has(name)) return;
		open.add(name);
		const code = codeOf(func.params, func.blocks);
		codes.set(name, code);
		visit(code);
		open.delete(name);
	};
	const main = codeOf([INPUT_LOCAL, DATA_LOCAL], blocks);
	codes.set("", main);
	visit(main);
	return codes;
}

/** Follows places until nothing new is known. Sets only grow, so the order does not matter. */
function solve(codes: ReadonlyMap<string, Code>, root: Place): void {
	placesOf(codes.get("") as Code, INPUT_LOCAL).add(root);
	for (let round = 0; round < MAX_ROUNDS; round++) {
		let changed = false;
		for (const code of codes.values()) {
			for (const effect of code.effects) changed = apply(codes, code, effect) || changed;
		}
		if (!changed) return;
	}
	throw new UnknownPlan("too many rounds");
}

function placesOf({ places }: Code, local: number): Set<Place> {
	let set = places.get(local);
	if (set === undefined) {
		set = new Set();
		places.set(local, set);
	}
	return set;
}

function apply(codes: ReadonlyMap<string, Code>, code: Code, effect: Effect): boolean {
	switch (effect.kind) {
		case "escape":
			return escapeAll(placesOf(code, effect.local));
		case "alias":
			return addAll(placesOf(code, effect.target), placesOf(code, effect.source));
		case "return":
			return addAll(code.returns, placesOf(code, effect.source));
		case "dot": {
			const target = placesOf(code, effect.target);
			return addAll(
				target,
				[...placesOf(code, effect.source)].map((place) => childOf(place, effect.key)),
			);
		}
		case "call": {
			const callee = codes.get(effect.func);
			let changed = false;
			for (const [index, arg] of effect.args.entries()) {
				if (arg === undefined) continue;
				const given = placesOf(code, arg);
				changed =
					(callee === undefined
						? escapeAll(given)
						: addAll(placesOf(callee, callee.params[index] as number), given)) || changed;
			}
			return (callee !== undefined && addAll(placesOf(code, effect.result), callee.returns)) || changed;
		}
	}
}

function escapeAll(places: ReadonlySet<Place>): boolean {
	let changed = false;
	for (const place of places) {
		changed ||= !place.all;
		place.all = true;
	}
	return changed;
}

function addAll(target: Set<Place>, source: Iterable<Place>): boolean {
	const before = target.size;
	for (const place of [...source]) target.add(place);
	return target.size > before;
}
