import { type Directive, type DirectiveDefinition, KIND } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Budget } from "../limits.ts";
import { named } from "../named.ts";
import type { Schema } from "./schema.ts";

/** Names with two leading underscores are the specification's own. */
export function checkName(name: string): void {
	if (name.startsWith("__")) throw new GraphqlError(`the name ${name} is reserved`);
}

function checkArguments(directive: Directive, definition: DirectiveDefinition): void {
	for (const { name } of directive.arguments) {
		if (named(definition.arguments, name) === undefined) throw new GraphqlError(`unknown argument ${name}`);
	}
	for (const { name, type, defaultValue } of definition.arguments) {
		if (!type.nonNull || defaultValue !== undefined) continue;
		const given = named(directive.arguments, name);
		if (given === undefined || given.value.kind === KIND.null)
			throw new GraphqlError(`argument ${name} is missing`);
	}
}

/**
 * Checks directives that stand in a schema at one place.
 * @throws {GraphqlError} for one that is unknown, may not stand there, or has other arguments than it is to have; also
 * for one that is repeated and may not be.
 */
export function checkDirectiveUses(
	schema: Schema,
	directives: readonly Directive[],
	location: string,
	work: Budget,
	repeats: "checked" | "allowed" = "checked",
): void {
	const seen = new Set<string>();
	for (const directive of directives) {
		checkName(directive.name);
		const definition = schema.directives.get(directive.name);
		if (definition === undefined) throw new GraphqlError(`unknown directive ${directive.name}`);
		work.spend(directive.arguments.length + definition.arguments.length + definition.locations.length);
		if (repeats === "checked" && seen.has(directive.name) && definition.isRepeatable !== true) {
			throw new GraphqlError(`directive ${directive.name} is repeated`);
		}
		seen.add(directive.name);
		if (!definition.locations.includes(location)) {
			throw new GraphqlError(`directive ${directive.name} may not stand on ${location}`);
		}
		checkArguments(directive, definition);
	}
}
