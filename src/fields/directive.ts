import { canonicalJson } from "./canonical.ts";
import type { DirectiveRules } from "./directive-rules.ts";
import { completeForGraphql } from "./graphql/completed.ts";
import { MAX_DEPTH } from "./limits.ts";
import { parseSelector } from "./selector.ts";
import { readStrategy } from "./strategy-rules.ts";
import type { Directive, MaskRule, Selector } from "./types.ts";

export type DirectiveResult =
	| { readonly ok: true; readonly directive: Directive }
	| {
			readonly ok: false;
			/** `unsupported`: a valid key of the semantics that this build does not carry out; `too_large`: over a limit of size. */
			readonly kind: "invalid" | "unsupported" | "too_large";
			/** What is wrong, and where; for the author of the policy. */
			readonly message: string;
	  };

type Given = Readonly<Record<string, unknown>>;

const KEYS = ["release", "mask", "withhold", "detect"];
/** Keys that only decisions know. */
const DECISION_KEYS = ["media_types", "stream", "csv_header", "files", "grpc_message", "shape"];
const DETECTORS: ReadonlySet<unknown> = new Set([
	"email",
	"pan",
	"iban",
	"us_ssn",
	"ipv4",
	"ipv6",
	"phone",
	"jwt",
	"aws_key",
	"private_key",
]);
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/;

class Fault extends Error {
	readonly kind: "invalid" | "unsupported" | "too_large";
	constructor(kind: "invalid" | "unsupported" | "too_large", message: string) {
		super(message);
		this.kind = kind;
	}
}

/**
 * Reads a directive out of plain JSON. Everything that is not exactly of the grammar is refused, before
 * any body is looked at: a rule that was meant and not understood must not turn into a release.
 */
export function readDirective(value: unknown, rules: DirectiveRules): DirectiveResult {
	try {
		return { ok: true, directive: read(value, rules) };
	} catch (thrown) {
		if (thrown instanceof Fault) return { ok: false, kind: thrown.kind, message: thrown.message };
		throw thrown;
	}
}

function read(value: unknown, rules: DirectiveRules): Directive {
	if (!isObject(value)) throw new Fault("invalid", "a directive is an object");
	const keys = rules.decisionKeys ? [...KEYS, ...DECISION_KEYS] : KEYS;
	for (const key of Object.keys(value)) {
		if (!keys.includes(key)) {
			throw new Fault("invalid", `unknown key ${JSON.stringify(key)}; known are ${keys.join(", ")}`);
		}
	}
	if (!isShallow(value, MAX_DEPTH)) throw new Fault("invalid", `nested deeper than ${MAX_DEPTH} levels`);
	const text = canonicalJson(value);
	const bytes = Buffer.byteLength(text);
	if (bytes > (rules.maxBytes ?? Number.POSITIVE_INFINITY)) {
		throw new Fault("too_large", `${bytes} bytes; a directive has at most ${rules.maxBytes}`);
	}
	const release = list(value, "release");
	const withhold = list(value, "withhold") ?? [];
	const mask = list(value, "mask") ?? [];
	const detect = list(value, "detect") ?? [];
	const count = (release?.length ?? 0) + withhold.length + mask.length;
	if (count > (rules.maxSelectors ?? Number.POSITIVE_INFINITY)) {
		throw new Fault("too_large", `${count} selectors; a directive has at most ${rules.maxSelectors}`);
	}
	const directive = {
		mask: mask.map((item, i) => readMask(item, `mask[${i}]`, rules)),
		withhold: withhold.map((item, i) => readSelector(item, `withhold[${i}]`, rules)),
		mediaTypes: readMediaTypes(value),
		stream: readStream(value),
		grpcMessage: choice(value, "grpc_message", ["withhold", "release"]),
		files: choice(value, "files", ["block", "pass"]),
		csvHeader: choice(value, "csv_header", ["unknown", "present"]),
		shape: choice(value, "shape", ["plain", "graphql"]),
		text,
	};
	detect.forEach((item, i) => {
		readDetector(item, `detect[${i}]`, rules);
	});
	if (detect.length > 0 && !rules.detectors)
		throw new Fault("unsupported", "detect: detectors are not built in yet");
	if (release === undefined) {
		if (directive.shape === "graphql") throw new Fault("invalid", "shape: graphql needs release");
		return directive;
	}
	const whole = {
		...directive,
		release: release.map((item, i) => readSelector(item, `release[${i}]`, rules)),
	};
	return whole.shape === "graphql" ? completeForGraphql(whole) : whole;
}

