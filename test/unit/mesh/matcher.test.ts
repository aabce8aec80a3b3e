import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { isLocalReply } from "../../../src/envoy/ext-proc/local-replies.ts";
import { isOwnReply } from "../../../src/mesh/rules/code-details.ts";
import { codesIn } from "../../support/mesh-check.ts";
import { ROOT } from "../../support/source-tree.ts";

const TYPE = "type.googleapis.com";
const GOOD = readFileSync(join(ROOT, "test/corpora/envoy-checks/proc_fails_open/good.yaml"), "utf8");
type Predicate = Readonly<Record<string, unknown>>;

const metadata = (
	key: string,
	text: Readonly<Record<string, unknown>>,
	more: Readonly<Record<string, unknown>> = {},
) => ({
	single_predicate: {
		input: {
			name: "input",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput`,
				filter: "envoy.filters.http.ext_authz",
				path: [{ key }],
				...more,
			},
		},
		custom_match: {
			name: "match",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.matching.input_matchers.metadata.v3.Metadata`,
				value: { string_match: text },
			},
		},
	},
});
const postern = metadata("postern", { exact: "1" });
const fields = metadata("fields", { exact: "all" });
const header = {
	single_predicate: {
		input: {
			name: "h",
			typed_config: { "@type": `${TYPE}/envoy.type.matcher.v3.HttpRequestHeaderMatchInput` },
		},
		value_match: { exact: "x" },
	},
};
const compared = (value: string, field = "code_details", name = "_==_") => ({
	call_expr: {
		function: name,
		args: [
			{ select_expr: { operand: { ident_expr: { name: "response" } }, field } },
			{ const_expr: { string_value: value } },
		],
	},
});
const cel = (expr: unknown) => ({
	single_predicate: {
		input: {
			name: "cel",
			typed_config: { "@type": `${TYPE}/xds.type.matcher.v3.HttpAttributesCelMatchInput` },
		},
		custom_match: {
			name: "cel",
			typed_config: {
				"@type": `${TYPE}/xds.type.matcher.v3.CelMatcher`,
				expr_match: { cel_expr_parsed: { expr } },
			},
		},
	},
});
const and = (...predicate: Predicate[]) => ({ and_matcher: { predicate } });
const or = (...predicate: Predicate[]) => ({ or_matcher: { predicate } });
const SKIP = {
	action: {
		name: "skip",
		typed_config: { "@type": `${TYPE}/envoy.extensions.filters.common.matcher.action.v3.SkipFilter` },
	},
};
const list = (predicate: Predicate, on_match: unknown = SKIP) => ({
	matcher_list: { matchers: [{ predicate, on_match }] },
});

/** Codes of the matcher's family for ext_proc inside of it. */
function judged(xds_matcher: unknown): readonly string[] {
	const inner = GOOD.split("\n").slice(2).join("\n");
	const settings: unknown = JSON.parse(
		JSON.stringify({
			name: "envoy.filters.http.ext_proc",
			typed_config: {
				"@type": `${TYPE}/envoy.extensions.common.matching.v3.ExtensionWithMatcher`,
				...(xds_matcher === undefined ? {} : { xds_matcher }),
			},
		}),
	);
	const outer = stringify(settings).trimEnd();
	const text = `${outer}\n  extension_config:\n    name: ext_proc\n    typed_config:\n${inner.replaceAll(/^/gm, "    ")}`;
	return codesIn(text);
}

describe("skipping is safe where the conditions prove a release", () => {
	test.each<[string, unknown]>([
		["both values", list(and(postern, fields))],
		["in the other order, with more", list(and(fields, header, postern))],
		["nested", list(and(and(postern), and(and(fields))))],
		["one in front of a nested matcher, one in it", list(postern, { matcher: list(fields) })],
		["either of two releases", list(or(and(postern, fields), and(fields, postern, header)))],
		["distributed", list(and(or(postern, and(postern, header)), fields))],
		["a reply of Envoy's own", list(cel(compared("ext_authz_denied")))],
		["several of them", list(or(cel(compared("route_not_found")), cel(compared("http1.codec_error"))))],
		[
			"several in one expression",
			list(
				cel({
					call_expr: { function: "_||_", args: [compared("ext_authz_denied"), compared("upgrade_failed")] },
				}),
			),
		],
		["no matchers that lead anywhere", { matcher_list: { matchers: [{ predicate: header }] } }],
		[
			"on_no_match inside of what is proved",
			list(and(postern, fields), { matcher: { ...list(header), on_no_match: SKIP } }),
		],
	])("%s", (_name, matcher) => {
		expect(judged(matcher)).toEqual([]);
	});
});

