import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeBundle } from "../../src/policy/bundle/make.ts";
import { corporaDir } from "../support/corpora.ts";

/** What the recorded peer answers otherwise, by name. The file may only shrink: what passes must leave it. */
interface Known {
	/** Policies that no bundle is built of, with the builtins that are missing. */
	readonly not_built: Readonly<Record<string, readonly string[]>>;
	/** Policy → reason → names of cases. */
	readonly failing: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

interface Policy {
	readonly name: string;
	readonly path: string;
	readonly entrypoint?: string;
	readonly files: readonly string[];
	readonly data?: string;
}

interface Outcome {
	readonly policy: string;
	readonly case: string;
	readonly ok: boolean;
	readonly diffs?: readonly string[];
}

/** These pass as a whole. */
const ENTIRE = [
	"bool_basic",
	"bool_nodefault",
	"deep_path",
	"echo_body",
	"echo_body_skip",
	"echo_grpc",
	"echo_path",
	"mirror",
	"pkg_decision",
];
const PROCESSES = 4;

const checkout = join(import.meta.dirname, "../..");
const corpora = corporaDir();
const home = join(corpora ?? "", "ext-authz");
const known = JSON.parse(readFileSync(join(import.meta.dirname, "authz-known.json"), "utf8")) as Known;

/** Names of the builtins that a policy needs and the build refuses; undefined when it builds. */
async function missingBuiltins(policy: Policy): Promise<readonly string[] | undefined> {
	const folder = mkdtempSync(join(tmpdir(), "postern-authz-"));
	try {
		for (const file of policy.files) copyFileSync(join(home, file), join(folder, basename(file)));
		if (policy.data !== undefined) copyFileSync(join(home, policy.data), join(folder, "data.json"));
		await makeBundle({ dirs: [folder], entrypoints: [policy.entrypoint ?? policy.path] });
		return undefined;
	} catch (thrown) {
		const names = [...String(thrown).matchAll(/undefined function ([\w.]+)/g)].map(
			(match) => match[1] as string,
		);
		return [...new Set(names)].sort();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Runs the comparer over some policies: one server each, the cases eight at a time. */
async function compare(policies: readonly string[]): Promise<readonly Outcome[]> {
	const folder = mkdtempSync(join(tmpdir(), "postern-authz-"));
	const report = join(folder, "report.json");
	const child = spawn(
		process.execPath,
		[
			join(home, "compare.js"),
			...["--launch", "test/corpora/authz-launch {config}", "--mode", "default", "--concurrency", "8"],
			...["--start-ms", "30000", "--only", policies.join(","), "--json", report],
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

(corpora === undefined ? describe.skip : describe)("what the peer answered, and what we answer", () => {
	const missing = new Map<string, readonly string[]>();
	let outcomes: readonly Outcome[] = [];

	beforeAll(async () => {
		const policies = JSON.parse(readFileSync(join(home, "policies.json"), "utf8")) as Policy[];
		const built: string[] = [];
		for (const policy of policies) {
			const names = await missingBuiltins(policy);
			if (names === undefined) built.push(policy.name);
			else missing.set(policy.name, names);
		}
		const shares = Array.from({ length: PROCESSES }, (_, share) =>
			built.filter((_name, index) => index % PROCESSES === share),
		);
		outcomes = (await Promise.all(shares.map(compare))).flat();
		const passed = outcomes.filter(({ ok }) => ok).length;
		console.info(
			`ext-authz corpus: ${passed} passed, ${outcomes.length - passed} failed as known, ${missing.size} policies not built`,
		);
	}, 240_000);

	test.each(ENTIRE)("%s passes entirely", (policy) => {
		const of = outcomes.filter((outcome) => outcome.policy === policy);
		expect(of.length).toBeGreaterThan(0);
		expect(of.filter(({ ok }) => !ok)).toEqual([]);
	});

	test("the policies that are not built are the known ones, for the known builtins", () => {
		expect(Object.fromEntries(missing)).toEqual(known.not_built);
	});

	test("every other case that fails is known, and every known one fails", () => {
		const listed = Object.entries(known.failing).flatMap(([policy, reasons]) =>
			Object.values(reasons).flatMap((names) => names.map((name) => `${policy}: ${name}`)),
		);
		const failing = outcomes.filter(({ ok }) => !ok);
		const names = failing.map((outcome) => `${outcome.policy}: ${outcome.case}`);
		expect(names.filter((name) => !listed.includes(name))).toEqual([]);
		expect(listed.filter((name) => !names.includes(name))).toEqual([]);
	});
});

afterAll(() => {
	if (corpora === undefined) console.warn("SKIPPED: the ext-authz corpus is absent");
});
