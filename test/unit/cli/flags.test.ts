import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { noPositionals, parseFlags } from "../../../src/cli/flags.ts";

const SPEC = {
	config: { type: "string", short: "c" },
	json: { type: "boolean" },
	grpc: { type: "string", multiple: true },
} as const;

test("values come in every form", () => {
	const { values, positionals } = parseFlags(
		"serve",
		["--config", "a", "-c", "b", "--json", "--grpc=x", "--grpc", "y", "file", "--", "--json"],
		SPEC,
	);
	expect(values).toEqual(Object.assign(Object.create(null), { config: "b", json: true, grpc: ["x", "y"] }));
	expect(positionals).toEqual(["file", "--json"]);
	expect(parseFlags("serve", ["--config=--odd"], SPEC).values.config).toBe("--odd");
	expect(parseFlags("serve", ["--config", "-"], SPEC).values.config).toBe("-");
});

test.each([
	[["--confg", "x"], 'serve: unknown option --confg; did you mean "--config"?'],
	[["--frobnicate"], "serve: unknown option --frobnicate;"],
	[["--config"], "option --config needs a value"],
	[["--config", "--json"], "option --config needs a value"],
	[["--json=yes"], "option --json takes no value"],
	[["-x"], "unknown option -x"],
	[["--__proto__", "x"], "unknown option --__proto__"],
	[["--constructor"], "unknown option --constructor"],
])("%j is usage", (argv, message) => {
	expect(() => parseFlags("serve", argv, SPEC)).toThrow(message);
	expect(() => parseFlags("serve", argv, SPEC)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("an argument that is no option can be refused", () => {
	expect(() => noPositionals("serve", ["extra"])).toThrow('serve: unexpected argument "extra"');
	expect(() => noPositionals("serve", [])).not.toThrow();
});

test("whatever the arguments are, they are read or refused as usage", () => {
	const word = fc.oneof(
		fc.string(),
		fc.constantFrom("--config", "-c", "--json", "--", "--grpc=1", "-", "--=x"),
	);
	fc.assert(
		fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
			try {
				for (const value of Object.values(parseFlags("serve", argv, SPEC).values))
					expect(value).toBeDefined();
			} catch (thrown) {
				expect(thrown).toMatchObject({ code: "usage" });
			}
		}),
	);
});
