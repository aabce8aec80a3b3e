import { isObject } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { TemplateError } from "./lex.ts";
import { parseTemplate } from "./parse.ts";
import { renderTemplate } from "./render.ts";
import { toValue } from "./values.ts";

const render: Builtin = ([template, variables]) => {
	if (typeof template !== "string" || !isObject(variables)) return undefined;
	try {
		return renderTemplate(parseTemplate(template), toValue(variables));
	} catch (thrown) {
		if (thrown instanceof TemplateError) return undefined;
		throw thrown;
	}
};

export const templateBuiltins: Readonly<Record<string, Builtin>> = { "strings.render_template": render };
