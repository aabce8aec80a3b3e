import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { maskCommand } from "../../../src/cli/mask.ts";
import { ioOf } from "../../support/command-io.ts";
import { encodeMessage, schemaOf } from "../../support/descriptors.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-mask-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
};
async function run(
	argv: readonly string[],
	stdin: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
	const { io, stdout, stderr } = ioOf(stdin);
	const code = await maskCommand.run(argv, io);
	return { code, stdout: stdout(), stderr: stderr() };
}
const directive = (value: unknown): string => file("directive.json", JSON.stringify(value));

describe("postern mask", () => {
	test("writes the masked body and the report", async () => {
		const report = join(folder, "report.json");
		const argv = ["--directive", directive({ withhold: ["$.a"] }), "--report", report, "--chunk-size", "3"];
		expect(await run(argv, '{"a":1,"b":2}')).toEqual({ code: 0, stdout: '{"b":2}', stderr: "" });
		expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ withheld: [{ path: "$.a", count: 1 }] });
	});

	test("reads other media types, and refuses what it does not know", async () => {
		const argv = ["--directive", directive({ withhold: ["$.a"] }), "--content-type"];
		expect((await run([...argv, "application/x-www-form-urlencoded"], "a=1&b=2")).stdout).toBe("b=2");
		expect(await run([...argv, "text/html"], "<a>")).toEqual({
			code: 1,
			stdout: "",
			stderr: "refused: body_unsupported\n",
		});
	});

	test("writes nothing of a body that is refused at its last byte", async () => {
		const argv = ["--directive", directive({}), "--chunk-size", "1"];
		expect(await run(argv, '{"a":1}x')).toEqual({ code: 1, stdout: "", stderr: "refused: body_malformed\n" });
	});

	test("tells what is wrong with a directive, on one line", async () => {
		for (const path of [directive({ withhold: ["$.\n"] }), file("broken.json", "{"), directive([])]) {
			const { code, stdout, stderr } = await run(["--directive", path], "{}");
			expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
			expect(stderr).toMatch(/^refused: directive_invalid: .+\n$/);
		}
	});

	test("hashes with the key file's bytes without one final line end, and refuses to hash without a key", async () => {
		const argv = ["--directive", directive({ mask: [{ select: "$", as: "hash" }] }), "--consumer", "ada"];
		const hashed = async (key: string): Promise<string> =>
			(await run([...argv, "--hash-key-file", file("key", key)], '"x"')).stdout;
		expect(await hashed("k\n")).toBe(await hashed("k"));
		expect(await hashed("k\r\n")).toBe(await hashed("k"));
		expect(await hashed("k\n\n")).not.toBe(await hashed("k"));
		expect(await run(argv, '"x"')).toMatchObject({
			code: 2,
			stdout: "",
			stderr: "refused: directive_invalid: hash: no key is given\n",
		});
	});

	describe("of gRPC", () => {
		const schema = schemaOf(`
			syntax = "proto3";
			message Q { int32 id = 1; string ssn = 2; }
			message A { string ssn = 1; int32 id = 2; }
			service S { rpc Get(Q) returns (A); }
		`);
		const set = join(folder, "set.pb");
		writeFileSync(set, schema.bytes);
		const frame = (message: Buffer): string =>
			Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]).toString("latin1");
		const argv = (...more: readonly string[]): string[] => [
			"--directive",
			directive({ release: ["$.id"] }),
			"--content-type",
			"application/grpc",
			"--descriptors",
			set,
			"--method",
			"/S/Get",
			...more,
		];
		const answer = frame(encodeMessage(schema, "A", { ssn: "SECRET", id: 7 }));

		test("masks the messages of a method, its answers or its requests", async () => {
			expect(await run(argv(), answer)).toEqual({
				code: 0,
				stdout: frame(encodeMessage(schema, "A", { id: 7 })),
				stderr: "",
			});
			const request = frame(encodeMessage(schema, "Q", { ssn: "SECRET", id: 7 }));
			expect((await run(argv("--request"), request)).stdout).toBe(
				frame(encodeMessage(schema, "Q", { id: 7 })),
			);
		});

		test("undoes the coding that is named", async () => {
			expect((await run(argv("--grpc-encoding", "gzip"), answer)).code).toBe(0);
			expect(await run(argv("--grpc-encoding", "gzip"), `\u0001${answer.slice(1)}`)).toMatchObject({
				code: 1,
				stderr: "refused: body_malformed\n",
			});
		});

		test("needs to know the messages", async () => {
			const bare = ["--directive", directive({}), "--content-type", "application/grpc"];
			expect(await run(bare, answer)).toMatchObject({ code: 1, stderr: "refused: body_unsupported\n" });
			for (const wrong of [
				[...bare, "--descriptors", set],
				[...bare, "--method", "/S/Get"],
				[...bare, "--request"],
				[...bare, "--descriptors", set, "--method", "/S/No"],
				argv("--grpc-encoding", "snappy"),
			])
				await expect(run(wrong, answer)).rejects.toMatchObject({ code: "usage" });
			const missing = [...bare, "--descriptors", join(folder, "none.pb"), "--method", "/S/Get"];
			await expect(run(missing, answer)).rejects.toMatchObject({ code: "descriptors_invalid" });
		});
	});

	test("takes a directive as a decision has it, with its keys and under its rules", async () => {
		const given = (more: object): string => directive({ release: ["$.a"], ...more });
		const argv = (path: string, type: string): string[] => [
			"--directive",
			path,
			"--content-type",
			type,
			"--decision",
		];
		const lines = "application/x-ndjson";
		expect((await run(argv(given({ media_types: [lines] }), lines), '{"a":1,"b":2}\n')).stdout).toBe(
			'{"a":1}\n',
		);
		expect(await run(argv(given({}), lines), "{}")).toMatchObject({
			code: 1,
			stderr: "refused: body_unsupported\n",
		});
		expect(await run(["--directive", given({ media_types: [lines] })], "{}")).toMatchObject({ code: 2 });
		const long = directive({ mask: [{ select: "$.a", as: "truncate", length: 65 }] });
		expect(await run(["--directive", long], "{}")).toMatchObject({ code: 0 });
		expect(await run(argv(long, "application/json"), "{}")).toMatchObject({ code: 2 });
	});

	test.each([
		[[]],
		[["--directive", "x", "--chunk-size", "0"]],
		[["--directive", "x", "--chunk-size", "1.5"]],
		[["--directive", "x", "--what", "1"]],
		[["--directive", "x", "--contract", "y"]],
		[["--batch", "--consumer", "x"]],
		[["--directive", "x", "body.json"]],
	])("%j is a wrong use", async (argv) => {
		await expect(run(argv, "{}")).rejects.toMatchObject({ code: "usage" });
	});

	test("names the file that cannot be read or written", async () => {
		await expect(run(["--directive", join(folder, "absent")], "{}")).rejects.toMatchObject({
			code: "file_unreadable",
		});
		const argv = ["--directive", directive({}), "--report", join(folder, "no", "such", "folder")];
		await expect(run(argv, "{}")).rejects.toMatchObject({ code: "file_unwritable" });
	});
});

