package postern.lib.scopes_test

import data.postern.lib.scopes

test_scopes_are_words if {
	scopes.of("orders.read  people.read ") == {"orders.read", "people.read"}
	scopes.of("") == set()
	scopes.of(["a", "b", "a"]) == {"a", "b"}
	scopes.of({"a"}) == {"a"}
	not scopes.of(null)
	not scopes.of({"a": true})
}

test_a_scope_is_there_as_a_whole if {
	scopes.has("orders.read people", "orders.read")
	scopes.has(["orders.read"], "orders.read")
	not scopes.has("orders.read", "orders")
	not scopes.has("orders.read", "orders.read people")
	not scopes.has("orders.read", "")
	not scopes.has([], "orders.read")
	not scopes.has(7, "7")
}

test_a_list_with_words_in_one_item_is_what_it_is if {
	not scopes.has(["orders.read people"], "people")
}

test_any if {
	scopes.any("a b", ["c", "b"])
	not scopes.any("a b", {"c"})
	not scopes.any("a b", [])
}

test_all if {
	scopes.all("a b c", ["a", "c"])
	not scopes.all("a b", {"a", "d"})
	not scopes.all("a b", [])
	not scopes.all(null, ["a"])
}
