import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { BodyFormat } from "../../src/fields/types.ts";
import { corporaDir } from "../support/corpora.ts";
import { mask } from "../support/mask-body.ts";

const corpora = corporaDir();
const STRINGS = 515;
const CHUNKS = [[1], [3], [64], [1 << 20]];

/** What a form, an event or a record holds of one text: written, and read back. */
interface Way {
	readonly format: BodyFormat;
	write(values: readonly unknown[]): string;
	read(text: string): readonly unknown[];
}

const form = (value: unknown): string => {
	const pairs = Object.entries(value as Record<string, string>);
	return new URLSearchParams(pairs).toString();
};
const WAYS: Readonly<Record<string, Way>> = {
	JSON: {
		format: "json",
		write: (values) => JSON.stringify(values),
		read: (text) => JSON.parse(text) as readonly unknown[],
	},
	NDJSON: {
		format: "ndjson",
		write: (values) => values.map((value) => `${JSON.stringify(value)}\n`).join(""),
		read: (text) => text.split("\n").slice(0, -1).map(parse),
	},
	"JSON text sequences": {
		format: "json-seq",
		write: (values) => values.map((value) => `\x1e${JSON.stringify(value)}\n`).join(""),
		read: (text) => text.split("\x1e").slice(1).map(parse),
	},
	"server-sent events": {
		format: "sse",
		write: (values) => values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(""),
		read: (text) =>
			text
				.split("\n\n")
				.slice(0, -1)
				.map((event) => parse(event.replace(/^data: /, ""))),
	},
};
function parse(text: string): unknown {
	return JSON.parse(text);
}

(corpora === undefined ? describe.skip : describe)("the naughty strings", () => {
	const file = corpora === undefined ? "" : join(corpora, "text", "blns.json");
	const strings = corpora === undefined ? [] : (JSON.parse(readFileSync(file, "utf8")) as readonly string[]);

	test(`there are ${STRINGS} of them`, () => {
		expect(strings).toHaveLength(STRINGS);
	});

	function maskAll(way: Way, directive: unknown, values: readonly unknown[]): readonly unknown[] {
		const body = way.write(values);
		const whole = mask({ directive, body, format: way.format });
		expect(whole.refusal).toBeUndefined();
		for (const chunks of CHUNKS)
			expect(mask({ directive, body, format: way.format, chunks }).text).toBe(whole.text);
		return way.read(whole.text);
	}
	/** How a selector of one document reaches its values: JSON holds all of them in one list. */
	const at = (way: Way, rest: string): string => (way.format === "json" ? `$[*]${rest}` : `$${rest}`);

	test.each(Object.entries(WAYS))("pass byte for byte as values and names of %s", (_name, way) => {
		const values = strings.map((text) => ({ [text]: text, list: [text] }));
		for (const directive of [{}, { release: ["$"] }]) expect(maskAll(way, directive, values)).toEqual(values);
	});

	test.each(Object.entries(WAYS))(
		"leave nothing of themselves where they are withheld in %s",
		(_name, way) => {
			const values = strings.map((text, id) => ({ id, secret: text, [`x${text}`]: { deep: text } }));
			const directive = { release: [at(way, ".id")] };
			expect(maskAll(way, directive, values)).toEqual(strings.map((_, id) => ({ id })));
		},
	);

	test.each(Object.entries(WAYS))("are masked in %s", (_name, way) => {
		const values = strings.map((text) => ({ a: text, b: text }));
		const directive = {
			mask: [
				{ select: at(way, ".a"), as: "redact" },
				{ select: at(way, ".b"), as: "truncate", length: 0 },
			],
		};
		const masked = strings.map((text) => ({ a: "[redacted]", b: text === "" ? "" : "…" }));
		expect(maskAll(way, directive, values)).toEqual(masked);
	});

	test.each(Object.entries(WAYS))("are names that selectors meet exactly in %s", (_name, way) => {
		for (const text of strings) {
			const select = way.format === "json" ? [{ any: true }, text] : [text];
			const [left] = maskAll(way, { withhold: [select] }, [{ [text]: 1, other: 2 }]);
			expect(left).toEqual({ other: 2 });
		}
	});

	test("pass, go and are masked in forms", () => {
		for (const text of strings) {
			const body = form({ [text]: text, secret: text, id: "1" });
			for (const chunks of CHUNKS) {
				const pass = mask({ directive: {}, body, format: "form", chunks });
				expect(pass.text).toBe(body);
				const gone = mask({ directive: { release: ["$.id"] }, body, format: "form", chunks });
				expect(gone.text).toBe("id=1");
				const named = mask({ directive: { withhold: [[text], "$.secret"] }, body, format: "form", chunks });
				expect(named.text).toBe(text === "id" ? "" : "id=1");
			}
		}
	});

	test("in lines of events beside the data pass as plain tokens only", () => {
		for (const text of strings.filter((one) => !/[\r\n]/.test(one))) {
			const body = `: ${text}\nid: ${text}\nevent: ${text}\ndata: 1\n\n`;
			const masked = mask({ directive: {}, body, format: "sse", decision: true });
			expect(masked.refusal).toBeUndefined();
			const lines = masked.text.split("\n").slice(0, -3);
			for (const line of lines) expect(line).toMatch(/^(?:id|event):? ?[\w.-]{0,64}$/);
			expect(masked.text.endsWith("data: 1\n\n")).toBe(true);
		}
	});
});