describe("and unsafe everywhere else", () => {
	test.each<[string, unknown, string]>([
		["nothing", undefined, "matcher_absent"],
		["an empty matcher", {}, "matcher_absent"],
		["one of the two values", list(fields), "matcher_condition"],
		["the other one", list(postern), "matcher_condition"],
		["either of them", list(or(postern, fields)), "matcher_condition"],
		["one of two ways without", list(or(and(postern, fields), header)), "matcher_condition"],
		["a header", list(header), "matcher_condition"],
		["a prefix", list(and(postern, metadata("fields", { prefix: "al" }))), "matcher_condition"],
		[
			"any case",
			list(and(postern, metadata("fields", { exact: "all", ignore_case: true }))),
			"matcher_condition",
		],
		["another value", list(and(postern, metadata("fields", { exact: "some" }))), "matcher_condition"],
		[
			"another namespace",
			list(and(postern, metadata("fields", { exact: "all" }, { filter: "shop" }))),
			"matcher_condition",
		],
		[
			"a deeper path",
			list(and(postern, metadata("fields", { exact: "all" }, { path: [{ key: "a" }, { key: "fields" }] }))),
			"matcher_condition",
		],
		["an empty conjunction", list({ and_matcher: { predicate: [] } }), "matcher_condition"],
		["no predicate", { matcher_list: { matchers: [{ on_match: SKIP }] } }, "matcher_condition"],
		["a nested matcher that proves nothing", list(postern, { matcher: list(header) }), "matcher_condition"],
		[
			"a tree of headers",
			{ matcher_tree: { input: header.single_predicate.input, exact_match_map: { map: { x: SKIP } } } },
			"matcher_condition",
		],
		[
			"a tree with a matcher of its own",
			{ matcher_tree: { input: header.single_predicate.input, custom_match: {} } },
			"matcher_condition",
		],
		["not", list({ not_matcher: metadata("fields", { exact: "some" }) }), "matcher_inverted"],
		["not, beside a release", list(and(postern, { not_matcher: fields })), "matcher_inverted"],
		["on_no_match", { ...list(and(postern, fields)), on_no_match: SKIP }, "matcher_on_no_match"],
		[
			"on_no_match that nests",
			{ ...list(and(postern, fields)), on_no_match: { matcher: list(header) } },
			"matcher_on_no_match",
		],
		["an upstream's answer", list(cel(compared("via_upstream"))), "matcher_code_details"],
		[
			"an upstream's answer among others",
			list(or(cel(compared("ext_authz_denied")), cel(compared("lua_response")))),
			"matcher_code_details",
		],
		[
			"a comparison of another kind",
			list(cel(compared("ext_authz_denied", "code_details", "_!=_"))),
			"matcher_code_details",
		],
		["contains", list(cel(compared("ext_authz", "code_details", "contains"))), "matcher_code_details"],
		["another attribute", list(cel(compared("200", "code"))), "matcher_condition"],
	])("%s", (_name, matcher, code) => {
		expect(judged(matcher)).toEqual([code]);
	});

	test("the metadata matcher's own invert", () => {
		const inverted = JSON.parse(JSON.stringify(fields));
		inverted.single_predicate.custom_match.typed_config.invert = true;
		expect(judged(list(and(postern, inverted)))).toEqual(["matcher_inverted"]);
	});

	test("a text of CEL instead of its parsed form cannot be read", () => {
		const text = cel(undefined);
		Object.assign(text.single_predicate.custom_match.typed_config, {
			expr_match: { cel_expr_string: "true" },
		});
		expect(judged(list(text))).toEqual(["matcher_code_details"]);
	});
});

test("what never matches is safe, and useless", () => {
	const { custom_match: _, ...rest } = fields.single_predicate;
	expect(
		judged(list(and(postern, { single_predicate: { ...rest, value_match: { exact: "all" } } }))),
	).toEqual(["matcher_idle"]);
	const tree = { matcher_tree: { input: rest.input, exact_match_map: { map: { all: SKIP } } } };
	expect(judged(tree)).toEqual(["matcher_idle"]);
});

test("the old field of the matcher counts like the new one", () => {
	const text = readFileSync(join(ROOT, "test/corpora/envoy-checks/matcher_on_no_match/bad.yaml"), "utf8");
	expect(codesIn(text.replace("  xds_matcher:", "  matcher:"))).toEqual(["matcher_on_no_match"]);
});

test("the replies that may be left out are replies that Postern passes", () => {
	const source = readFileSync(join(ROOT, "src/envoy/ext-proc/local-replies.ts"), "utf8");
	const exact =
		/new Set\(\[([^\]]*)\]/
			.exec(source)?.[1]
			?.match(/"([^"]+)"/g)
			?.map((word) => word.slice(1, -1)) ?? [];
	expect(exact.length).toBeGreaterThan(10);
	for (const value of exact)
		expect([value, isOwnReply(value), isLocalReply(value)]).toEqual([value, true, true]);
	const own = readFileSync(join(ROOT, "src/mesh/rules/code-details.ts"), "utf8");
	for (const [, value = ""] of own.matchAll(/^\t"([^"]+)",$/gm))
		expect([value, isLocalReply(value)]).toEqual([value, true]);
	for (const value of ["via_upstream", "cache.hit", "lua_response", "", "EXT_AUTHZ_DENIED"]) {
		expect([value, isOwnReply(value)]).toEqual([value, false]);
	}
});