function readMask(item: unknown, where: string, rules: DirectiveRules): MaskRule {
	if (!isObject(item)) throw new Fault("invalid", `${where}: expected an object with select and as`);
	if (!Object.hasOwn(item, "select")) throw new Fault("invalid", `${where}: select is required`);
	const select = readSelector(item["select"], `${where}.select`, rules);
	const read = readStrategy(item, ["select"], rules);
	if (!read.ok) throw new Fault("invalid", `${where}: ${read.message}`);
	return { select, strategy: read.strategy, parameters: read.parameters };
}

function readSelector(item: unknown, where: string, rules: DirectiveRules): Selector {
	const read = parseSelector(item);
	if (!read.ok) throw new Fault("invalid", `${where}: ${read.message}`);
	const { selector } = read;
	if (selector.kind === "class") {
		if (!rules.classes) throw new Fault("unsupported", `${where}: class: selectors need a contract`);
		return selector;
	}
	const descents = selector.steps.filter((step) => step.kind !== "index" && step.descend).length;
	if (descents > (rules.maxDescents ?? Number.POSITIVE_INFINITY)) {
		throw new Fault(
			"too_large",
			`${where}: ${descents} descendant steps; a selector has at most ${rules.maxDescents}`,
		);
	}
	return selector;
}

function readDetector(item: unknown, where: string, rules: DirectiveRules): void {
	if (typeof item === "string") {
		if (!DETECTORS.has(item))
			throw new Fault("invalid", `${where}: unknown detector ${JSON.stringify(item)}`);
		return;
	}
	if (!isObject(item)) throw new Fault("invalid", `${where}: expected the name of a detector or an object`);
	if (!DETECTORS.has(item["detector"])) throw new Fault("invalid", `${where}: unknown detector`);
	const read = readStrategy(item, ["detector"], rules);
	if (!read.ok) throw new Fault("invalid", `${where}: ${read.message}`);
}

function readMediaTypes(value: Given): readonly string[] {
	const items = list(value, "media_types") ?? [];
	return items.map((item, i) => {
		const type = typeof item === "string" ? item.toLowerCase() : "";
		if (!MEDIA_TYPE.test(type))
			throw new Fault("invalid", `media_types[${i}]: expected type/subtype without parameters`);
		return type;
	});
}

function readStream(value: Given): boolean {
	if (!Object.hasOwn(value, "stream")) return false;
	const given = value["stream"];
	if (typeof given !== "boolean") throw new Fault("invalid", "stream: expected true or false");
	return given;
}

/** One of a few words; the first where the key is absent. */
function choice<const Word extends string>(
	value: Given,
	key: string,
	words: readonly [Word, ...Word[]],
): Word {
	if (!Object.hasOwn(value, key)) return words[0];
	const found = words.find((word) => word === value[key]);
	if (found === undefined) throw new Fault("invalid", `${key}: expected one of ${words.join(", ")}`);
	return found;
}

function list(value: Given, key: string): readonly unknown[] | undefined {
	if (!Object.hasOwn(value, key)) return undefined;
	const items = value[key];
	if (!Array.isArray(items)) throw new Fault("invalid", `${key}: expected a list`);
	return items;
}

/** Looked at before anything that walks the whole value, so that no nesting exhausts the stack. */
function isShallow(value: unknown, levels: number): boolean {
	if (typeof value !== "object" || value === null) return true;
	return levels > 0 && Object.values(value).every((child) => isShallow(child, levels - 1));
}

function isObject(value: unknown): value is Given {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