describe("postern mask --batch", () => {
	const base64 = (text: string): string => Buffer.from(text).toString("base64");
	const request = (more: object): string =>
		JSON.stringify({
			id: "1",
			directive: {},
			content_type: "application/json",
			body_base64: base64("[1]"),
			...more,
		});

	test("answers each line in order; refusals do not end it", async () => {
		const lines = [
			request({ id: 1 }),
			request({ id: 2, body_base64: base64("[") }),
			request({ id: 3, directive: { x: 1 } }),
			request({ id: "\u2028", directive: { withhold: ["$"] }, chunk_size: 1 }),
			request({ id: 5, directive: { mask: [{ select: "$", as: "hash" }] }, body_base64: base64("1") }),
		];
		const { code, stdout } = await run(["--batch"], lines.join("\n"));
		expect(code).toBe(0);
		const answers = stdout
			.trimEnd()
			.split(/[\n\u2028]/)
			.map((line) => JSON.parse(line) as Record<string, unknown>);
		expect(answers).toEqual([
			expect.objectContaining({
				id: 1,
				body_base64: base64("[1]"),
				report: expect.objectContaining({ truncated: false }),
			}),
			{ id: 2, refused: "body_malformed" },
			{ id: 3, refused: "directive_invalid" },
			expect.objectContaining({ id: "\u2028", body_base64: base64("null") }),
			{ id: 5, refused: "directive_invalid" },
		]);
	});

	test.each([
		"x",
		"[]",
		"",
		request({ id: null }),
		request({ content_type: 1 }),
		request({ body_base64: "*" }),
		request({ chunk_size: 0 }),
		request({ contract: {} }),
		request({ more: 1 }),
		'{"id":"1"}',
	])("a line that is no request (%j) ends it, with its number", async (line) => {
		const { code, stdout, stderr } = await run(["--batch"], `${request({})}\n${line}\n${request({})}\n`);
		expect(code).toBe(2);
		expect(stderr).toMatch(/^line 2: .+\n$/);
		expect(stdout.trimEnd().split("\n")).toHaveLength(1);
	});
});
