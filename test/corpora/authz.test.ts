import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { corporaDir } from "../support/corpora.ts";

/** Why answers differ from the recorded ones on purpose, what they are instead, and where. The lists may only shrink. */
interface Deviation {
	readonly why: string;
	readonly answer:
		| { readonly denied: readonly string[] }
		| { readonly allowed: true }
		/** In words: looked at, and right. */
		| { readonly seen: string };
	/** Policy → names of cases. */
	readonly cases: Readonly<Record<string, readonly string[]>>;
}

interface Policy {
	readonly name: string;
}

interface Outcome {
	readonly policy: string;
	readonly case: string;
	readonly ok: boolean;
	readonly got: {
		readonly grpc_error?: unknown;
		readonly response?: {
			readonly status?: { readonly code?: number };
			readonly deniedResponse?: { readonly status?: { readonly code?: string } };
		};
	};
}

const PROCESSES = 4;

const checkout = join(import.meta.dirname, "../..");
const corpora = corporaDir();
const home = join(corpora ?? "", "ext-authz");
const deviations = JSON.parse(readFileSync(join(import.meta.dirname, "deviations.json"), "utf8")) as Readonly<
	Record<string, Deviation>
>;

/** Runs the comparer over some policies: one server each, the cases eight at a time. Nothing counts but the recorded answer. */
async function compare(policies: readonly string[]): Promise<readonly Outcome[]> {
	const folder = mkdtempSync(join(tmpdir(), "postern-authz-"));
	const report = join(folder, "report.json");
	const child = spawn(
		process.execPath,
		[
			join(home, "compare.js"),
			...["--launch", "test/corpora/authz-launch {config}", "--deviations", "exact", "--concurrency", "8"],
			...["--start-ms", "60000", "--only", policies.join(","), "--json", report],
		],
		{
			cwd: checkout,
			env: { ...process.env, DIFF_NODE_MODULES: join(checkout, "node_modules") },
			stdio: "ignore",
		},
	);
	await new Promise((resolve) => child.on("exit", resolve));
	const outcomes = JSON.parse(readFileSync(report, "utf8")) as Outcome[];
	rmSync(folder, { recursive: true, force: true });
	return outcomes;
}

const caseOf = (policy: string, name: string): string => `${policy}: ${name}`;

(corpora === undefined ? describe.skip : describe)("what the peer answered, and what we answer", () => {
	let outcomes: ReadonlyMap<string, Outcome> = new Map();

	beforeAll(async () => {
		const policies = JSON.parse(readFileSync(join(home, "policies.json"), "utf8")) as Policy[];
		const shares = Array.from({ length: PROCESSES }, (_, share) =>
			policies.flatMap(({ name }, index) => (index % PROCESSES === share ? [name] : [])),
		);
		const all = (await Promise.all(shares.map(compare))).flat();
		outcomes = new Map(all.map((outcome) => [caseOf(outcome.policy, outcome.case), outcome]));
		const passed = all.filter(({ ok }) => ok).length;
		console.info(`ext-authz corpus: ${passed} as recorded, ${all.length - passed} otherwise on purpose`);
	}, 300_000);

	test("every case was answered", () => {
		expect(outcomes.size).toBe(1194);
	});

	test("whatever differs is listed, and whatever is listed differs", () => {
		const listed = Object.values(deviations).flatMap(({ cases }) =>
			Object.entries(cases).flatMap(([policy, names]) => names.map((name) => caseOf(policy, name))),
		);
		const differing = [...outcomes].filter(([, { ok }]) => !ok).map(([name]) => name);
		expect(differing.filter((name) => !listed.includes(name))).toEqual([]);
		expect(listed.filter((name) => !differing.includes(name))).toEqual([]);
		expect(listed.length).toBe(new Set(listed).size);
	});

	test.each(Object.entries(deviations))(
		"%s: the answer is the one that is said",
		(_code, { answer, cases }) => {
			for (const [policy, names] of Object.entries(cases)) {
				for (const name of names) {
					const got = outcomes.get(caseOf(policy, name))?.got;
					expect({ name, error: got?.grpc_error }).toEqual({ name });
					const code = got?.response?.status?.code ?? 0;
					const status = got?.response?.deniedResponse?.status?.code;
					if ("denied" in answer) {
						expect({ name, code, status, fits: answer.denied.includes(status ?? "") }).toMatchObject({
							code: 7,
							fits: true,
						});
					} else if ("allowed" in answer) expect({ name, code, status }).toEqual({ name, code: 0 });
				}
			}
		},
	);
});

afterAll(() => {
	if (corpora === undefined) console.warn("SKIPPED: the ext-authz corpus is absent");
});
