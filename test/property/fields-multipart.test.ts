import { describe, test } from "@jest/globals";
import fc from "fast-check";
import { PLAIN_PLAN } from "../../src/fields/plan.ts";
import type { MultipartFormat } from "../../src/fields/types.ts";
import { readMultipart } from "../../src/request/multipart.ts";
import { expectSame } from "../support/expect-same.ts";
import { chunkSizes, directive, jsonText } from "../support/mask-arbitrary.ts";
import { type Masked, mask } from "../support/mask-body.ts";
import { textDifference } from "../support/mask-compare.ts";
import {
	applyDirective,
	judgeOf,
	kindOf,
	mayHide,
	type Path,
	type PlainDirective,
} from "../support/mask-oracle.ts";
import { times } from "../support/test-size.ts";

const SEED = 20_260_804;
/** Parts, directives and chunkings of the comparison with the oracle: together 100,000 for the two kinds of multipart. */
const TRIPLES = { seed: SEED, numRuns: times(5000, 50_000) };
const DAMAGED = { seed: SEED, numRuns: times(1000, 10_000) };

interface Part {
	readonly name: string;
	readonly kind: "json" | "text" | "file";
	readonly content: string;
	/** The part's own file name. */
	readonly file?: string;
	/** A header that is not one of the few that may stay. */
	readonly other?: string;
}

const boundary = fc.constantFrom(
	"x",
	"--x",
	"a b",
	"----WebKitFormBoundary7MA4YWxk",
	"9",
	"'()+_,-./:=?",
	"[redacted]-".slice(1, 9),
);
const name = fc.constantFrom("a", "b", "ssn", "", "é", "x y", "0", "__proto__", "😀", "it's");
/** Dashes and line ends, so that contents look like delimiters without being one. */
const text = fc.oneof(
	fc.constantFrom(
		"",
		"ada@example.com",
		"2024-05-06",
		"\r\n",
		"\r\n--",
		"-",
		"--",
		"\r",
		"--\r\n",
		"😀😀😀",
		"4111 1111 1111 1111",
	),
	fc.string({ unit: fc.constantFrom("-", "x", "\r", "\n", "é", "9", " ", "a"), maxLength: 12 }),
	fc.string({ unit: "grapheme", maxLength: 8 }).map((given) => Buffer.from(given).toString()),
);
const part: fc.Arbitrary<Part> = fc.oneof(
	fc.record({ name, kind: fc.constant("json" as const), content: jsonText }),
	fc.record({ name, kind: fc.constant("text" as const), content: text }),
	fc.record({ name, kind: fc.constant("text" as const), content: text, other: fc.constantFrom("1", "é") }),
	fc.record({ name, kind: fc.constant("json" as const), content: jsonText, file: fc.constantFrom("a.json") }),
	fc.record({ name, kind: fc.constant("file" as const), content: text, file: fc.constantFrom("ada.png") }),
);

function headersOf({ name, kind, file, other }: Part, form: boolean): string[] {
	const parameters = [
		...(form ? [`name="${name}"`] : []),
		...(file === undefined ? [] : [`filename="${file}"`]),
	];
	const type = kind === "json" ? "application/json" : kind === "file" ? "image/png" : undefined;
	return [
		...(form || file !== undefined
			? [
					[form ? "Content-Disposition: form-data" : "content-disposition: attachment", ...parameters].join(
						"; ",
					),
				]
			: []),
		...(type === undefined ? [] : [`Content-Type: ${type}`]),
		...(other === undefined ? [] : [`X-Other: ${other}`]),
	];
}

function written(
	parts: readonly { readonly head: readonly string[]; readonly content: string }[],
	mark: string,
): string {
	const pieces = parts.map(
		({ head, content }) => `--${mark}\r\n${head.map((line) => `${line}\r\n`).join("")}\r\n${content}\r\n`,
	);
	return `${pieces.join("")}--${mark}--\r\n`;
}

/** What a body is cut into by its delimiters. */
function partsOf(body: string, mark: string): { head: string[]; content: string }[] {
	const pieces = `\r\n${body}`.split(`\r\n--${mark}`);
	expectSame([pieces[0], /^--(?:\r\n)?$/.test(pieces.at(-1) ?? "")], ["", true]);
	return pieces.slice(1, -1).map((piece) => {
		const cut = piece.indexOf("\r\n\r\n");
		const head = piece.slice(2, Math.max(2, cut));
		return { head: head === "" ? [] : head.split("\r\n"), content: piece.slice(cut + 4) };
	});
}

