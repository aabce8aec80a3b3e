/** A policy waits for nothing: an evaluation holds its thread until it ends. */
const WAITS = "an evaluation cannot wait for the network";

/**
 * Builtins of OPA that no policy can call here, each with why and, where there is one, the way that exists.
 * What is neither here, nor in the host's table, nor in the module itself is new in OPA.
 */
export const UNSUPPLIED: ReadonlyMap<string, string> = new Map([
	[
		"http.send",
		`${WAITS}; put the data into the bundle, or have Envoy fetch it first and hand it on in a header or in dynamic metadata; identity.jwt fetches key sets for tokens`,
	],
	[
		"net.lookup_ip_addr",
		`${WAITS}; put the addresses or networks into the bundle's data, and compare them with the caller's by net.cidr_contains`,
	],
	["internal.test_case", "only `opa test` knows it"],
]);

/** A builtin's name, and what is to be known of its absence. */
export function explainAbsent(name: string): string {
	const why = UNSUPPLIED.get(name);
	return why === undefined ? name : `${name} (${why})`;
}
