import { describe, expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config/load.ts";
import { endpoints, workerAddress } from "../../../src/config/worker-addresses.ts";

test.each([
	["unix:///run/postern.sock", 1, "unix:///run/postern-1.sock"],
	["unix:///run/postern.sock", 12, "unix:///run/postern-12.sock"],
	["unix:///run/v1.2/postern", 2, "unix:///run/v1.2/postern-2"],
	["unix:///run/.hidden", 2, "unix:///run/.hidden-2"],
	["unix:postern.sock", 2, "unix:postern-2.sock"],
	["127.0.0.1:9191", 1, "127.0.0.1:9191"],
	["127.0.0.1:9191", 3, "127.0.0.1:9193"],
	["[::1]:9191", 2, "[::1]:9192"],
	["127.0.0.1:0", 5, "127.0.0.1:0"],
])("%s of worker %i is %s", (address, number, own) => {
	expect(workerAddress(address, number)).toBe(own);
});

test("endpoints: as configured without workers, else worker by worker", () => {
	const grpc = ["unix:///a.sock", "127.0.0.1:9191"];
	expect(endpoints({ grpc, workers: 0 })).toEqual(grpc);
	expect(endpoints({ grpc, workers: 2 })).toEqual([
		"unix:///a-1.sock",
		"127.0.0.1:9191",
		"unix:///a-2.sock",
		"127.0.0.1:9192",
	]);
});

describe("a configuration whose endpoints would meet does not start", () => {
	const read = (serve: string) => {
		const flags = serve.split(" ").map((part) => {
			const [key = "", value = ""] = part.split("=");
			return { key: `serve.${key}`, option: `--${key}`, value: value.split("+") };
		});
		const reading = readConfig({
			env: { POSTERN_POLICY_BUNDLE: "b" },
			flags: flags.map(({ value, ...flag }) => ({
				...flag,
				value: value.length === 1 ? (value[0] ?? "") : value,
			})),
			folder: "/nowhere",
		});
		return reading.ok ? [] : reading.findings.map(({ key, message }) => `${key}: ${message}`);
	};

	test.each([
		[
			"grpc=127.0.0.1:9191+127.0.0.1:9192 workers=2 admin=off",
			/serve\.grpc\.1: .*127\.0\.0\.1:9192, as serve\.grpc\.0/,
		],
		["grpc=127.0.0.1:8180 workers=2 admin=127.0.0.1:8181", /serve\.grpc\.0: .*as serve\.admin/],
		["grpc=127.0.0.1:65535 workers=2 admin=off", /serve\.grpc\.0: 2 workers need as many ports/],
		[
			"grpc=unix:///a.sock+unix:///a-1.sock workers=1 admin=unix:///a-1-1.sock",
			/serve\.grpc\.1: .*serve\.admin/,
		],
	])("%s", (serve, finding) => {
		expect(read(serve)).toEqual([expect.stringMatching(finding)]);
	});

	test.each([
		"grpc=127.0.0.1:9191+127.0.0.1:9192 workers=1 admin=off",
		"grpc=127.0.0.1:0+[::1]:0 workers=4 admin=127.0.0.1:0",
		"grpc=127.0.0.1:65535 workers=1 admin=off",
		"grpc=unix:///a.sock+unix:///b.sock workers=256 admin=off",
	])("but %s does", (serve) => {
		expect(read(serve)).toEqual([]);
	});
});
