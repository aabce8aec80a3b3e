# METADATA
# title: Scopes
# description: |
#   Scopes of OAuth 2 (RFC 6749, 3.3): words in one text, or a list of them, as `input.identity.scopes` has it. They are
#   compared as whole words: `orders` is not in `orders.read`.
package postern.lib.scopes

# METADATA
# title: of(value)
# description: |
#   The scopes of a text or a list, as a set; undefined for anything else.
# scope: document
of(value) := {word | some word in split(value, " "); word != ""} if is_string(value)

of(value) := {word | some word in value} if is_array(value)

of(value) := value if is_set(value)

# METADATA
# title: has(value, scope)
# description: |
#   Whether a scope is among those of a text or a list.
has(value, scope) if scope in of(value)

# METADATA
# title: any(value, wanted)
# description: |
#   Whether at least one of the wanted scopes is there.
any(value, wanted) if {
	some scope in wanted
	has(value, scope)
}

# METADATA
# title: all(value, wanted)
# description: |
#   Whether each of the wanted scopes is there, and at least one is wanted.
all(value, wanted) if {
	count(wanted) > 0
	every scope in wanted {
		has(value, scope)
	}
}
