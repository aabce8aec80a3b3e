import { parseArgs } from "node:util";
import { PosternError } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";

export interface FlagSpec {
	readonly type: "string" | "boolean";
	readonly short?: string;
	readonly multiple?: boolean;
}

export type FlagValues<S extends Readonly<Record<string, FlagSpec>>> = {
	readonly [K in keyof S]?: S[K] extends { multiple: true }
		? readonly string[]
		: S[K]["type"] extends "boolean"
			? boolean
			: string;
};

export interface ParsedFlags<S extends Readonly<Record<string, FlagSpec>>> {
	readonly values: FlagValues<S>;
	readonly positionals: readonly string[];
}

/**
 * Reads a command's options: `--name value`, `--name=value`, `--switch`, `-n`, `--` ends them. An unknown option,
 * a missing value or a value for a switch is `usage`, with the likely word. Options given twice: the last counts.
 */
export function parseFlags<const S extends Readonly<Record<string, FlagSpec>>>(
	command: string,
	argv: readonly string[],
	spec: S,
): ParsedFlags<S> {
	const { tokens } = parseArgs({ args: [...argv], options: { ...spec }, strict: false, tokens: true });
	const values: Record<string, string | boolean | string[]> = Object.create(null);
	const positionals: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") positionals.push(token.value);
		if (token.kind !== "option") continue;
		const one = Object.hasOwn(spec, token.name) ? spec[token.name] : undefined;
		if (one === undefined) throw unknownFlag(command, token.rawName, spec);
		if (one.type === "boolean") {
			if (token.value !== undefined) throw usage(command, `option --${token.name} takes no value`);
			values[token.name] = true;
			continue;
		}
		// `--config --admin x` is a forgotten value, not a file named "--admin".
		const value = token.value;
		if (value === undefined || (token.inlineValue === false && /^-[^-]|^--./.test(value))) {
			throw usage(command, `option --${token.name} needs a value`);
		}
		const list = values[token.name];
		if (one.multiple === true) values[token.name] = Array.isArray(list) ? [...list, value] : [value];
		else values[token.name] = value;
	}
	return { values: values as FlagValues<S>, positionals };
}

/** Refuses words that are no options of the command. */
export function noPositionals(command: string, positionals: readonly string[]): void {
	const [first] = positionals;
	if (first !== undefined) throw usage(command, `unexpected argument ${JSON.stringify(first)}`);
}

function unknownFlag(command: string, raw: string, spec: Readonly<Record<string, FlagSpec>>): PosternError {
	const known = Object.keys(spec).map((name) => `--${name}`);
	return usage(command, `unknown option ${raw}${didYouMean(raw, [...known, "--help"])}`);
}

function usage(command: string, message: string): PosternError {
	return new PosternError("usage", `${command}: ${message}; \`postern ${command} --help\` tells more`);
}
