/**
 * Why a remote source must not be read from `location`, or undefined. Who can change an answer on its way decides
 * what we believe, so: TLS, or a machine-local address.
 */
export function remoteUrlProblem(location: string): string | undefined {
	if (!URL.canParse(location)) return "is no URL";
	const url = new URL(location);
	if (url.username !== "" || url.password !== "") return "must not hold credentials";
	if (url.protocol === "https:") return undefined;
	if (url.protocol !== "http:") return "must be an https URL, or an http URL to a loopback address";
	// URL has normalised the host: 127.1 and 0x7f.1 have become 127.0.0.1.
	const host = url.hostname;
	if (host === "[::1]" || host === "localhost" || /^127(?:\.\d{1,3}){3}$/.test(host)) return undefined;
	return "http is for loopback addresses only; use https";
}

/** Whether a location is a URL rather than a path. */
export function isUrl(location: string): boolean {
	return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location);
}
