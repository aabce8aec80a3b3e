/**
 * Where a collector takes traces, or undefined for what is no such URL. A bare address means its usual path, as
 * OpenTelemetry's exporters have it.
 */
export function collectorUrl(endpoint: string): string | undefined {
	if (!URL.canParse(endpoint)) return undefined;
	const url = new URL(endpoint);
	if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
	if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined;
	if (url.pathname === "/") url.pathname = "/v1/traces";
	return url.href;
}

/** A baggage's `name=value` pairs (W3C Baggage, without properties), values percent-decoded; undefined when malformed. */
export function readResourceAttributes(text: string): Readonly<Record<string, string>> | undefined {
	const found: Record<string, string> = Object.create(null);
	for (const pair of text.split(",")) {
		if (pair.trim() === "") continue;
		const [, name, value = ""] = /^\s*([A-Za-z0-9_./-]{1,255})\s*=\s*([^\s",;\\]*)\s*$/.exec(pair) ?? [];
		if (name === undefined) return undefined;
		try {
			found[name] = decodeURIComponent(value);
		} catch {
			return undefined;
		}
	}
	return found;
}
