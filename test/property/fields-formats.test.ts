import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { expectSame } from "../support/expect-same.ts";
import { chunkSizes, directive, jsonText } from "../support/mask-arbitrary.ts";
import { mask } from "../support/mask-body.ts";
import { textDifference } from "../support/mask-compare.ts";
import { applyDirective, type Expected, lex, type PlainDirective } from "../support/mask-oracle.ts";
import { times } from "../support/test-size.ts";

/** Documents, directives and chunkings of each media type. */
const RUNS = { seed: 20_260_802, numRuns: times(10_000, 100_000) };

/** Fails unless `text` is the tokens and the bound white space of `expected`. */
function expectText(text: string, expected: Expected): void {
	const wrong = textDifference(text, expected);
	if (wrong !== undefined) throw new Error(wrong);
}

describe("bodies of many JSON texts", () => {
	const blank = fc.constantFrom("", " ", "\r", "\t ");

	test("NDJSON is masked line by line, blank lines copied", () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(jsonText, blank), { maxLength: 5 }),
				fc.boolean(),
				directive,
				chunkSizes,
				(lines, closed, rules, chunks) => {
					const body = lines.join("\n") + (closed && lines.length > 0 ? "\n" : "");
					const masked = mask({ directive: rules, body, chunks, format: "ndjson", consumer: "ada" });
					expectSame(masked.refusal, undefined);
					const got = masked.text.split("\n");
					const inputs = body.split("\n");
					expectSame(got.length, inputs.length);
					for (const [i, line] of inputs.entries()) {
						if (line.trim() === "") expectSame(got[i], line);
						else expectText(got[i]!, applyDirective(rules, line, "ada"));
					}
				},
			),
			RUNS,
		);
	});

	test("NDJSON with a text over two lines, or two on one, is malformed", () => {
		fc.assert(
			fc.property(jsonText, jsonText, directive, chunkSizes, (first, second, rules, chunks) => {
				for (const body of [`${first} ${second}`, `[${first},\n${second}]`, `${first}\n{"a":\n1}`]) {
					expect(mask({ directive: rules, body, chunks, format: "ndjson" }).refusal).toBe("body_malformed");
				}
			}),
			{ ...RUNS, numRuns: 200 },
		);
	});

	test("JSON text sequences are masked record by record", () => {
		fc.assert(
			fc.property(fc.array(jsonText, { maxLength: 4 }), directive, chunkSizes, (texts, rules, chunks) => {
				const body = texts.map((text) => `\x1e${text}\n`).join("");
				const masked = mask({ directive: rules, body, chunks, format: "json-seq", consumer: "ada" });
				expectSame(masked.refusal, undefined);
				const got = masked.text.split("\x1e").slice(1);
				expectSame(got.length, texts.length);
				for (const [i, text] of texts.entries())
					expectText(got[i]!, applyDirective(rules, `${text}\n`, "ada"));
			}),
			RUNS,
		);
	});

	const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
	const otherLine = fc.constantFrom(
		": a comment",
		":",
		"id: 7",
		"event: é",
		"retry: 10",
		"id",
		"event:",
		"event: order.paid",
		"id: ada@mail.example",
		"retry: soon",
		`id:${"7".repeat(64)}`,
		`id:${"7".repeat(65)}`,
	);
	/** Of those above, what may pass under a decision's directive. */
	const PLAIN = ["id: 7", "retry: 10", "id", "event:", "event: order.paid", `id:${"7".repeat(64)}`];
	/** Breaks a text after some of its tokens into the lines of one event. */
	const event = fc.record({
		// A carriage return would be a line end.
		text: jsonText.map((text) => text.replaceAll("\r", " ")),
		breaks: fc.array(fc.nat(30), { maxLength: 3 }),
		before: fc.array(otherLine, { maxLength: 2 }),
		after: fc.array(otherLine, { maxLength: 1 }),
		prefix: fc.constantFrom("data:", "data: "),
		kind: fc.constantFrom("text", "text", "text", "blank", "done", "none"),
	});

	test("server-sent events are masked event by event, all other lines kept in order", () => {
		fc.assert(
			fc.property(
				fc.array(event, { maxLength: 4 }),
				lineEnd,
				fc.boolean(),
				directive,
				chunkSizes,
				fc.boolean(),
				(events, end, bom, given, chunks, decision) => {
					// Strategies are stricter in decisions, which is for other tests.
					const rules = decision ? { ...given, mask: [] } : given;
					const written = events.map((one) => {
						const data =
							one.kind === "text"
								? breakText(one.text, one.breaks)
								: one.kind === "blank"
									? ""
									: one.kind === "done"
										? "[DONE]"
										: undefined;
						// Behind `data:` a leading space of the text would be taken for the one that may stand there.
						const prefix = data?.split("\n").some((line) => line.startsWith(" ")) ? "data: " : one.prefix;
						const dataLines = data?.split("\n").map((line) => `${prefix}${line}`) ?? [];
						const others = [...one.before, ...one.after];
						return {
							data,
							others: decision ? others.filter((line) => PLAIN.includes(line)) : others,
							lines: [...one.before, ...dataLines, ...one.after],
						};
					});
					const body =
						(bom ? "\ufeff" : "") + written.map(({ lines }) => [...lines, "", ""].join(end)).join("");
					const masked = mask({ directive: rules, body, chunks, format: "sse", consumer: "ada", decision });
					expectSame(masked.refusal, undefined);
					expectSame(masked.text.startsWith("\ufeff"), bom && body.length > 0);
					const got = readEvents(masked.text.slice(bom ? 1 : 0), end);
					const wanted = written.filter(({ data, others }) => data !== undefined || others.length > 0);
					const bare = (line: string) => line.replace(/:$/, "");
					expectSame(
						got.map(({ others }) => others.map(bare)),
						wanted.map(({ others }) => others.map(bare)),
					);
					for (const [i, { data }] of wanted.entries()) {
						if (data === undefined || data === "" || data === "[DONE]") expectSame(got[i]!.data, data);
						else expectText(got[i]!.data ?? "", applyDirective(rules, data, "ada"));
					}
				},
			),
			RUNS,
		);
	});
});

