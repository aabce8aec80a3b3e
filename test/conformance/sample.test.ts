import { expect, test } from "@jest/globals";
import { findOpa } from "../../src/policy/bundle/opa.ts";
import { conformanceDir, loadCases } from "./cases.ts";
import { judgeAll, knownCases, notesOf, surprises } from "./suite.ts";

/** Every so many cases, so that all groups have their share; the whole suite is `npm run test:conformance`. */
const STRIDE = 16;

test("a sample of OPA's own cases gives what OPA gives, but for the known failures", async () => {
	const opa = await findOpa();
	const folder = await conformanceDir(opa.version, false);
	if (folder === undefined) {
		console.warn(
			`SKIPPED: no cases of OPA ${opa.version} in Go's module cache; npm run test:conformance fetches them`,
		);
		return;
	}
	const known = await knownCases();
	const listed = new Set([...notesOf(known.failures), ...notesOf(known.refusals)]);
	const cases = (await loadCases(folder)).filter(({ note }, i) => i % STRIDE === 7 || listed.has(note));
	const judged = await judgeAll(opa, cases);
	expect(surprises(judged, known)).toEqual([]);
	expect(judged.filter(({ verdict }) => verdict.kind === "passed").length).toBeGreaterThan(cases.length / 2);
}, 60_000);
