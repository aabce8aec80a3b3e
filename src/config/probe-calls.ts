import { z } from "zod";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import { explainIssue } from "./explain.ts";
import type { ProbeCall } from "./probe-types.ts";
import { readSmallFile } from "./small-file.ts";
import { parseYamlFile } from "./yaml-file.ts";

const line = z
	.string({ error: "must be a text" })
	.max(4096, { error: "must not be longer than 4096 characters" })
	.regex(/^[^\0\r\n]*$/, { error: "must be one line without NUL" });
const named = z.record(z.string().regex(/^[!-9;-~]+$/, { error: "must be a name" }), line, {
	error: "must be names and texts",
});
/** A body is a text, sent as it is, or whatever JSON it is to be. */
const body = z
	.unknown()
	.refine((value) => value !== undefined, { error: "is required" })
	.transform((value) => (typeof value === "string" ? value : JSON.stringify(value)));

const call = z.strictObject({
	name: line.exactOptional(),
	method: line.regex(/^[A-Z]+$/, { error: "must be a method in capitals" }).default("GET"),
	path: line.regex(/^\//, { error: "must begin with /" }).default("/"),
	host: line.default("postern.test"),
	headers: named.default({}),
	principal: line.default(""),
	context: named.default({}),
	expect: z.enum(["allow", "deny"], { error: "must be allow or deny" }),
	status: z
		.int({ error: "must be a status from 300 to 599" })
		.min(300, { error: "must be a status from 300 to 599" })
		.max(599, { error: "must be a status from 300 to 599" })
		.exactOptional(),
	answer: z
		.strictObject({ content_type: line.default("application/json"), body, shown: body })
		.exactOptional(),
});

const file = z.strictObject({
	calls: z
		.array(call, { error: "must be a list of calls" })
		.max(100, { error: "must not hold more than 100 calls" }),
});

/**
 * Reads the calls of a YAML or JSON file.
 *
 * @throws PosternError `file_unreadable`, `config_invalid`
 */
export function readProbeCalls(path: string): readonly ProbeCall[] {
	let text: string;
	try {
		text = readSmallFile(path);
	} catch (thrown) {
		throw new PosternError("file_unreadable", errorMessage(thrown), { cause: thrown });
	}
	const yaml = parseYamlFile(text, path);
	const [broken] = yaml.findings;
	if (broken !== undefined) throw invalid(path, broken, broken.message);
	const parsed = file.safeParse(yaml.value);
	if (parsed.success) return parsed.data.calls.map((each, index) => asCall(each, path, index));
	const [first] = parsed.error.issues.flatMap((issue) => explainIssue(issue, yaml.value));
	const at = first?.key ?? [];
	throw invalid(path, yaml.place(at), `${at.join(".")}: ${first?.message ?? "is not right"}`);
}

function asCall(given: z.output<typeof call>, path: string, index: number): ProbeCall {
	const { name, answer, headers, ...rest } = given;
	const fault = contradiction(given);
	if (fault !== undefined) throw invalid(path, {}, `calls.${index}: ${fault}`);
	return {
		...rest,
		name: name ?? `${given.expect} ${given.method} ${given.path}`,
		headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])),
		...(answer === undefined
			? {}
			: { answer: { contentType: answer.content_type, body: answer.body, shown: answer.shown } }),
	};
}

function contradiction({ expect, status, answer }: z.output<typeof call>): string | undefined {
	if (expect === "allow" && status !== undefined) return "`status` belongs to a denial";
	if (expect === "deny" && answer !== undefined) return "a denied call has no `answer`";
	return undefined;
}

function invalid(
	path: string,
	{ line, column }: { readonly line?: number; readonly column?: number },
	message: string,
): PosternError {
	const at = line === undefined ? path : `${path}:${line}:${column ?? 1}`;
	return new PosternError("config_invalid", `${at}: ${message}`);
}