/** Puts line feeds between some tokens. */
function breakText(text: string, breaks: readonly number[]): string {
	const { tokens, gaps } = lex(text);
	return [...tokens, ""]
		.map((token, i) => `${gaps[i]}${i > 0 && i < tokens.length && breaks.includes(i) ? "\n" : ""}${token}`)
		.join("");
}

function readEvents(text: string, end: string): { others: string[]; data: string | undefined }[] {
	const events: { others: string[]; data: string | undefined }[] = [];
	let others: string[] = [];
	let data: string[] = [];
	for (const line of text.split(end)) {
		if (line === "") {
			if (others.length + data.length > 0)
				events.push({ others, data: data.length > 0 ? data.join("\n") : undefined });
			others = [];
			data = [];
		} else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
		else others.push(line);
	}
	return events;
}

describe("forms", () => {
	const text = fc.oneof(
		fc.constantFrom("", "a", "b", "ssn", "é", "__proto__", "0", "x y", "a@b", "2024-05-06", "&=%+", "😀😀😀"),
		fc.string({ unit: "grapheme", maxLength: 6 }),
	);
	/** Spells a text in one of the ways that a form allows. */
	const spelled = (value: string, how: number): string => {
		const encoded = encodeURIComponent(value);
		if (how === 0) return encoded;
		if (how === 1) return encoded.replaceAll("%20", "+");
		if (how === 2)
			return [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
		return value.replaceAll(/[%&=+ ]/g, (c) => encodeURIComponent(c));
	};
	const pair = fc
		.record({ name: text, value: fc.option(text), nameHow: fc.nat(3), valueHow: fc.nat(3) })
		.map((p) => ({
			...p,
			raw: spelled(p.name, p.nameHow) + (p.value === null ? "" : `=${spelled(p.value, p.valueHow)}`),
		}));
	const decode = (raw: string): string => decodeURIComponent(raw.replaceAll("+", " "));

	test("are masked pair by pair; a removed pair takes one ampersand", () => {
		fc.assert(
			fc.property(fc.array(pair, { maxLength: 5 }), directive, chunkSizes, (pairs, rules, chunks) => {
				const body = pairs.map(({ raw }) => raw).join("&");
				const masked = mask({ directive: rules, body, chunks, format: "form", consumer: "ada" });
				expectSame(masked.refusal, undefined);
				const expected = expectedPairs(rules, body);
				const got = masked.text === "" && expected.length === 0 ? [] : masked.text.split("&").map(readPair);
				expectSame(got, expected);
			}),
			RUNS,
		);
	});

	/** What stays of each pair: its raw text, or its raw name and the masked value. */
	function expectedPairs(
		rules: PlainDirective,
		body: string,
	): readonly (readonly [string, string | undefined])[] {
		const root = applyDirective(rules, "{}", "ada").tokens;
		if (root.length !== 2 || root[0] !== "{" || (rules.mask ?? []).some(({ select }) => select === "$"))
			return [];
		const kept: (readonly [string, string | undefined])[] = [];
		for (const raw of body.split("&")) {
			if (raw === "") {
				kept.push(["", undefined]);
				continue;
			}
			const cut = raw.indexOf("=");
			const rawName = cut < 0 ? raw : raw.slice(0, cut);
			const name = JSON.stringify(decode(rawName));
			const value = JSON.stringify(decode(cut < 0 ? "" : raw.slice(cut + 1)));
			const { tokens, report } = applyDirective(rules, `{${name}:${value}}`, "ada");
			if (tokens.length < 4) continue;
			if (![...report.keys()].some((key) => key.startsWith("masked"))) kept.push(readPair(raw));
			else {
				const json = JSON.parse(tokens.slice(3, -1).join("")) as unknown;
				// What stays as it was stays in its spelling.
				const truncated = [...report.keys()].some((key) => key.endsWith(" truncate"));
				const same = truncated && json === JSON.parse(value);
				kept.push(
					same
						? readPair(raw)
						: [rawName, json === null ? "" : typeof json === "string" ? json : JSON.stringify(json)],
				);
			}
		}
		return kept;
	}

	/** Pairs are compared by raw name and decoded value. */
	function readPair(raw: string): readonly [string, string | undefined] {
		const cut = raw.indexOf("=");
		return cut < 0 ? [raw, undefined] : [raw.slice(0, cut), decode(raw.slice(cut + 1))];
	}
});
