import process from "node:process";

/**
 * How many cases a test of many makes: `usual` in `npm test`, that many times more where POSTERN_TEST_CASES says so
 * (`npm run test:full`).
 */
export function caseCount(usual: number): number {
	const factor = Number(process.env["POSTERN_TEST_CASES"] ?? "1");
	if (!Number.isFinite(factor) || factor <= 0)
		throw new Error("POSTERN_TEST_CASES must be a positive number");
	return Math.ceil(usual * factor);
}
