/** The message of whatever was thrown. Reads the shape, not the class: errors cross realms (workers, vm contexts). */
export function errorMessage(thrown: unknown): string {
	if (
		typeof thrown === "object" &&
		thrown !== null &&
		"message" in thrown &&
		typeof thrown.message === "string"
	) {
		return thrown.message;
	}
	return String(thrown);
}

/** The `code` of a system error (`ENOENT`), at any depth of causes. */
export function hasErrorCode(thrown: unknown, code: string): boolean {
	if (typeof thrown !== "object" || thrown === null) return false;
	if ("code" in thrown && thrown.code === code) return true;
	return "cause" in thrown && hasErrorCode(thrown.cause, code);
}
