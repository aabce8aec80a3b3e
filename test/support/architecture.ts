import { dirname, join, normalize } from "node:path";
import { exportsOf, importsOf } from "./import-scan.ts";
import { readSource } from "./source-text.ts";

/** Source files by path from `src/`, with slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** Folders of `src/`; `main` is `main.ts`. */
export type Room =
	| "main"
	| "cli"
	| "serve"
	| "launch"
	| "config"
	| "envoy"
	| "admin"
	| "codec"
	| "request"
	| "identity"
	| "context"
	| "policy"
	| "decision"
	| "effects"
	| "fields"
	| "mesh"
	| "audit"
	| "telemetry"
	| "lib";

/** `all`: values too; `types`: only what is erased. A room that is not named may not be entered. */
type Doors = Readonly<Partial<Record<Room, "all" | "types">>>;

const PURE = ["request", "decision", "fields", "mesh"] as const;
const pureRooms: Doors = { request: "all", decision: "all", fields: "all" };
const pureTypes: Doors = { request: "types", decision: "types", fields: "types" };
/** Metrics and the logger are passed in; settings are handed over. */
const handedIn: Doors = { lib: "all", config: "types", telemetry: "types" };

/**
 * Who may import from whom. The wire knows the rooms only by their interfaces, rooms that do work never know each
 * other, and what decides knows nothing of the world outside.
 */
export const DOORS: Readonly<Record<Room, Doors>> = {
	lib: {},
	request: { lib: "all", decision: "types", fields: "types" },
	decision: { lib: "all", request: "types", fields: "types" },
	fields: { lib: "all", request: "types", decision: "types" },
	mesh: { lib: "all" },
	codec: { lib: "all" },
	config: { lib: "all" },
	telemetry: { lib: "all", config: "types" },
	launch: { lib: "all" },
	policy: { ...handedIn, ...pureRooms },
	identity: { ...handedIn, ...pureRooms },
	context: { ...handedIn, ...pureRooms },
	effects: { ...handedIn, ...pureRooms },
	audit: { ...handedIn, ...pureRooms },
	envoy: {
		...handedIn,
		...pureRooms,
		codec: "all",
		policy: "types",
		identity: "types",
		context: "types",
		effects: "types",
		audit: "types",
	},
	admin: { ...handedIn, ...pureTypes, policy: "types", audit: "types" },
	serve: {
		...handedIn,
		...pureRooms,
		config: "all",
		launch: "all",
		telemetry: "all",
		codec: "all",
		policy: "all",
		identity: "all",
		context: "all",
		effects: "all",
		audit: "all",
		envoy: "all",
		admin: "all",
	},
	cli: {
		...handedIn,
		...pureRooms,
		config: "all",
		serve: "all",
		policy: "all",
		mesh: "all",
	},
	main: { cli: "all", lib: "all" },
};

