import { buildAutomaton, WITHHOLD } from "../automaton.ts";
import type { Directive, Step } from "../types.ts";

const MAX_STATES = 64;
const LOCATIONS: readonly Step[] = [
	{ kind: "name", name: "errors", descend: false },
	{ kind: "any", descend: false },
	{ kind: "name", name: "locations", descend: false },
];
const MESSAGE: readonly Step[] = [
	...LOCATIONS.slice(0, 2),
	{ kind: "name", name: "message", descend: false },
];

/**
 * A directive for GraphQL, with what it leaves open about errors: where in the caller's own document they lie is
 * released, what they say is masked and not removed, for an error without a message is none to its readers. Everything
 * else of them, extensions among it, goes unless it is released.
 */
export function completeForGraphql(directive: Directive & Required<Pick<Directive, "release">>): Directive {
	const { root } = buildAutomaton(directive, "redact", MAX_STATES);
	const message = root.member("errors").otherElement().member("message");
	const open = message.scalar === WITHHOLD && !message.sealed;
	return {
		...directive,
		release: [...directive.release, { kind: "path", steps: LOCATIONS }],
		mask: open
			? [
					...directive.mask,
					{ select: { kind: "path", steps: MESSAGE }, strategy: { as: "redact" }, parameters: "{}" },
				]
			: directive.mask,
	};
}
