import { GraphqlError } from "../graphql-error.ts";
import type { Rule } from "../rule.ts";

/** A directive exists, and may stand where it does. */
export const knownDirectives: Rule = ({ work }) => ({
	directive({ name, definition, location }) {
		if (definition === undefined) throw new GraphqlError(`unknown directive ${name}`);
		work.spend(definition.locations.length);
		if (definition.locations.includes(location ?? "")) return;
		throw new GraphqlError(`directive ${name} may not stand on ${location}`);
	},
});

export const uniqueDirectivesPerLocation: Rule = () => ({
	directives(directives) {
		if (directives.length < 2) return;
		const seen = new Set<string>();
		for (const { name, definition } of directives) {
			if (seen.has(name) && definition?.isRepeatable !== true)
				throw new GraphqlError(`directive ${name} twice`);
			seen.add(name);
		}
	},
});
