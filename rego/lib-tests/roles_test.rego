package postern.lib.roles_test

import data.postern.lib.roles

ann := {"authenticated": true, "roles": ["support", "night"]}

table := {"support": ["people.read", "orders.read"], "night": {"alarms.stop"}, "admin": ["*"]}

test_roles_are_held_by_the_authenticated_alone if {
	roles.held(ann) == {"support", "night"}
	roles.held({"authenticated": false, "roles": ["support"]}) == set()
	roles.held({"authenticated": "yes", "roles": ["support"]}) == set()
	roles.held({"roles": ["support"]}) == set()
	roles.held({"authenticated": true}) == set()
	roles.held({}) == set()
}

test_any if {
	roles.any(ann, {"admin", "night"})
	roles.any(ann, ["support"])
	not roles.any(ann, {"admin"})
	not roles.any(ann, [])
	not roles.any({"authenticated": false, "roles": ["night"]}, {"night"})
}

test_all if {
	roles.all(ann, {"support", "night"})
	not roles.all(ann, ["support", "admin"])
	not roles.all(ann, [])
	not roles.all({"authenticated": false, "roles": ["night"]}, {"night"})
}

test_roles_come_with_others if {
	parents := {"admin": ["lead"], "lead": ["support", "night"], "loop": ["loop"]}
	roles.inherited(parents, {"admin"}) == {"admin", "lead", "support", "night"}
	roles.inherited(parents, ["support"]) == {"support"}
	roles.inherited(parents, {"loop", "stranger"}) == {"loop", "stranger"}
	roles.inherited({}, {"a"}) == {"a"}
	roles.inherited(parents, set()) == set()
}

test_grants_of_several_roles_are_united if {
	roles.granted(table, roles.held(ann)) == {"people.read", "orders.read", "alarms.stop"}
	roles.granted(table, {"stranger"}) == set()
	roles.granted(table, []) == set()
}

test_grants_may_be_anything if {
	rows := {"support": [{"method": "GET", "path": "/people/{id}"}]}
	some grant in roles.granted(rows, ["support"])
	grant.method == "GET"
}