function expectMasked(
	rules: PlainDirective,
	files: "block" | "pass",
	parts: readonly Part[],
	format: MultipartFormat,
	masked: Masked,
): void {
	const judge = judgeOf(rules);
	const form = format.kind === "form-data";
	const root = judge(form ? "object" : "array", []);
	const expected: { head: string[]; content: string; json?: ReturnType<typeof applyDirective> }[] = [];
	let blocked = false;
	for (const [index, one] of root === "released" ? parts.entries() : []) {
		const path: Path = [form ? one.name : index];
		const value = one.kind === "json" ? one.content : JSON.stringify(one.content);
		const verdict = judge(one.kind === "json" ? kindOf(value) : "string", path);
		if (verdict === "withheld" || (one.kind === "file" && verdict !== "released")) continue;
		if (one.file !== undefined && files === "block") blocked = true;
		const lines = headersOf(one, form);
		const head =
			rules.release === undefined && !mayHide(rules, path)
				? lines
				: lines.filter((line) => !line.startsWith("X-"));
		const json = applyDirective(rules, value, "ada", path);
		if (one.kind === "json") expected.push({ head, content: "", json });
		else if (verdict === "released") expected.push({ head, content: one.content });
		else {
			const made = JSON.parse(json.tokens.join("")) as unknown;
			expected.push({
				head,
				content: made === null ? "" : typeof made === "string" ? made : JSON.stringify(made),
			});
		}
	}
	// What a mask writes must not look like a delimiter; such bodies are refused.
	const mark = `--${format.boundary}`;
	const forged = expected.some(
		({ content, json }) => content.includes(mark) || json?.tokens.some((token) => token.includes(mark)),
	);
	if (blocked || forged) {
		expectSame(masked.refusal, "body_unsupported");
		return;
	}
	expectSame(masked.refusal, undefined);
	if (root !== "released") {
		expectSame(masked.text, "");
		return;
	}
	const got = partsOf(masked.text, format.boundary);
	expectSame(
		got.map(({ head }) => head),
		expected.map(({ head }) => head),
	);
	for (const [index, { content, json }] of expected.entries()) {
		const text = got[index]?.content ?? "";
		if (json === undefined) expectSame(text, content);
		else expectSame(textDifference(text, json), undefined);
	}
}

describe.each(["form-data", "mixed"] as const)("multipart/%s", (kind) => {
	const bodies = fc
		.tuple(boundary, fc.array(part, { minLength: 1, maxLength: 4 }))
		.filter(([mark, parts]) => parts.every(({ content }) => !`${content}\r\n`.includes(`--${mark}`)));

	test("is masked part by part", () => {
		fc.assert(
			fc.property(
				bodies,
				directive,
				fc.constantFrom("block" as const, "pass" as const),
				chunkSizes,
				([mark, parts], rules, files, chunks) => {
					const format = { kind, boundary: mark };
					const body = written(
						parts.map((one) => ({ head: headersOf(one, kind === "form-data"), content: one.content })),
						mark,
					);
					const call = { body, chunks, format, consumer: "ada", decision: true, options: PLAIN_PLAN };
					expectMasked(rules, files, parts, format, mask({ ...call, directive: { ...rules, files } }));
					const plain = mask({ ...call, directive: { files: "pass" } });
					expectSame([plain.refusal, plain.text], [undefined, body]);
				},
			),
			TRIPLES,
		);
	});

	test("that was damaged is refused or still parts, with the same outcome for every chunking", () => {
		const damage = fc.record({
			at: fc.nat(),
			by: fc.constantFrom("", "-", "--", "\r\n", "\n", "\r", "x", ":", '"', ";", " ", "\0", "\\", "--x\r\n"),
			remove: fc.nat(2),
		});
		fc.assert(
			fc.property(
				bodies,
				directive,
				chunkSizes,
				damage,
				([mark, parts], rules, chunks, { at, by, remove }) => {
					const whole = Buffer.from(
						written(
							parts.map((one) => ({ head: headersOf(one, kind === "form-data"), content: one.content })),
							mark,
						),
					);
					const from = at % (whole.length + 1);
					const body = Buffer.concat([
						whole.subarray(0, from),
						Buffer.from(by),
						whole.subarray(from + remove),
					]);
					const call = { body, format: { kind, boundary: mark }, decision: true, options: PLAIN_PLAN };
					const once = mask({ ...call, directive: { ...rules, files: "pass" } });
					const cut = mask({ ...call, directive: { ...rules, files: "pass" }, chunks });
					expectSame([cut.refusal, cut.text], [once.refusal, once.text]);
					if (once.text !== "") partsOf(once.text, mark);
					// What is taken here is read so by the reader that policies see bodies through, too.
					if (kind === "form-data" && mask({ ...call, directive: { files: "pass" } }).refusal === undefined) {
						const rules = { maxDepth: 600, maxParts: 1000, maxPartHeaderBytes: 16_384 };
						const read = readMultipart(body, 0, body.length, mark, rules);
						expectSame(read.ok, true);
						const found = read.ok
							? Object.values(JSON.parse(read.json.toString()) as Record<string, unknown[]>)
							: [];
						const named = partsOf(body.toString("latin1"), Buffer.from(mark).toString("latin1")).filter(
							({ head }) => !/name=""/.test(head.join("\n")),
						);
						expectSame(found.flat().length, named.length);
					}
				},
			),
			DAMAGED,
		);
	});
});
