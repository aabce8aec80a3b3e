import { wellFormed } from "../../term/byte-string.ts";
import { tooLarge } from "../bounds.ts";
import { type Builtin, ofStrings } from "../builtin.ts";
import { parseModule } from "./module.ts";
import { moduleShape, UnprintableError } from "./shape.ts";

/** Characters of one module: its JSON is some twenty times as long. */
const MAX_SOURCE = 1 << 18;

export const regoBuiltins: Readonly<Record<string, Builtin>> = {
	"rego.parse_module": ofStrings((file, source) => {
		if (source.length > MAX_SOURCE) throw tooLarge("rego.parse_module");
		const module = parseModule(source);
		if (module === undefined) return undefined;
		try {
			return moduleShape(module, wellFormed(file));
		} catch (thrown) {
			if (thrown instanceof UnprintableError) return undefined;
			throw thrown;
		}
	}),
};
