# METADATA
# title: Roles
# description: |
#   Who may do what, as a table from roles to grants. Roles count for an authenticated caller alone.
package postern.lib.roles

# METADATA
# title: held(identity)
# description: |
#   The roles of `input.identity`, as a set; empty for a caller who is not authenticated or has none.
held(identity) := {role | some role in identity.roles} if {
	identity.authenticated == true
} else := set()

# METADATA
# title: any(identity, wanted)
# description: |
#   Whether the caller holds at least one of the wanted roles, a list or a set.
any(identity, wanted) if {
	some role in wanted
	role in held(identity)
}

# METADATA
# title: all(identity, wanted)
# description: |
#   Whether the caller holds each of the wanted roles, and at least one is wanted.
all(identity, wanted) if {
	count(wanted) > 0
	every role in wanted {
		role in held(identity)
	}
}

# METADATA
# title: inherited(parents, roles)
# description: |
#   The given roles, and every role that they come with: `parents` leads from a role to those that it includes. Circles
#   do no harm.
inherited(parents, roles) := graph.reachable(complete, roles) if {
	# A node that is no key of the graph would not be reached.
	mentioned := {role | some included in parents; some role in included}
	nodes := (object.keys(parents) | mentioned) | {role | some role in roles}
	complete := {node: object.get(parents, node, []) | some node in nodes}
}

# METADATA
# title: granted(table, roles)
# description: |
#   The grants of all these roles together, as a set. `table` leads from a role to its grants, a list or a set of
#   anything: names, objects, pairs of method and path.
granted(table, roles) := {grant | some role in roles; some grant in table[role]}
