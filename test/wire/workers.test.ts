import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import process from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Answer, checkRequest, readAnswer } from "../support/app-fixture.ts";
import { handoffMetadata, responseHeaders } from "../support/ext-proc-messages.ts";
import { until } from "../support/until.ts";
import { alive, type Fleet, type FleetSetup, metric, startFleet } from "../support/worker-fleet.ts";

/** Loops for minutes over one path; the others are answered at once. */
const LOOPING = `package envoy.authz

default allow := false

allow := true if startswith(input.attributes.request.http.path, "/ok")

allow := true if {
	startswith(input.attributes.request.http.path, "/hang")
	count([1 | some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); i * j == 0 - 1]) > 0
}

allow := true if {
	input.attributes.request.http.path == "/trap"
	count([i | some i in numbers.range(1, 1000000)]) > 0
}
`;
const DENY_ALL = "package envoy.authz\n\ndefault allow := false\n";

let fleet: Fleet;
const start = async (setup: Partial<FleetSetup> = {}): Promise<void> => {
	fleet = await startFleet({ policy: LOOPING, ...setup });
};

const verdict = (answer: Answer) => (answer.code === 0 ? "allow" : answer.http);
const check = async (worker: number, path: string) => verdict(await fleet.check(worker, path, 20_000));
const both = async (path: string) => `${await check(1, path)} ${await check(2, path)}`;
const pids = async () => (await fleet.workers()).map(({ pid }) => pid);
const checks = async () => metric((await fleet.admin("/metrics")).text, "postern_checks_total");
const allReady = async () => (await fleet.workers()).every(({ state }) => state === "ready");

describe("two workers", () => {
	beforeAll(() => start());
	afterAll(() => fleet.clear());

	test("each listens on its own endpoint; the admin port speaks for all of them", async () => {
		expect(fleet.err()).toMatch(
			/ready: grpc unix:\S+\/p-1\.sock, unix:\S+\/p-2\.sock, admin unix:\S+admin\.sock\n/,
		);
		for (let times = 0; times < 5; times++) expect(await check(1, "/ok")).toBe("allow");
		for (let times = 0; times < 7; times++) expect(await check(2, "/no")).toBe("Forbidden");
		expect((await fleet.admin("/readyz")).status).toBe(200);
		const { text } = await fleet.admin("/metrics");
		expect(metric(text, 'postern_checks_total{verdict="allow"')).toBe(5);
		expect(metric(text, 'postern_checks_total{verdict="deny"')).toBe(7);
		expect(metric(text, "postern_check_duration_seconds_count")).toBe(12);
		expect(metric(text, 'postern_ready{worker="1"}') + metric(text, 'postern_ready{worker="2"}')).toBe(2);
		expect(await fleet.workers()).toMatchObject([
			{ worker: 1, state: "ready", restarts: 0, policy: { active: { revision: "first", serial: 1 } } },
			{ worker: 2, state: "ready", restarts: 0, policy: { active: { revision: "first", serial: 1 } } },
		]);
		await until(async () => (await fleet.records()).length === 12);
	});

	test("one that hangs is replaced within two seconds, the others go on, and nobody evaluates that input again", async () => {
		await until(() => spareIsUp());
		const before = await pids();
		const began = Date.now();
		const hung = fleet.check(1, "/hang").catch((error: Error) => error);
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(await check(2, "/ok")).toBe("allow");
		expect(await hung).toBeInstanceOf(Error);
		await until(async () => {
			const [one] = await fleet.workers();
			return one?.pid !== before[0] && one?.state === "ready";
		});
		const took = Date.now() - began;
		process.stdout.write(`a worker that hung was replaced after ${took} ms\n`);
		expect(took).toBeLessThan(2000 * slowness());
		for (const worker of [2, 1]) {
			expect(await check(worker, "/hang")).toBe("ServiceUnavailable");
			expect(await check(worker, "/ok")).toBe("allow");
		}
		expect((await pids())[1]).toBe(before[1]);
		await until(async () => (await fleet.records()).filter(({ reason }) => reason === "poison").length === 2);
		const { text } = await fleet.admin("/metrics");
		expect(metric(text, 'postern_worker_restarts_total{cause="hang"}')).toBe(1);
		expect(metric(text, 'postern_poisoned_inputs_total{cause="hang"}')).toBe(1);
	});

	test("one that is killed is replaced, readiness of the whole stays, and counters do not fall", async () => {
		for (let times = 0; times < 10; times++) await check(1, "/ok");
		const counted = await checks();
		const [first = 0, second] = await pids();
		process.kill(first, "SIGKILL");
		const seen: number[] = [];
		await until(async () => {
			seen.push((await fleet.admin("/readyz")).status);
			expect(await checks()).toBe(counted);
			return (await allReady()) && (await pids())[0] !== first;
		});
		expect(new Set(seen)).toEqual(new Set([200]));
		expect((await pids())[1]).toBe(second);
		await check(1, "/ok");
		expect(await checks()).toBe(counted + 1);
	});

	test("that does not work is met by one worker alone, and one that starts later gets the last good one", async () => {
		await fleet.deploy(Buffer.from("no bundle"));
		await until(() => fleet.err().includes("the bundle was not handed out"));
		const failed = fleet
			.err()
			.split("\n")
			.filter((line) => line.includes("the bundle was not activated"));
		expect(failed.map((line) => JSON.parse(line).worker)).toEqual([1]);
		const { policy } = JSON.parse((await fleet.admin("/status")).text);
		expect(policy).toMatchObject({
			active: { serial: 1 },
			lastError: { code: "bundle_invalid" },
			failures: 1,
		});
		const [first = 0] = await pids();
		process.kill(first, "SIGKILL");
		await until(async () => (await allReady()) && (await pids())[0] !== first);
		expect(await check(1, "/ok")).toBe("allow");
	});

	test("is given to one after the other, and calls go on", async () => {
		await fleet.deploy(DENY_ALL, "second");
		await until(async () => (await both("/ok")) === "Forbidden Forbidden");
		expect(await fleet.workers()).toMatchObject([
			{ policy: { active: { revision: "second", serial: 2 } } },
			{ policy: { active: { revision: "second", serial: 2 } } },
		]);
		const order = fleet
			.err()
			.split("\n")
			.filter((line) => line.includes('"second"') && line.includes("policy active"))
			.map((line) => JSON.parse(line).worker);
		expect(order).toEqual([1, 2]);
		await fleet.deploy(LOOPING, "third");
		await until(async () => (await both("/ok")) === "allow allow");
	});

	test("SIGTERM under load: what was begun is answered, every answer is on record, exit code 0", async () => {
		let going = true;
		let answered = 0;
		const load = [1, 2, 1, 2].map(async (worker, lane) => {
			while (going) {
				try {
					await fleet.check(worker, `/ok/load/${lane}`);
					answered++;
				} catch {
					return;
				}
			}
		});
		await until(() => answered > 200);
		fleet.child.kill("SIGTERM");
		expect(await fleet.ended).toEqual([0, null]);
		going = false;
		await Promise.all(load);
		const recorded = (await fleet.records()).filter(({ operation }) =>
			(operation as { path: string }).path.startsWith("/ok/load"),
		);
		expect(recorded.length).toBe(answered);
	});
});

