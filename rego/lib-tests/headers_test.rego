package postern.lib.headers_test

import data.postern.lib.headers

list := [["x-a", "1"], ["x-b", "2"], ["x-a", "3, 4"]]

test_values_keep_repeats_apart if {
	headers.values(list, "x-a") == ["1", "3, 4"]
	headers.values(list, "x-c") == []
	headers.values(list, "X-A") == []
}

test_one_is_one if {
	headers.one(list, "x-b") == "2"
	not headers.one(list, "x-a")
	not headers.one(list, "x-c")
}

test_items if {
	headers.items("gzip, br ,\tdeflate,,") == ["gzip", "br", "deflate"]
	headers.items("") == []
}

test_bearer if {
	headers.bearer("Bearer abc.DEF-_~+/==") == "abc.DEF-_~+/=="
	headers.bearer("bearer  abc") == "abc"
	not headers.bearer("Bearer a b")
	not headers.bearer("Bearer a,b")
	not headers.bearer("Bearer ")
	not headers.bearer("Bearer")
	not headers.bearer("Basic abc")
	not headers.bearer("")
}

test_basic if {
	headers.basic(concat(" ", ["Basic", base64.encode("ann:se:cret")])) == {"user": "ann", "password": "se:cret"}
	headers.basic(concat(" ", ["basic", base64.encode(":")])) == {"user": "", "password": ""}
	not headers.basic(concat(" ", ["Basic", base64.encode("ann")]))
	not headers.basic("Basic ???")
	not headers.basic("Basic")
	not headers.basic(concat(" ", ["Bearer", base64.encode("ann:x")]))
}
