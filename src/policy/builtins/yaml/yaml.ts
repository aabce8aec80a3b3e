import type { Term } from "../../term/term.ts";
import { type Builtin, ofString } from "../builtin.ts";
import { marshalYaml } from "./marshal.ts";
import { YamlError } from "./scalar.ts";
import { unmarshalYaml } from "./unmarshal.ts";

function unmarshal(text: string): Term | undefined {
	try {
		return unmarshalYaml(text);
	} catch (thrown) {
		if (thrown instanceof YamlError) return undefined;
		throw thrown;
	}
}

export const yamlBuiltins: Readonly<Record<string, Builtin>> = {
	"yaml.is_valid": ([text]) => typeof text === "string" && unmarshal(text) !== undefined,
	"yaml.marshal": ([value]) => (value === undefined ? undefined : marshalYaml(value)),
	"yaml.unmarshal": ofString(unmarshal),
};
