package postern.lib.paths_test

import data.postern.lib.paths

test_literals_match_to_the_letter if {
	paths.match(["people"], ["people"]) == {}
	not paths.match(["people"], ["People"])
	not paths.match(["people"], ["people", ""])
	not paths.match(["people"], [])
}

test_a_template_may_be_a_text if {
	paths.match("/people/{id}", ["people", "7"]) == {"id": "7"}
	paths.match("people/{id}", ["people", "7"]) == {"id": "7"}
	paths.match("/", [""]) == {}
	paths.match("/people/", ["people", ""]) == {}
	not paths.match("/people/", ["people"])
}

test_parameters_stand_for_one_segment_that_is_there if {
	paths.match(["people", "{id}", "cards", "{card}"], ["people", "7", "cards", "9"]) == {"id": "7", "card": "9"}
	not paths.match(["people", "{id}"], ["people", ""])
	not paths.match(["people", "{id}"], ["people", "7", "8"])
	not paths.match(["people", "{id}"], ["people"])
}

test_a_star_has_no_name if {
	paths.match(["*", "{id}"], ["people", "7"]) == {"id": "7"}
	paths.match(["*", "*"], ["people", "7"]) == {}
	not paths.match(["*"], [""])
}

test_the_rest_is_a_list_of_one_or_more if {
	paths.match(["files", "{path...}"], ["files", "a", "b"]) == {"path": ["a", "b"]}
	paths.match("/files/{owner}/{path...}", ["files", "ann", "a", ""]) == {"owner": "ann", "path": ["a", ""]}
	not paths.match(["files", "{path...}"], ["files"])
	not paths.match(["files", "{path...}"], ["files", ""])
	not paths.match(["files", "{path...}"], ["other", "a"])
}

test_the_rest_stands_at_the_end_only if {
	not paths.match(["{path...}", "x"], ["a", "x"])
	not paths.match(["{path...}", "x"], ["{path...}", "x"])
}

test_a_name_stands_once if {
	not paths.match(["{id}", "{id}"], ["7", "7"])
	not paths.match(["{id}", "{id...}"], ["7", "8"])
}

test_braces_that_name_nothing_are_letters if {
	paths.match(["{}", "{x", "x}", "{...}"], ["{}", "{x", "x}", "{...}"]) == {}
	not paths.match(["{}"], ["7"])
	not paths.match(["{...}"], ["7"])
}

test_what_a_caller_writes_is_no_template if {
	not paths.match(["people", "7"], ["people", "{id}"])
	not paths.match(["people", "7"], ["people", "*"])
}

test_what_is_no_path_matches_nothing if {
	not paths.match(["people"], "people")
	not paths.match(["p"], {"0": "p"})
	not paths.match(7, ["people"])
}

test_under_goes_by_segments if {
	paths.under("/public", ["public"])
	paths.under(["public"], ["public", "logo.png"])
	paths.under("/public/", ["public", ""])
	not paths.under("/public", ["publicity"])
	not paths.under("/public/a", ["public"])
	not paths.under("/public", ["admin", "public"])
}

test_nothing_is_under_an_empty_prefix if {
	not paths.under("/", ["public"])
	not paths.under([], ["public"])
}
