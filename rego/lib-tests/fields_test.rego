package postern.lib.fields_test

import data.postern.lib.fields

contact := {"release": ["$.id", "$.email"], "mask": [{"select": "$.born", "as": "year"}]}

support := {"release": {"$.id", "$.phone"}, "withhold": ["$.notes"]}

hidden := {"mask": {{"select": "$.pan", "as": "redact"}}, "detect": ["pan"]}

test_directives_are_united if {
	fields.merge([contact, support]) == {
		"release": {"$.id", "$.email", "$.phone"},
		"mask": {{"select": "$.born", "as": "year"}},
		"withhold": {"$.notes"},
	}
	fields.merge([contact, support]) == fields.merge({support, contact})
}

test_one_closed_directive_closes_all if {
	merged := fields.merge([hidden, contact])
	merged.release == {"$.id", "$.email"}
	merged.detect == {"pan"}
	merged.mask == {{"select": "$.born", "as": "year"}, {"select": "$.pan", "as": "redact"}}
}

test_an_empty_release_closes_too if {
	fields.merge([hidden, {"release": []}]).release == set()
}

test_open_ones_stay_open if {
	fields.merge([hidden]) == {"mask": {{"select": "$.pan", "as": "redact"}}, "detect": {"pan"}}
	fields.merge([{}]) == {}
}

test_of_none_nothing_is_released if {
	fields.merge([]) == {"release": set()}
	fields.merge(set()) == {"release": set()}
}

test_what_cannot_be_united_is_undefined if {
	not fields.merge([contact, {"release": "$.id"}])
	not fields.merge([contact, {"withhold": "$.notes"}])
	not fields.merge([contact, {"withhold": null}])
	not fields.merge([contact, {"media_types": ["text/csv"]}])
	not fields.merge([contact, {"witthold": ["$.notes"]}])
	not fields.merge([contact, "x"])
	not fields.merge([{"release": false}])
}

test_masked if {
	fields.masked(["$.a", "$.b"], {"as": "partial", "keep_end": 4}) == {
		{"select": "$.a", "as": "partial", "keep_end": 4},
		{"select": "$.b", "as": "partial", "keep_end": 4},
	}
	fields.masked([["orders", 0]], {"as": "null"}) == {{"select": ["orders", 0], "as": "null"}}
	fields.masked([], {"as": "null"}) == set()
	not fields.masked(["$.a"], {"keep_end": 4})
	not fields.masked("$.a", {"as": "null"})
}

test_the_selector_of_a_strategy_does_not_count if {
	fields.masked(["$.a"], {"as": "null", "select": "$.b"}) == {{"select": "$.a", "as": "null"}}
}

test_each if {
	fields.each(["$.id", "$..x", "$['a b']", "$", "class:pii"]) == {
		"$[*].id",
		"$[*]..x",
		"$[*]['a b']",
		"$[*]",
		"class:pii",
	}
	not fields.each(["$.id", "id"])
	not fields.each(["$.id", ["id"]])
}

test_named if {
	sets := {"contact": ["$.email", "$.phone"], "card": {"$.pan"}}
	fields.named(sets, ["contact", "card"]) == {"$.email", "$.phone", "$.pan"}
	fields.named(sets, set()) == set()
	not fields.named(sets, ["contact", "other"])
	not fields.named({"contact": "$.email"}, ["contact"])
}
