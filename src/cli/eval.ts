import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { readDecision } from "../decision/read-decision.ts";
import { REASONS, type Reason } from "../decision/reasons.ts";
import { readDirective } from "../fields/directive.ts";
import { DECISION_RULES } from "../fields/directive-rules.ts";
import { systemClock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { DEFAULT_ENTRYPOINT } from "../policy/entrypoint.ts";
import { createExplainer } from "../policy/explain/explain.ts";
import { DEFAULT_POLICY_LIMITS } from "../policy/limits.ts";
import { type LoadedPolicy, loadPolicy } from "../policy/load.ts";
import type { Evaluation } from "../policy/types.ts";
import type { Command, CommandIo } from "./command.ts";
import { agrees, explanationJson, explanationText, readPaths } from "./explanation.ts";
import { noPositionals, parseFlags } from "./flags.ts";

const HELP = `usage: postern eval --bundle FILE --input FILE|- [--entrypoint PATH] [--compat PROFILE] [--explain] [--json]

Evaluates one input document (JSON, as a policy sees it under "input") and prints what the gate would do, and the
policy's own answer.

      --bundle FILE      as \`postern build\` makes it
      --input FILE       the input document; - reads stdin
      --entrypoint PATH  decision path; ${DEFAULT_ENTRYPOINT} when absent
      --compat PROFILE   strict (default), or opa-envoy-plugin: keys that it does not know are passed over
      --explain          tell which rules gave the answer and where others ended, and what of the input is read;
                         needs a bundle of \`postern build\`. Shows parts of the input
      --json             print one line of JSON, with the policy's revision

exit codes: 0 a well-formed decision, allow or deny; 1 none: undefined, failed or malformed; 2 usage; 3 a file
cannot be used
`;

const usage = (message: string): PosternError =>
	new PosternError("usage", `eval: ${message}; \`postern eval --help\` tells more`);

async function read(path: string, io: CommandIo): Promise<Buffer> {
	if (path === "-") return buffer(io.stdin);
	try {
		return await readFile(path);
	} catch (thrown) {
		throw new PosternError("file_unreadable", errorMessage(thrown), { cause: thrown });
	}
}

/** An escape of any kind, a pair of surrogates as one. */
const ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|.)/g;
const LONE_SURROGATE = /^\\u[dD][89a-fA-F][\da-fA-F]{2}$/;

/** The document as a request's body would come: of lone surrogates, which a module cannot read, none is left. */
function inputDocument(bytes: Buffer): Buffer {
	let value: unknown;
	try {
		if (isUtf8(bytes)) value = JSON.parse(bytes.toString("utf8"));
	} catch {
		value = undefined;
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw usage("the input document is no JSON object in UTF-8");
	}
	// Parsed for the check alone: printing the parsed value would round long numbers.
	const text = bytes.toString("utf8").trim();
	return Buffer.from(
		text.replace(ESCAPE, (found) => (LONE_SURROGATE.test(found) ? "\\ufffd" : found)),
		"utf8",
	);
}

/** What the decision comes to, as the gate would take it. */
interface Verdict {
	/** Allow, or the policy's own no: the decision is one. */
	readonly wellFormed: boolean;
	readonly verdict: "allow" | "deny";
	readonly status?: number;
	readonly reason?: Reason;
	readonly detail?: string;
}

function judge(outcome: Evaluation, compat: boolean): Verdict {
	if (outcome.kind === "undefined") return { ...refused("undefined_decision"), wellFormed: false };
	if (outcome.kind === "failed") {
		return { ...refused(outcome.reason), detail: outcome.message, wellFormed: false };
	}
	const { decision } = readDecision(outcome.value, {
		compat,
		extensions: !compat,
		readDirective: (value) => readDirective(value, DECISION_RULES),
		hash: true,
		request: true,
	});
	if (decision.kind === "allow") return { verdict: "allow", wellFormed: true };
	const { reason, status, detail } = decision;
	const wellFormed = reason === "policy_denied";
	return { verdict: "deny", status, reason, ...(detail === undefined ? {} : { detail }), wellFormed };
}

const refused = (reason: Reason): { verdict: "deny"; status: number; reason: Reason } => ({
	verdict: "deny",
	status: REASONS[reason],
	reason,
});

function print(outcome: Evaluation, { verdict, status, reason, detail }: Verdict): string {
	const head = verdict === "allow" ? "allow" : `deny ${status} ${reason}`;
	const line = detail === undefined ? head : `${head}: ${detail}`;
	return outcome.kind === "value" ? `${line}\n${JSON.stringify(outcome.value, null, 2)}` : line;
}

interface Asked {
	readonly entrypoint: string;
	readonly input: Buffer;
	/** What the policy's clock shows. */
	readonly now: number;
	/** What its module answered. */
	readonly outcome: Evaluation;
}

/** @throws {PosternError} `usage` for a bundle without a plan */
async function explain(
	bundle: Buffer,
	policy: LoadedPolicy,
	{ entrypoint, input, now, outcome }: Asked,
): Promise<{ readonly text: string; readonly json: JsonObject }> {
	const explainer = await createExplainer(bundle, DEFAULT_POLICY_LIMITS.max_bundle_bytes);
	if (explainer === undefined)
		throw usage("--explain needs a bundle with a plan, as `postern build` makes it");
	const explanation = explainer.explain(entrypoint, input, now);
	const reads = readPaths(policy.reads(entrypoint), JSON.parse(input.toString("utf8")) as JsonValue);
	const same = agrees(explanation, outcome);
	return {
		text: explanationText(explainer.files, explanation, reads, same),
		json: explanationJson(explainer.files, explanation, reads, same),
	};
}

export const evalCommand: Command = {
	name: "eval",
	summary: "one input → decision",
	help: HELP,
	async run(argv, io) {
		const { values, positionals } = parseFlags("eval", argv, {
			bundle: { type: "string" },
			input: { type: "string" },
			entrypoint: { type: "string" },
			compat: { type: "string" },
			explain: { type: "boolean" },
			json: { type: "boolean" },
		});
		noPositionals("eval", positionals);
		if (values.bundle === undefined) throw usage("no --bundle given");
		if (values.input === undefined) throw usage("no --input given");
		const { compat = "strict" } = values;
		if (compat !== "strict" && compat !== "opa-envoy-plugin") {
			throw usage("--compat is strict or opa-envoy-plugin");
		}
		const bundle = await read(values.bundle, io);
		const policy = await loadPolicy(bundle, DEFAULT_POLICY_LIMITS, systemClock);
		const input = inputDocument(await read(values.input, io));
		const entrypoint = values.entrypoint ?? DEFAULT_ENTRYPOINT;
		const now = systemClock.now();
		const outcome = policy.evaluate(entrypoint, input, now);
		const verdict = judge(outcome, compat === "opa-envoy-plugin");
		const explained =
			values.explain === true
				? await explain(bundle, policy, { entrypoint, input, now, outcome })
				: undefined;
		if (values.json === true) {
			const value = outcome.kind === "value" ? { value: outcome.value } : {};
			const { wellFormed, ...told } = verdict;
			const answer = { revision: policy.revision, well_formed: wellFormed, ...told, ...value };
			io.stdout.write(
				`${JSON.stringify({ ...answer, ...(explained && { explanation: explained.json }) })}\n`,
			);
		} else {
			io.stdout.write(`${print(outcome, verdict)}\n`);
			if (explained !== undefined) io.stdout.write(`\n${explained.text}\n`);
		}
		return verdict.wellFormed ? 0 : 1;
	},
};
