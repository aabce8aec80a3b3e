import { describe, expect, test } from "@jest/globals";
import {
	type HeaderRules,
	judgeHeaders,
	judgeTrailers,
} from "../../../../src/envoy/ext-proc/response-headers.ts";

const RULES: HeaderRules = { allowed: ["x-tenant"], mode: "enforce", cacheControl: "private, no-store" };
const fields = (...names: string[]) => names.map((name) => ({ name, value: "v" }));

describe("headers of a judged answer", () => {
	test("only the list and what the configuration adds stays", () => {
		const judged = judgeHeaders(
			fields(":status", "content-type", "vary", "link", "x-tenant", "x-other", "set-cookie"),
			RULES,
		);
		expect(judged.remove).toEqual(["x-other", "set-cookie"]);
		expect(judged.reported).toEqual([]);
	});

	test("what betrays the unmasked body goes, whatever the configuration says", () => {
		const names = [
			"content-length",
			"etag",
			"last-modified",
			"digest",
			"accept-ranges",
			"content-encoding",
			"surrogate-control",
		];
		for (const mode of ["enforce", "report"] as const)
			expect(judgeHeaders(fields(...names), { ...RULES, mode, allowed: names }).remove).toEqual(names);
	});

	test("report lets pass and lists, each name once", () => {
		const judged = judgeHeaders(fields("x-other", "x-other", "location"), { ...RULES, mode: "report" });
		expect(judged).toMatchObject({ remove: [], reported: ["x-other", "location"] });
	});

	test("Envoy's own headers pass as numbers and words, not as an upstream forges them", () => {
		const own = (value: string) =>
			judgeHeaders([{ name: "x-envoy-upstream-service-time", value }], RULES).remove;
		expect(own("12")).toEqual([]);
		expect(own("SECRET")).toEqual(["x-envoy-upstream-service-time"]);
		expect(judgeHeaders(fields("x-envoy-decorator-operation"), RULES).remove).toEqual([
			"x-envoy-decorator-operation",
		]);
	});

	test("the configured cache-control replaces the upstream's, with expires; empty leaves both", () => {
		const given = fields("cache-control", "expires");
		const set = judgeHeaders(given, RULES);
		expect(set.set).toContainEqual({ name: "cache-control", value: "private, no-store" });
		expect(set.remove).toEqual(["expires"]);
		const left = judgeHeaders(given, { ...RULES, cacheControl: "" });
		expect(left).toEqual({
			remove: [],
			set: [{ name: "x-content-type-options", value: "nosniff" }],
			reported: [],
		});
	});
});

test("of the trailers only grpc-status stays, each removal once", () => {
	const status = { name: "grpc-status", value: "7" };
	expect(judgeTrailers([status, ...fields("grpc-message", "x-a", "x-a")])).toEqual({
		remove: ["grpc-message", "x-a"],
		set: [],
	});
});

describe("what gRPC says at the end of a call", () => {
	const end = [
		{ name: "grpc-status", value: "5" },
		{ name: "grpc-message", value: "no%20such%20person" },
		{ name: "grpc-status-details-bin", value: "AAAA" },
	];

	test("is its status, and the message where the directive releases it, in trailers as in headers", () => {
		const released = { grpcMessage: "release" } as const;
		const judged = [
			judgeTrailers(end),
			judgeTrailers(end, released),
			judgeHeaders(end, RULES),
			judgeHeaders(end, { ...RULES, mode: "report" }, released),
		];
		expect(judged.map(({ remove }) => remove)).toEqual([
			["grpc-message", "grpc-status-details-bin"],
			["grpc-status-details-bin"],
			["grpc-message", "grpc-status-details-bin"],
			["grpc-status-details-bin"],
		]);
	});

	test("a status that is no small number could be data", () => {
		for (const value of ["", "07", "1000", "5 x", "-1", "AAAA"])
			expect(judgeTrailers([{ name: "grpc-status", value }]).remove).toEqual(["grpc-status"]);
	});
});
