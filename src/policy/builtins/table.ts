import type { Builtin } from "./builtin.ts";
import { cryptoBuiltins } from "./crypto.ts";
import { encodingBuiltins } from "./encoding.ts";
import { jwtBuiltins } from "./jwt.ts";
import { objectBuiltins } from "./objects.ts";
import { sprintfBuiltins } from "./sprintf.ts";
import { stringBuiltins } from "./strings.ts";
import { timeBuiltins } from "./time.ts";
import { urlqueryBuiltins } from "./urlquery.ts";

/** Every builtin that the host supplies to a policy, by its name in Rego. What is not here is refused at load. */
export const HOST_BUILTINS: ReadonlyMap<string, Builtin> = new Map(
	Object.entries({
		...cryptoBuiltins,
		...encodingBuiltins,
		...jwtBuiltins,
		...objectBuiltins,
		...sprintfBuiltins,
		...stringBuiltins,
		...timeBuiltins,
		...urlqueryBuiltins,
	}),
);
