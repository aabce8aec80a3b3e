import type { Builtin } from "./builtin.ts";

type Table = Readonly<Record<string, Builtin>>;

interface Family {
	/** Each of its names holds one of these. */
	readonly marks: readonly string[];
	readonly load: () => Promise<Table>;
}

const family = (marks: readonly string[], load: () => Promise<Table>): Family => ({ marks, load });

/** The families of `table.ts`. */
const HOST: readonly Family[] = [
	family(["providers.aws."], async () => (await import("./aws/sign-req.ts")).awsBuiltins),
	family(["cast_"], async () => (await import("./casts.ts")).castBuiltins),
	family(
		["crypto.md5", "crypto.sha", "crypto.hmac."],
		async () => (await import("./crypto.ts")).cryptoBuiltins,
	),
	family(["hex.", "base64url.encode_no_pad"], async () => (await import("./encoding.ts")).encodingBuiltins),
	family(["graph."], async () => (await import("./graph.ts")).graphBuiltins),
	family(["graphql."], async () => (await import("./graphql/graphql.ts")).graphqlBuiltins),
	family(["io.jwt."], async () => (await import("./jwt/jwt.ts")).jwtBuiltins),
	family(["json.marshal_with_options"], async () => (await import("./marshal-options.ts")).marshalBuiltins),
	family(["net.cidr_"], async () => (await import("./net/net.ts")).netBuiltins),
	family(["object.subset"], async () => (await import("./objects.ts")).objectBuiltins),
	family(["json.patch"], async () => (await import("./patch.ts")).patchBuiltins),
	family(["rand."], async () => (await import("./rand.ts")).randBuiltins),
	family(["numbers.range_step"], async () => (await import("./range.ts")).rangeBuiltins),
	family(["regex.", "glob.quote_meta"], async () => (await import("./regex.ts")).regexBuiltins),
	family(["rego.parse_module"], async () => (await import("./rego/rego.ts")).regoBuiltins),
	family(["opa.runtime"], async () => (await import("./runtime.ts")).runtimeBuiltins),
	family(
		["json.match_schema", "json.verify_schema"],
		async () => (await import("./schema/schema.ts")).schemaBuiltins,
	),
	family(["semver."], async () => (await import("./semver.ts")).semverBuiltins),
	family(["sprintf"], async () => (await import("./sprintf/sprintf.ts")).sprintfBuiltins),
	family(["strings.", "indexof_n"], async () => (await import("./strings.ts")).stringBuiltins),
	family(["strings.render_template"], async () => (await import("./template/template.ts")).templateBuiltins),
	family(["time."], async () => (await import("./time/time.ts")).timeBuiltins),
	family(["trace"], async () => (await import("./trace.ts")).traceBuiltins),
	family(["units."], async () => (await import("./units.ts")).unitBuiltins),
	family(["uri."], async () => (await import("./uri.ts")).uriBuiltins),
	family(["urlquery."], async () => (await import("./urlquery.ts")).urlqueryBuiltins),
	family(["uuid."], async () => (await import("./uuid.ts")).uuidBuiltins),
	family(
		["crypto.x509.", "crypto.parse_private_keys"],
		async () => (await import("./x509/x509.ts")).x509Builtins,
	),
	family(["yaml."], async () => (await import("./yaml/yaml.ts")).yamlBuiltins),
];

/** Those of `native/natives.ts`, by the functions of OPA's library that the host answers for. */
const NATIVE: readonly Family[] = [
	family(["opa_arith_", "opa_agg_"], async () => (await import("./native/arithmetic.ts")).nativeArithmetic),
	family(["opa_base64_", "opa_json_"], async () => (await import("./native/encoding.ts")).nativeEncoding),
	family(["opa_glob_"], async () => (await import("./native/glob.ts")).nativeGlob),
	family(["opa_cidr_"], async () => (await import("./native/net.ts")).nativeNet),
	family(
		["opa_strings_indexof", "builtin_json_", "builtin_object_"],
		async () => (await import("./native/objects.ts")).nativeObjects,
	),
	family(["opa_regex_"], async () => (await import("./native/regex.ts")).nativeRegex),
	family(
		["opa_strings_", "opa_to_number", "opa_template_string"],
		async () => (await import("./native/text.ts")).nativeText,
	),
];

/** What a module may call on the host, and what the host answers in its place, by name in Rego. */
export interface CalledBuiltins {
	readonly builtins: ReadonlyMap<string, Builtin>;
	readonly natives: ReadonlyMap<string, Builtin>;
}

/**
 * Loads the families that a module can call, and leaves the others on the disk: together they are larger than all that
 * answers a call. A module holds the names of what it calls as they are, so a name that stands nowhere in it is not
 * called; one that happens to stand there costs a little memory.
 */
export async function builtinsCalledBy(wasm: Buffer): Promise<CalledBuiltins> {
	const [builtins, natives] = await Promise.all([named(HOST, wasm), named(NATIVE, wasm)]);
	return { builtins, natives };
}

async function named(families: readonly Family[], wasm: Buffer): Promise<ReadonlyMap<string, Builtin>> {
	const called = families.filter(({ marks }) => marks.some((mark) => wasm.includes(mark)));
	const tables = await Promise.all(called.map(({ load }) => load()));
	return new Map(tables.flatMap((table) => Object.entries(table)));
}
