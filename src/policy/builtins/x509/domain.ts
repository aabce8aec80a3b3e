/** A domain as Go takes it: no empty label, no point at the end; as a constraint it may start with a point. */
export function isDomain(text: string, constraint: boolean): boolean {
	if (text === "") return true;
	const labels = (constraint && text.startsWith(".") ? text.slice(1) : text).split(".");
	return labels.every((label) => /^[!-~]+$/.test(label));
}
