import type { Builtin } from "../builtin.ts";
import { nativeArithmetic } from "./arithmetic.ts";
import { nativeEncoding } from "./encoding.ts";
import { nativeGlob } from "./glob.ts";
import { nativeNet } from "./net.ts";
import { nativeObjects } from "./objects.ts";
import { nativeRegex } from "./regex.ts";
import { nativeText } from "./text.ts";

/** What the host answers in place of the module's own builtins, by name in Rego. */
export const NATIVE_BUILTINS: ReadonlyMap<string, Builtin> = new Map(
	Object.entries({
		...nativeArithmetic,
		...nativeEncoding,
		...nativeGlob,
		...nativeNet,
		...nativeObjects,
		...nativeRegex,
		...nativeText,
	}),
);
