import type { Builtin } from "./builtin.ts";
import { nativeArithmetic } from "./native-arithmetic.ts";
import { nativeEncoding } from "./native-encoding.ts";
import { nativeGlob } from "./native-glob.ts";
import { nativeNet } from "./native-net.ts";
import { nativeObjects } from "./native-objects.ts";
import { nativeRegex } from "./native-regex.ts";
import { nativeText } from "./native-text.ts";

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
