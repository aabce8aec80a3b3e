import { isObject } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";
import { TemplateError } from "./template-lex.ts";
import { parseTemplate } from "./template-parse.ts";
import { renderTemplate } from "./template-render.ts";
import { toValue } from "./template-values.ts";

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
