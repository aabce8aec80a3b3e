import process from "node:process";

/** Every transport that Postern has; what the wire promises, each of them keeps. */
export const TRANSPORTS = ["lane", "grpc-js"] as const;

export type TestedTransport = (typeof TRANSPORTS)[number];

/** The one that suites which run over one transport take: POSTERN_TEST_TRANSPORT, or the lane. */
export function testedTransport(): TestedTransport {
	const named = process.env["POSTERN_TEST_TRANSPORT"] ?? "lane";
	const found = TRANSPORTS.find((each) => each === named);
	if (found === undefined) throw new Error(`POSTERN_TEST_TRANSPORT must be one of ${TRANSPORTS.join(", ")}`);
	return found;
}
