/**
 * When the host answers instead of the module: always; when an argument is a set, whose order the module does not
 * keep; or unless all arguments are integers as the module holds them, on which both are exact.
 */
export type Takeover = "always" | { readonly setAt: number } | "not_integers";

/** A builtin that OPA compiles into the module, and that answers otherwise there than in OPA itself. */
export interface Native {
	/** Name of the module's function. */
	readonly symbol: string;
	/** Name of the builtin in Rego. */
	readonly builtin: string;
	readonly arity: number;
	readonly takeover: Takeover;
}

const native = (symbol: string, builtin: string, arity: number, takeover: Takeover = "always"): Native => ({
	symbol,
	builtin,
	arity,
	takeover,
});

/** `builtinsFunctions` of OPA's WASM compiler, as far as the host takes over. A place in the list is a number. */
export const NATIVES: readonly Native[] = [
	native("opa_arith_plus", "plus", 2, "not_integers"),
	native("opa_arith_minus", "minus", 2, "not_integers"),
	native("opa_arith_multiply", "mul", 2, "not_integers"),
	native("opa_arith_divide", "div", 2),
	native("opa_arith_rem", "rem", 2, "not_integers"),
	native("opa_arith_abs", "abs", 1, "not_integers"),
	native("opa_arith_round", "round", 1, "not_integers"),
	native("opa_arith_ceil", "ceil", 1, "not_integers"),
	native("opa_arith_floor", "floor", 1, "not_integers"),
	native("opa_agg_sum", "sum", 1),
	native("opa_agg_product", "product", 1),
	// The module's own never ends where nothing is to be replaced.
	native("opa_strings_replace", "replace", 3),
	native("opa_strings_concat", "concat", 2, { setAt: 1 }),
	native("opa_strings_format_int", "format_int", 2),
	native("opa_to_number", "to_number", 1),
	native("opa_template_string", "internal.template_string", 1),
	native("opa_base64_is_valid", "base64.is_valid", 1),
	native("opa_base64_decode", "base64.decode", 1),
	native("opa_base64_url_decode", "base64url.decode", 1),
	native("opa_json_marshal", "json.marshal", 1),
	native("opa_json_unmarshal", "json.unmarshal", 1),
	native("opa_json_is_valid", "json.is_valid", 1),
	native("opa_cidr_contains", "net.cidr_contains", 2),
	native("opa_cidr_intersects", "net.cidr_intersects", 2),
	native("opa_regex_is_valid", "regex.is_valid", 1),
	native("opa_regex_match", "regex.match", 2),
	native("opa_regex_find_all_string_submatch", "regex.find_all_string_submatch_n", 3),
	native("opa_glob_match", "glob.match", 3),
	native("opa_strings_indexof", "indexof", 2),
	native("builtin_json_filter", "json.filter", 2),
	native("builtin_json_remove", "json.remove", 2),
	native("builtin_object_union_n", "object.union_n", 1),
];

/** Type tags of the module's values (`value.h`). */
export const TYPE_NUMBER = 3;
export const TYPE_SET = 7;
/** How the module holds a number: as a 64-bit integer. */
export const REPR_INT = 1;