describe("and others", () => {
	afterEach(() => fleet.clear());

	test("while one hangs, and before that is known, the same input is refused by the others", async () => {
		await start({ serve: "hang_milliseconds: 4000" });
		const before = await pids();
		fleet.check(1, "/hang").catch(() => undefined);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		expect(await check(2, "/hang")).toBe("ServiceUnavailable");
		expect(await check(2, "/ok")).toBe("allow");
		expect(await pids()).toEqual(before);
	});

	test("what trapped in one is refused by all, those that start later too; what is different is not", async () => {
		await start({ memory: 16 << 20 });
		expect(await check(1, "/trap")).toBe("ServiceUnavailable");
		await until(async () => {
			const before = (await fleet.records()).length;
			await check(2, "/trap");
			await until(async () => (await fleet.records()).length > before);
			return (await fleet.records()).at(-1)?.["reason"] === "poison";
		});
		const [first = 0] = await pids();
		process.kill(first, "SIGKILL");
		await until(async () => (await allReady()) && (await pids())[0] !== first);
		expect(await check(1, "/trap")).toBe("ServiceUnavailable");
		await until(async () => (await fleet.records()).filter(({ reason }) => reason === "poison").length >= 2);
		expect((await fleet.records()).at(-1)).toMatchObject({ reason: "poison" });
		expect(await check(1, "/ok")).toBe("allow");
		const { text } = await fleet.admin("/metrics");
		expect(metric(text, 'postern_poisoned_inputs_total{cause="trap"}')).toBeGreaterThan(0);
		expect(metric(text, 'postern_worker_restarts_total{cause="exit"}')).toBe(1);
	});

	test("a second signal cuts off what is still under way", async () => {
		await start({ serve: "max_in_flight: 100", drainSeconds: 60 });
		// A stream that nobody ends holds the drain up to its deadline.
		const stream = fleet.client(1).process();
		stream.send(responseHeaders({ metadata: handoffMetadata({ response: { release: ["$.id"] } }) }));
		await until(async () => metric((await fleet.admin("/metrics")).text, "postern_ext_proc_streams") === 1);
		fleet.child.kill("SIGTERM");
		await new Promise((resolve) => setTimeout(resolve, 600));
		expect(fleet.child.exitCode).toBe(null);
		const began = Date.now();
		fleet.child.kill("SIGTERM");
		await fleet.ended;
		expect(Date.now() - began).toBeLessThan(20_000);
	});

	test("that hangs takes one worker at a time with it, twice, and is given up", async () => {
		await start({ serve: "hang_milliseconds: 300" });
		await fleet.deploy(
			`package envoy.authz

default allow := false

allow := true if count([1 | some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); i * j == 0 - 1]) > 0
`,
			"hanging",
		);
		await until(() => fleet.err().includes("the bundle was not handed out"));
		await until(allReady);
		expect(await check(1, "/ok")).toBe("allow");
		expect(await check(2, "/ok")).toBe("allow");
		const workers = await fleet.workers();
		expect(workers.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(2);
		expect(workers.map(({ policy }) => policy?.active?.revision)).toEqual(["first", "first"]);
	});

	test("all end with their supervisor, even one that hangs, and leave their sockets to the next", async () => {
		await start();
		const all = await pids();
		fleet.check(2, "/hang").catch(() => undefined);
		await new Promise((resolve) => setTimeout(resolve, 100));
		fleet.child.kill("SIGKILL");
		await until(() => all.every((pid) => !alive(pid)), 15_000);
		await expect(fleet.check(1, "/ok", 1000)).rejects.toThrow();
	});

	test("gives the same answers, and every record is there and whole", async () => {
		const paths = Array.from({ length: 400 }, (_, n) => (n % 3 === 0 ? `/ok/${n}` : `/no/${n}`));
		const seen: { answers: unknown[]; records: unknown[] }[] = [];
		for (const workers of [0, 2]) {
			await start({ workers, audit: "stdout" });
			const client = (n: number) => fleet.client(workers === 0 ? 0 : (n % 2) + 1);
			const answers = await Promise.all(
				paths.map(async (path, n) => readAnswer(await client(n).check(checkRequest({ ":path": path }, "")))),
			);
			fleet.child.kill("SIGTERM");
			expect(await fleet.ended).toEqual([0, null]);
			const lines = fleet.out().split("\n");
			expect(lines.pop()).toBe("");
			const records = lines
				.map((line) => JSON.parse(line))
				.map(({ operation, verdict, reason, policy }) => ({ operation, verdict, reason, policy }))
				.sort((a, b) => (a.operation.path < b.operation.path ? -1 : 1));
			seen.push({
				answers: answers.map(({ metadata: { decision_id: _, ...metadata }, ...rest }) => ({
					...rest,
					metadata,
				})),
				records,
			});
			await fleet.clear();
		}
		const [one, two] = seen;
		expect(two?.records.length).toBe(paths.length);
		expect(two?.answers).toEqual(one?.answers);
		expect(two?.records).toEqual(one?.records);
	});

	test("a reader of the records that stalls is felt by the workers: what cannot be recorded is refused", async () => {
		await start({ audit: "stdout, max_queue_bytes: 131072" });
		fleet.child.stdout?.pause();
		let allowed = 0;
		await until(async () => {
			const answers = await Promise.all(Array.from({ length: 50 }, () => check(1, "/ok/stall")));
			allowed += answers.filter((answer) => answer === "allow").length;
			return answers.map(String).includes("ServiceUnavailable");
		});
		expect(allowed).toBeGreaterThan(300);
		fleet.child.stdout?.resume();
		await until(async () => {
			const answer = await check(1, "/ok/stall");
			if (answer === "allow") allowed++;
			return answer === "allow";
		});
		fleet.child.kill("SIGTERM");
		expect(await fleet.ended).toEqual([0, null]);
		const records = fleet
			.out()
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(records.filter(({ verdict }) => verdict === "allow").length).toBe(allowed);
	});

	test("what cannot start says why, as a single process does, and does not try again", async () => {
		await start({ unready: true, audit: "none/audit.jsonl" });
		expect(await fleet.ended).toEqual([3, null]);
		expect(fleet.err()).toMatch(/^postern: audit\.sink: .*\(audit_sink_unusable\)$/m);
		expect(fleet.err()).not.toContain("replaced");
	});
});

/** The two workers and one more: pids below the supervisor that have loaded what they need. */
async function spareIsUp(): Promise<boolean> {
	const { pid = 0 } = fleet.child;
	const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");
	if (children.length < 3) return false;
	const threads = await Promise.all(
		children.map(
			async (child) => (await readFile(`/proc/${child}/status`, "utf8")).match(/State:\s+S/) !== null,
		),
	);
	return threads.every(Boolean);
}

/** A machine that does other things besides gives a process its turn later. */
function slowness(): number {
	return Math.max(1, (loadavg()[0] ?? 0) / cpus().length);
}
