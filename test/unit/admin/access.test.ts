import { createHash } from "node:crypto";
import { beforeEach, expect, test } from "@jest/globals";
import { type Access, createAccess, type Right } from "../../../src/admin/access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const READ = "r".repeat(20);
const WRITE = "w".repeat(20);
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

let clock: ManualClock;
let access: Access;
beforeEach(() => {
	clock = createManualClock();
	access = createAccess({
		tokens: { read: () => digest(READ), write: () => digest(WRITE) },
		guarded: true,
		maxFailures: 3,
		maxTotalFailures: 10,
		maxAddresses: 20,
		monotonic: clock.monotonic,
	});
});

function ask(token: string | undefined, right: Right = "read", address = "10.0.0.1", reader = false) {
	const authorization = token === undefined ? undefined : `Bearer ${token}`;
	return access.refuses({ right, authorization, address, reader });
}

test("each token gives its right; the one that writes reads, too", () => {
	expect(ask(READ)).toBeUndefined();
	expect(ask(WRITE)).toBeUndefined();
	expect(ask(WRITE, "write")).toBeUndefined();
	expect(ask(READ, "write")).toBe("forbidden");
	for (const token of [undefined, "", "x", `${READ} x`, READ.slice(1), READ.toUpperCase()])
		expect(ask(token, "read", `a${token}`)).toBe("unauthorized");
	expect(
		access.refuses({ right: "read", authorization: `bearer  ${READ}`, address: "", reader: false }),
	).toBe(undefined);
	expect(access.refuses({ right: "read", authorization: `Basic ${READ}`, address: "", reader: false })).toBe(
		"unauthorized",
	);
});

test("a client certificate reads and never writes", () => {
	expect(ask(undefined, "read", "b", true)).toBeUndefined();
	expect(ask(undefined, "write", "b", true)).toBe("unauthorized");
});

test("without a token for writing nothing is changed, and without any reading is free", () => {
	access = createAccess({
		tokens: { read: () => undefined, write: () => undefined },
		guarded: false,
		maxFailures: 3,
		maxTotalFailures: 10,
		maxAddresses: 20,
		monotonic: clock.monotonic,
	});
	expect(ask(undefined)).toBeUndefined();
	expect(ask("x".repeat(20), "write")).toBe("forbidden");
});

test("who guesses is slowed down, for a minute, and even with a right token", () => {
	for (let guess = 0; guess < 3; guess++) expect(ask(`guess-${guess}`)).toBe("unauthorized");
	expect(ask("guess")).toBe("rate_limited");
	expect(ask(READ)).toBe("rate_limited");
	expect(ask(READ, "read", "10.0.0.2")).toBeUndefined();
	clock.advance(60_001);
	expect(ask(READ)).toBeUndefined();
});

test("many who guess together shut out everybody but those who have shown a right token", () => {
	expect(ask(READ, "read", "scraper")).toBeUndefined();
	for (let guess = 0; guess < 10; guess++) expect(ask("guess", "read", `bot-${guess}`)).toBe("unauthorized");
	expect(ask("guess", "read", "bot-new")).toBe("rate_limited");
	expect(ask(READ, "read", "stranger")).toBe("rate_limited");
	expect(ask(READ, "read", "scraper")).toBeUndefined();
	expect(ask(undefined, "read", "no-token")).toBe("unauthorized");
	clock.advance(60_001);
	expect(ask(READ, "read", "stranger")).toBeUndefined();
});

test("what is remembered of addresses is bounded", () => {
	access = createAccess({
		tokens: { read: () => digest(READ), write: () => undefined },
		guarded: true,
		maxFailures: 1,
		maxTotalFailures: 1_000_000,
		maxAddresses: 20,
		monotonic: clock.monotonic,
	});
	expect(ask("guess", "read", "first")).toBe("unauthorized");
	expect(ask("guess", "read", "first")).toBe("rate_limited");
	for (let at = 0; at < 20; at++) ask("guess", "read", `other-${at}`);
	expect(ask("guess", "read", "first")).toBe("unauthorized");
});
