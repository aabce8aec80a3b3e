import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { systemClock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import { DEFAULT_ENTRYPOINT } from "../policy/entrypoint.ts";
import { DEFAULT_POLICY_LIMITS } from "../policy/limits.ts";
import { loadPolicy } from "../policy/load.ts";
import type { Evaluation } from "../policy/types.ts";
import type { Command, CommandIo } from "./command.ts";
import { noPositionals, parseFlags } from "./flags.ts";

const HELP = `usage: postern eval --bundle FILE --input FILE|- [--entrypoint PATH] [--json]

Evaluates one input document (JSON, as a policy sees it under "input") and prints the decision.

      --bundle FILE      as \`postern build\` makes it
      --input FILE       the input document; - reads stdin
      --entrypoint PATH  decision path; ${DEFAULT_ENTRYPOINT} when absent
      --json             print one line of JSON with the policy's revision and the outcome

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
		text.replace(ESCAPE, (escape) => (LONE_SURROGATE.test(escape) ? "\\ufffd" : escape)),
		"utf8",
	);
}

function print(outcome: Evaluation): string {
	switch (outcome.kind) {
		case "value":
			return JSON.stringify(outcome.value, null, 2);
		case "undefined":
			return "undefined";
		case "failed":
			return `failed: ${outcome.reason}: ${outcome.message}`;
	}
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
			json: { type: "boolean" },
		});
		noPositionals("eval", positionals);
		if (values.bundle === undefined) throw usage("no --bundle given");
		if (values.input === undefined) throw usage("no --input given");
		const policy = await loadPolicy(await read(values.bundle, io), DEFAULT_POLICY_LIMITS, systemClock);
		const input = inputDocument(await read(values.input, io));
		const outcome = policy.evaluate(values.entrypoint ?? DEFAULT_ENTRYPOINT, input);
		const line =
			values.json === true ? JSON.stringify({ revision: policy.revision, ...outcome }) : print(outcome);
		io.stdout.write(`${line}\n`);
		return outcome.kind === "value" ? 0 : 1;
	},
};
