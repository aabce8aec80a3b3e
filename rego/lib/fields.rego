# METADATA
# title: Fields
# description: |
#   Builds directives for `response` out of parts. Order never matters in a directive, so its lists are sets here. What is
#   built of parts that are wrong is undefined, so that the rule around it fails, and never quietly less.
package postern.lib.fields

# METADATA
# title: merge(directives)
# description: |
#   One directive out of those that several rules give, a list or a set. What one of them withholds stays withheld, what
#   one masks stays masked, and the result is closed (has `release`) as soon as one of them is. Of none, nothing is
#   released. Undefined where a directive has a key that cannot be united, `media_types` for example.
merge(directives) := object.union(release, narrowing) if {
	every directive in directives {
		is_plain(directive)
	}
	narrowing := {key: items |
		some key in {"mask", "withhold", "detect"}
		items := united(directives, key)
		count(items) > 0
	}
	release := {"release": united(directives, "release") | is_closed(directives)}
}

# METADATA
# title: masked(selectors, strategy)
# description: |
#   Entries for `mask`: each of the selectors under one strategy, `{"as": "partial", "keep_end": 4}`.
masked(selectors, strategy) := {object.union(strategy, {"select": selector}) | some selector in selectors} if {
	strategy.as
	is_collection(selectors)
}

# METADATA
# title: each(selectors)
# description: |
#   The same selectors for a body that is a list of such objects: `$.name` becomes `$[*].name`. A `class:` covers both
#   as it is.
each(selectors) := {in_list(selector) | some selector in selectors} if {
	every selector in selectors {
		in_list(selector)
	}
}

# METADATA
# title: named(sets, names)
# description: |
#   The selectors of several named sets together; `sets` leads from a name to a list or a set. Undefined where a name
#   leads nowhere.
named(sets, names) := {selector | some name in names; some selector in sets[name]} if {
	every name in names {
		is_collection(sets[name])
	}
}

# METADATA
# title: Items of one list of several directives
# description: |
#   Of `mask`, for example, as a set.
united(directives, key) := {item | some directive in directives; some item in directive[key]}

# METADATA
# title: Whether what is not named will be withheld
# description: |
#   One directive with `release` is enough; so is none at all.
# scope: document
is_closed(directives) if count(directives) == 0

is_closed(directives) if {
	some directive in directives
	directive.release
}

# METADATA
# title: Whether a directive is of parts that can be united
# description: |
#   Lists or sets under the four keys; anything else would be lost.
is_plain(directive) if {
	is_object(directive)
	every key, items in directive {
		key in {"release", "mask", "withhold", "detect"}
		is_collection(items)
	}
}

# METADATA
# title: Whether something is a list or a set
# description: |
#   An object would be gone through by its values.
# scope: document
is_collection(items) if is_array(items)

is_collection(items) if is_set(items)

# METADATA
# title: A selector for the elements of a list
# description: |
#   Undefined for what is no text of a selector.
# scope: document
in_list(selector) := concat("", ["$[*]", substring(selector, 1, -1)]) if startswith(selector, "$")

in_list(selector) := selector if startswith(selector, "class:")
