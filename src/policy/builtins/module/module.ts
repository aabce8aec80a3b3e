import { numberTerm } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { NATIVE_BUILTINS } from "../native/natives.ts";
import { HOST_BUILTINS } from "../table.ts";
import { collectionBuiltins } from "./collections.ts";
import { textBuiltins } from "./texts.ts";
import { valueBuiltins } from "./values.ts";

const ONE = numberTerm(1);

/** Names of builtins that are others under an older or a shorter name. */
const OTHER_NAMES: Readonly<Record<string, Builtin | undefined>> = {
	re_match: NATIVE_BUILTINS.get("regex.match"),
	"net.cidr_overlap": NATIVE_BUILTINS.get("net.cidr_contains"),
	"numbers.range": (args, context) => HOST_BUILTINS.get("numbers.range_step")?.([...args, ONE], context),
};

/**
 * Every builtin that a plan may call, by name: those of the host, and those that a module brings itself, for whoever
 * walks through a plan without its module.
 */
export const PLAN_BUILTINS: ReadonlyMap<string, Builtin> = new Map(
	Object.entries({
		...valueBuiltins,
		...collectionBuiltins,
		...textBuiltins,
		...OTHER_NAMES,
		...Object.fromEntries(NATIVE_BUILTINS),
		...Object.fromEntries(HOST_BUILTINS),
	}).filter((entry): entry is [string, Builtin] => entry[1] !== undefined),
);
