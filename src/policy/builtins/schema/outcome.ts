import { MAX_ITEMS, MAX_TEXT, tooLarge } from "../bounds.ts";

/** Where in a document something is: the names and indexes that lead there, the last first. */
export interface Path {
	readonly name: string;
	readonly parent: Path | undefined;
}

/** `undefined` is the whole document. */
export const within = (parent: Path | undefined, name: string): Path => ({ name, parent });

/** What a message says, given how the place is called. */
type Message = string | ((field: string) => string);

interface Failure {
	/** OPA's name for what went wrong. */
	readonly type: string;
	readonly path: Path | undefined;
	readonly message: Message;
}

/** What came of holding a value to a schema. */
export interface Outcome {
	readonly failures: Failure[];
	/** How much of it went well; it chooses whose failures are shown where none of several schemas matched. */
	score: number;
}

export const newOutcome = (): Outcome => ({ failures: [], score: 0 });

export const isValid = ({ failures }: Outcome): boolean => failures.length === 0;

export function fail(outcome: Outcome, type: string, path: Path | undefined, message: Message): void {
	outcome.failures.push({ type, path, message });
	outcome.score -= 2;
}

/** Adds what came of a part to what came of the whole. */
export function merge(outcome: Outcome, part: Outcome): void {
	for (const failure of part.failures) outcome.failures.push(failure);
	outcome.score += part.score;
}

/** Names joined by dots, as OPA calls a place. */
function fieldOf(path: Path | undefined): string {
	const names: string[] = [];
	for (let at = path; at !== undefined; at = at.parent) names.push(at.name);
	return names.length === 0 ? "(Root)" : names.reverse().join(".");
}

/** A failure in words. */
export interface Told {
	readonly type: string;
	readonly field: string;
	readonly text: string;
}

/** @throws {RangeError} when that is too much to say. */
export function told({ failures }: Outcome, builtin: string): readonly Told[] {
	if (failures.length > MAX_ITEMS) throw tooLarge(builtin);
	let length = 0;
	return failures.map(({ type, path, message }) => {
		const field = fieldOf(path);
		const text = typeof message === "string" ? message : message(field);
		length += field.length + text.length;
		if (length > MAX_TEXT) throw tooLarge(builtin);
		return { type, field, text };
	});
}
