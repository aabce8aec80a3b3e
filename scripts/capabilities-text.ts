import { HOST_BUILTINS } from "../src/policy/builtins/table.ts";

/** Builtins that OPA compiles into the module itself (`builtinsFunctions` of its WASM compiler). */
const NATIVE = `abs all and any array.concat array.flatten array.reverse array.slice base64.decode base64.encode
base64.is_valid base64url.decode base64url.encode bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil
concat contains count div endswith equal floor format_int glob.match graph.reachable gt gte indexof
internal.member_2 internal.member_3 internal.template_string intersection is_array is_boolean is_null is_number
is_object is_set is_string json.filter json.is_valid json.marshal json.remove json.unmarshal lower lt lte max min
minus mul neq net.cidr_contains net.cidr_intersects net.cidr_overlap numbers.range object.filter object.get
object.keys object.remove object.union object.union_n or plus product re_match regex.find_all_string_submatch_n
regex.is_valid regex.match rem replace round set_diff sort split startswith strings.replace_n strings.reverse
substring sum to_number trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union upper walk`;

/** Builtins that the compiler works out or erases, so that no module calls them. */
const COMPILE_TIME = "assign eq internal.print print rego.metadata.chain rego.metadata.rule";

/** What the evaluator can load (`src/policy/wasm/abi.ts`), as OPA spells it. */
const WASM_ABI_VERSIONS = [
	{ version: 1, minor_version: 2 },
	{ version: 1, minor_version: 3 },
];

interface OpaCapabilities {
	readonly builtins: readonly { readonly name: string }[];
	readonly future_keywords?: readonly string[];
	readonly features?: readonly string[];
}

/** Texts for readers are dropped: they say nothing about what compiles, and change from release to release. */
const dropTexts = (key: string, value: unknown): unknown =>
	key === "description" || key === "categories" ? undefined : value;

/**
 * The capabilities file: what OPA can do, less what neither the module nor this host supplies. One builtin a line.
 * @param current - output of `opa capabilities --current`
 */
export function capabilitiesText(current: string): string {
	const { builtins, future_keywords, features } = JSON.parse(current) as OpaCapabilities;
	const known = new Set([...`${NATIVE} ${COMPILE_TIME}`.split(/\s+/), ...HOST_BUILTINS.keys()]);
	const lines = builtins
		.filter(({ name }) => known.has(name))
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.map((builtin) => `\t\t${JSON.stringify(builtin, dropTexts)}`);
	const rest = { future_keywords, features, wasm_abi_versions: WASM_ABI_VERSIONS };
	return `{\n\t"builtins": [\n${lines.join(",\n")}\n\t],\n${JSON.stringify(rest).slice(1, -1)}\n}\n`;
}