/** Packages and modules that one place alone may use. */
const ONLY_HERE: readonly { readonly specifier: RegExp; readonly where: RegExp; readonly why: string }[] = [
	{ specifier: /^pino$/, where: /^telemetry\/logger\.ts$/, why: "only the logger imports pino" },
	{ specifier: /^prom-client$/, where: /^$/, why: "it is large, and a reference for tests" },
	{ specifier: /^jose(\/|$)/, where: /^identity\//, why: "only identity imports jose" },
	{ specifier: /^@grpc\/|^grpc-health-check$/, where: /^envoy\//, why: "gRPC stays in the wire's room" },
	{
		specifier: /^yaml$/,
		where: /^(config\/|policy\/builtins\/yaml\/)/,
		why: "only the configuration and the builtins for YAML read it",
	},
	{ specifier: /^node:zlib$/, where: /^(codec|policy\/bundle)\//, why: "codings are undone under limits" },
	{
		specifier: /^node:child_process$/,
		where: /^(policy\/bundle|serve\/workers)\//,
		why: "only `build` runs a program, and the supervisor its workers",
	},
	{
		specifier: /^node:(http|https|http2)$/,
		where: /^(admin|lib\/fetch-|envoy\/)/,
		why: "few rooms talk HTTP",
	},
];

/** Words of code that one place alone may say. */
const WORDS: readonly { readonly word: RegExp; readonly where: RegExp; readonly why: string }[] = [
	{
		word: /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*["']\s*["']\s*\]/g,
		where: /^config\/load\.ts$/,
		why: "only config/load.ts reads the environment",
	},
	{
		word: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\w\s(]))|\bperformance\s*\.\s*now\b|\bhrtime\b/g,
		where: /^lib\/clock\.ts$/,
		why: "only lib/clock.ts reads time",
	},
	{ word: /\bWebAssembly\b/g, where: /^policy\/wasm\//, why: "only policy/wasm touches WebAssembly" },
	{
		word: /\bprocess\s*\.\s*(?:exit|exitCode|abort|kill)\b/g,
		where: /^(main|serve\/workers\/watchdog-thread)\.ts$/,
		why: "only main.ts ends the process, and a watchdog whose supervisor is gone",
	},
	{ word: /\bconsole\s*\./g, where: /^$/, why: "nothing prints behind the logger's back" },
	{
		word: /\bMath\s*\.\s*random\b/g,
		where: /^lib\/refreshing\.ts$/,
		why: "only waiting times may be spread by it",
	},
	{ word: /\beval\s*\(|\bnew\s+Function\b/g, where: /^$/, why: "no code is made of text" },
];

/** What a pure room's code may not say: it is told the time and given bytes. */
const IMPURE =
	/\basync\b|\bawait\b|\bPromise\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\b|\bfetch\b|\bcrypto\b/g;

/** The table of limits is a declaration that every room which enforces one may read. */
const OPEN_FILES: ReadonlySet<string> = new Set(["config/limits.ts"]);

function roomOf(file: string): string {
	return file.includes("/") ? file.slice(0, file.indexOf("/")) : file.replace(/\.ts$/, "");
}

/** Types files are the interfaces of the rooms. */
const INTERFACE = /(?:^|\/)(?:[a-z-]+-)?types\.ts$/;

/** Every breach of the rooms' rules, one line each; empty when there is none. */
export function breaches(tree: SourceTree): readonly string[] {
	const found: string[] = [];
	for (const [file, source] of tree) {
		found.push(...importBreaches(tree, file, source), ...wordBreaches(file, source));
		const { hasDefault } = exportsOf(source);
		if (hasDefault) found.push(`${file}: default export; every export has a name`);
		if (/(?:^|\/)(?:index|utils?|helpers?|common|misc)\.ts$/.test(file)) {
			found.push(`${file}: a file is named after its one idea`);
		}
		if (!/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts$/.test(file)) {
			found.push(`${file}: names of files and folders are kebab-case`);
		}
	}
	found.push(...cycles(tree).map((cycle) => `cycle: ${cycle.join(" → ")}`));
	return found.sort();
}

function importBreaches(tree: SourceTree, file: string, source: string): readonly string[] {
	const found: string[] = [];
	const room = roomOf(file);
	const doors: Doors | undefined = (DOORS as Readonly<Record<string, Doors>>)[room];
	if (doors === undefined) found.push(`${file}: ${room} is no room of the design`);
	const pure = (PURE as readonly string[]).includes(room);
	for (const { specifier, typeOnly, reexport } of importsOf(source)) {
		if (reexport) found.push(`${file}: re-exports ${specifier}; importers name the file they mean`);
		if (!specifier.startsWith(".")) {
			for (const rule of ONLY_HERE) {
				if (rule.specifier.test(specifier) && !rule.where.test(file) && !typeOnly) {
					found.push(`${file}: imports ${specifier}; ${rule.why}`);
				}
			}
			if (pure && specifier !== "node:buffer") found.push(`${file}: imports ${specifier}; ${room} is pure`);
			continue;
		}
		const target = normalize(join(dirname(file), specifier));
		if (!tree.has(target)) {
			found.push(`${file}: imports ${specifier}, which is no file of src`);
			continue;
		}
		const other = roomOf(target);
		if (other === room) continue;
		const door = doors?.[other as Room];
		if (door === undefined) found.push(`${file}: ${room} may not enter ${other} (${target})`);
		else if (door === "types" && !typeOnly && !OPEN_FILES.has(target)) {
			found.push(`${file}: ${room} may import types alone from ${other} (${target})`);
		}
		if (pure && door === "types" && !INTERFACE.test(target)) {
			found.push(`${file}: pure rooms know each other by their types files, not by ${target}`);
		}
	}
	return found;
}

function wordBreaches(file: string, source: string): readonly string[] {
	const { code } = readSource(source);
	const found: string[] = [];
	const at = (index: number) => `${file}:${code.slice(0, index).split("\n").length}`;
	for (const { word, where, why } of WORDS) {
		if (where.test(file)) continue;
		for (const match of code.matchAll(word)) found.push(`${at(match.index)}: ${match[0].trim()}; ${why}`);
	}
	if ((PURE as readonly string[]).includes(roomOf(file))) {
		for (const match of code.matchAll(IMPURE)) {
			found.push(`${at(match.index)}: ${match[0]}; ${roomOf(file)} is pure`);
		}
	}
	return found;
}

/** Cycles of imports, types among them: each once, as the files in order. */
function cycles(tree: SourceTree): readonly (readonly string[])[] {
	const targets = (file: string) =>
		importsOf(tree.get(file) ?? "")
			.filter(({ specifier }) => specifier.startsWith("."))
			.map(({ specifier }) => normalize(join(dirname(file), specifier)))
			.filter((target) => tree.has(target));
	const found: string[][] = [];
	const done = new Set<string>();
	const path: string[] = [];
	function visit(file: string): void {
		if (path.includes(file)) {
			found.push([...path.slice(path.indexOf(file)), file]);
			return;
		}
		if (done.has(file)) return;
		path.push(file);
		for (const target of targets(file)) visit(target);
		path.pop();
		done.add(file);
	}
	for (const file of tree.keys()) visit(file);
	return found;
}
