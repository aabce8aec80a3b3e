import type { z } from "zod";
import { didYouMean } from "../lib/nearest.ts";
import { knownKeys } from "./leaves.ts";

/** What is wrong at a key, in words that name no value. */
export interface Explained {
	readonly key: readonly PropertyKey[];
	readonly message: string;
}

/** The schema's finding in the words of the person who wrote the file; `tree` is what was judged. */
export function explainIssue(issue: z.core.$ZodIssue, tree: unknown): readonly Explained[] {
	if (issue.code === "unrecognized_keys") {
		const known = knownKeys(issue.path) ?? [];
		return issue.keys.map((key) => ({
			key: [...issue.path, key],
			message: `unknown key${didYouMean(key, known)}`,
		}));
	}
	const value = issue.path.reduce(member, tree);
	return [{ key: issue.path, message: explainValue(issue, value) }];
}

function explainValue(issue: z.core.$ZodIssue, value: unknown): string {
	if (value === undefined) return "is required";
	if (issue.code === "invalid_type" && issue.expected === "object") return "must be a mapping of keys";
	if (issue.code === "invalid_value" && typeof value === "string") {
		return issue.message + didYouMean(value, issue.values.map(String));
	}
	return issue.message;
}

function member(node: unknown, segment: PropertyKey): unknown {
	if (typeof node !== "object" || node === null) return undefined;
	return (node as Readonly<Record<PropertyKey, unknown>>)[segment];
}
