import { dirname, relative, resolve } from "node:path";
import process from "node:process";
import { errorMessage, hasErrorCode } from "../lib/error-message.ts";
import { type ErrorCode, PosternError } from "../lib/errors.ts";
import { explainIssue } from "./explain.ts";
import { describeFinding, type Finding, formatFinding } from "./finding.ts";
import { applyEnvironment, applyFlags, type FlagValue, type Origins, strayVariables } from "./overlay.ts";
import { profileTree } from "./profile.ts";
import type { ReferenceReaders } from "./references.ts";
import { brokenRules } from "./rules.ts";
import { CONFIG_SCHEMA } from "./schema.ts";
import { readSmallFile } from "./small-file.ts";
import { expandTree, layOver, layUnder, resolvePaths, toTree } from "./tree.ts";
import type { Config } from "./types.ts";
import { parseYamlFile, type YamlFile } from "./yaml-file.ts";

/** The file that is read when none is named. */
export const DEFAULT_CONFIG_FILE = "postern.yaml";

export interface ConfigSources {
	/** Named by the person, and must exist. Absent: `postern.yaml` if there is one, else defaults alone. */
	readonly file?: string;
	readonly flags?: readonly FlagValue[];
	/** Default: the process's environment. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	/** Folder against which `file`, and paths from flags and environment, resolve. Default: the working directory. */
	readonly folder?: string;
}

export type ConfigReading =
	| {
			readonly ok: true;
			readonly config: Config;
			readonly file?: string;
			/** Where the value of a dotted key comes from, for findings made later. */
			readonly placeOf: (key: string) => Partial<Finding>;
	  }
	| { readonly ok: false; readonly findings: readonly Finding[] };

/** This process's environment for a child, with values where it has none. */
export function environmentWith(
	defaults: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
	return { ...defaults, ...process.env };
}

/**
 * The configuration: flag over environment (`POSTERN_…`) over file over profile over default, frozen.
 * Throws `config_invalid` with every finding, a line each, or `file_unreadable`.
 */
export function loadConfig(sources: ConfigSources): Config {
	const reading = readConfig(sources);
	if (reading.ok) return reading.config;
	const { findings } = reading;
	const [first] = findings;
	const message =
		first !== undefined && findings.length === 1
			? describeFinding(first)
			: `the configuration has ${findings.length} errors:\n  ${findings.map(formatFinding).join("\n  ")}`;
	throw new PosternError(commonCode(findings, first?.code), message);
}

/** As `loadConfig`, with the findings as values. */
export function readConfig(sources: ConfigSources): ConfigReading {
	const folder = resolve(sources.folder ?? process.cwd());
	const env = sources.env ?? process.env;
	const origins: Origins = new Map();
	const read = readFile(sources.file, folder);
	if (!read.ok) return { ok: false, findings: [read.finding] };
	const { yaml, path, shown } = read;
	const base = path === undefined ? folder : dirname(path);
	const findings: Finding[] = [...(yaml?.findings ?? [])];
	if (findings.length > 0) return { ok: false, findings };

	const place = (key: readonly PropertyKey[]): Partial<Finding> => {
		const origin = originOf(origins, key);
		if (origin !== undefined) return { file: origin, key: key.join(".") };
		return { ...(shown === undefined ? {} : { file: shown }), ...yaml?.place(key), key: key.join(".") };
	};
	const report = (code: ErrorCode, key: readonly PropertyKey[], message: string): void => {
		findings.push({ code, message, ...place(key) });
	};

	const tree = toTree(yaml?.value);
	if (tree === undefined) {
		report("config_invalid", [], "must be a mapping of sections");
		return { ok: false, findings };
	}
	const readers: ReferenceReaders = {
		env: (name) => env[name],
		file: (name) => readSmallFile(resolve(base, name)),
	};
	expandTree(tree, [], readers, (key, message) => report("config_invalid", key, message));
	resolvePaths(tree, base);
	const overlay: Record<string, unknown> = {};
	applyEnvironment(overlay, env, origins);
	applyFlags(overlay, sources.flags ?? [], origins);
	resolvePaths(overlay, folder);
	layOver(tree, overlay);
	for (const stray of strayVariables(env)) {
		const guess = stray.likely === undefined ? "" : `; did you mean ${stray.likely}?`;
		findings.push({
			code: "config_invalid",
			file: stray.name,
			message: `this environment variable names no key${guess}`,
		});
	}

	layUnder(tree, profileTree(tree));
	const parsed = CONFIG_SCHEMA.safeParse(tree);
	if (!parsed.success) {
		for (const { key, message } of parsed.error.issues.flatMap((issue) => explainIssue(issue, tree))) {
			report("config_invalid", key, message);
		}
		return { ok: false, findings: inOrder(findings) };
	}
	const config: Config = deepFreeze(parsed.data);
	for (const broken of brokenRules(config)) report(broken.code, broken.key.split("."), broken.message);
	if (findings.length > 0) return { ok: false, findings: inOrder(findings) };
	const placeOf = (key: string): Partial<Finding> => place(key.split("."));
	return { ok: true, config, placeOf, ...(path === undefined ? {} : { file: path }) };
}

type FileReading =
	| { readonly ok: true; readonly yaml?: YamlFile; readonly path?: string; readonly shown?: string }
	| { readonly ok: false; readonly finding: Finding };

function readFile(named: string | undefined, folder: string): FileReading {
	const path = resolve(folder, named ?? DEFAULT_CONFIG_FILE);
	const shown = named ?? (relative(folder, path) || path);
	let text: string;
	try {
		text = readSmallFile(path);
	} catch (thrown) {
		if (named === undefined && hasErrorCode(thrown, "ENOENT")) return { ok: true };
		return { ok: false, finding: { code: "file_unreadable", message: errorMessage(thrown) } };
	}
	return { ok: true, yaml: parseYamlFile(text, shown), path, shown };
}

function originOf(origins: Origins, key: readonly PropertyKey[]): string | undefined {
	for (let length = key.length; length > 0; length--) {
		const origin = origins.get(key.slice(0, length).join("."));
		if (origin !== undefined) return origin;
	}
	return undefined;
}

/** By place, and each only once: a bad list item may be reported by several rules. */
function inOrder(findings: readonly Finding[]): Finding[] {
	const seen = new Set<string>();
	return findings
		.filter((finding) => {
			const text = formatFinding(finding);
			return !seen.has(text) && seen.add(text);
		})
		.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function commonCode(findings: readonly Finding[], first: ErrorCode | undefined): ErrorCode {
	return first !== undefined && findings.every((finding) => finding.code === first)
		? first
		: "config_invalid";
}

function deepFreeze<T>(value: T): T {
	if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const inner of Object.values(value)) deepFreeze(inner);
	}
	return value;
}
