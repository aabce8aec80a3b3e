import { afterEach, expect, test } from "@jest/globals";
import { createRefreshing, type Refreshing } from "../../../src/lib/refreshing.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

let open: Refreshing<unknown>[] = [];
afterEach(() => {
	for (const one of open) one.stop();
	open = [];
});

function source(load: (signal: AbortSignal) => Promise<number>, timeoutMs = 1000) {
	const clock = createManualClock();
	const failures: string[] = [];
	let calls = 0;
	const refreshing = createRefreshing<number>({
		load: (signal) => {
			calls++;
			return load(signal);
		},
		clock,
		timeoutMs,
		cooldownMs: 100,
		maxAgeMs: 60_000,
		maxStalenessMs: 1000,
		onFailed: (message) => failures.push(message),
	});
	open.push(refreshing);
	return { ...refreshing, clock, failures, calls: () => calls };
}

test("callers that come together share one read", async () => {
	const one = source(async () => 7);
	expect(one.current()).toBeUndefined();
	expect(await Promise.all([one.refresh(), one.refresh(), one.refresh()])).toEqual([
		"fresh",
		"fresh",
		"fresh",
	]);
	expect([one.calls(), one.current()]).toEqual([1, 7]);
});

test("within the cooldown nobody reads, whatever the last read gave", async () => {
	let good = true;
	const one = source(async () => {
		if (!good) throw new Error("down");
		return 1;
	});
	await one.start();
	expect(await one.refresh()).toBe("fresh");
	one.clock.advance(101);
	good = false;
	expect(await one.refresh()).toBe("failed");
	expect(await one.refresh()).toBe("failed");
	expect(one.calls()).toBe(2);
	expect(one.state()).toMatchObject({ loaded: true, failures: 1, lastError: "down", coolingDown: true });
});

test("the last good value stays until it is too old", async () => {
	let good = true;
	const one = source(async () => {
		if (!good) throw new Error("down");
		return 1;
	});
	await one.start();
	good = false;
	one.clock.advance(1000);
	await one.refresh();
	expect(one.current()).toBe(1);
	one.clock.advance(1);
	expect(one.current()).toBeUndefined();
});

test("a read that hangs ends at the timeout, and its late answer is dropped", async () => {
	let late: (value: number) => void = () => undefined;
	let reads = 0;
	const one = source((): Promise<number> => {
		reads++;
		return reads === 1
			? new Promise((resolve) => {
					late = resolve;
				})
			: Promise.resolve(2);
	}, 20);
	expect(await one.refresh()).toBe("failed");
	expect(one.failures).toEqual(["no answer within 20 ms"]);
	one.clock.advance(101);
	expect(await one.refresh()).toBe("fresh");
	late(1);
	await new Promise((resolve) => setTimeout(resolve, 5));
	expect(one.current()).toBe(2);
});

test("before the first good read it tries again by itself, soon", async () => {
	let failures = 2;
	const one = source(async () => {
		if (failures-- > 0) throw new Error("not up yet");
		return 3;
	});
	await one.start();
	expect(one.current()).toBeUndefined();
	await until(() => one.current() === 3);
	expect(one.calls()).toBe(3);
	expect(one.state()).toMatchObject({ failures: 0 });
});

test("the cause of a failure is told with it", async () => {
	const one = source(async () => {
		throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
	});
	await one.start();
	expect(one.failures).toEqual(["fetch failed: connect ECONNREFUSED"]);
});

test("after the stop nothing is read and a read under way is aborted", async () => {
	let aborted = false;
	const one = source(
		(signal) =>
			new Promise(() => {
				signal.addEventListener("abort", () => {
					aborted = true;
				});
			}),
	);
	const started = one.start();
	one.stop();
	await started;
	expect([aborted, await one.refresh(), one.calls()]).toEqual([true, "failed", 1]);
});
