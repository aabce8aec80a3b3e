/**
 * `npm run test:conformance [-- PATTERN]`: runs OPA's own conformance cases in this host and prints, per group, what
 * passed, failed and does not compile. Without a pattern it renews docs/reference/rego-support.md. Exits 1 on a failure
 * that test/conformance/known-failures.json does not name, on a name there, or in known-refusals.json, that is no longer
 * right, and where a walk through a case's plan (`postern eval --explain`) answers otherwise than its module.
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { findOpa } from "../../src/policy/bundle/opa.ts";
import { conformanceDir, loadCases } from "./cases.ts";
import { byGroup, countOf, renewPage } from "./report.ts";
import { judgeAll, knownCases, surprises } from "./suite.ts";
import { walkAll } from "./walk.ts";

const PAGE = new URL("../../docs/reference/rego-support.md", import.meta.url);

async function main(pattern: string | undefined): Promise<number> {
	const opa = await findOpa();
	const folder = await conformanceDir(opa.version, true);
	if (folder === undefined) {
		process.stdout.write(`SKIPPED: OPA ${opa.version}'s cases cannot be had; they come with its Go module\n`);
		process.stdout.write("0 passed, 0 failed, 1 skipped\n");
		return 0;
	}
	const all = await loadCases(folder);
	const cases = all.filter(
		({ group, note }) => pattern === undefined || `${group} ${note}`.includes(pattern),
	);
	const progress = (done: number): void => {
		if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${cases.length}`);
	};
	const judged = await judgeAll(opa, cases, progress);
	if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
	for (const [group, members] of byGroup(judged)) {
		const { passed, failed, not_compilable } = countOf(members);
		process.stdout.write(`${group}: ${passed} passed, ${failed} failed, ${not_compilable} not compilable\n`);
	}
	const known = await knownCases();
	const unexpected = surprises(judged, known);
	for (const line of unexpected) process.stdout.write(`UNEXPECTED ${line}\n`);
	if (pattern === undefined) {
		writeFileSync(PAGE, renewPage(readFileSync(PAGE, "utf8"), judged, opa.version, known));
	}
	const walked = await walkAll(opa, cases);
	for (const line of walked.different) process.stdout.write(`WALKED OTHERWISE ${line}\n`);
	process.stdout.write(
		`walks through the plan: ${walked.same} as the module, ${walked.different.length} otherwise\n`,
	);
	const { passed, failed, not_compilable } = countOf(judged);
	process.stdout.write(
		`${passed} passed, ${failed} failed (${unexpected.length} unexpected), ${not_compilable} not compilable\n`,
	);
	return unexpected.length + walked.different.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv[2]);
