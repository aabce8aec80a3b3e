# METADATA
# title: Paths
# description: |
#   Templates for `input.parsed_path`. Segments are compared to the letter; what could be read in two ways never gets
#   here, for Postern refuses it before the policy runs.
package postern.lib.paths

# METADATA
# title: match(template, path)
# description: |
#   The parameters of a path that a template describes, as an object (`{}` where the template names none); undefined
#   where it does not describe the path. A template is a list of segments, `["people", "{id}"]`, or a text,
#   `"/people/{id}"`. `{name}` stands for one segment that is not empty, `*` for one without a name, and `{name...}` at
#   the end for all that is left, one segment or more, as a list. A name stands once.
# scope: document
match(template, path) := named(parts, path) if {
	parts := segments(template)
	not takes_rest(parts)
	count(parts) == count(path)
	fits_all(parts, path)
}

match(template, path) := object.union(named(parts, path), {rest_name(last): array.slice(path, at, count(path))}) if {
	all_parts := segments(template)
	takes_rest(all_parts)
	at := count(all_parts) - 1
	last := all_parts[at]
	parts := array.slice(all_parts, 0, at)
	count(path) > at
	path[at] != ""
	fits_all(parts, path)
	not rest_name(last) in names(parts)
}

# METADATA
# title: under(prefix, path)
# description: |
#   Whether a path begins with the segments of a prefix, a list or a text: `/public` covers `/public` and
#   `/public/logo.png`, and not `/publicity`.
under(prefix, path) if {
	parts := [part | some part in segments(prefix); part != ""]
	count(parts) > 0
	array.slice(path, 0, count(parts)) == parts
}

# METADATA
# title: Segments of a template
# description: |
#   A list as it is, a text split at its slashes.
# scope: document
segments(template) := template if is_array(template)

segments(template) := split(trim_prefix(template, "/"), "/") if is_string(template)

# METADATA
# title: Whether the last part takes what is left
# description: |
#   It is written `{name...}`.
takes_rest(parts) if rest_name(parts[count(parts) - 1])

# METADATA
# title: Whether parts and segments agree, one by one
# description: |
#   No name may stand twice: of two values one would win.
fits_all(parts, path) if {
	count(names(parts)) == count([part | some part in parts; name(part)])
	every i, part in parts {
		fits(part, path[i])
	}
}

# METADATA
# title: Whether a part stands for a segment
# description: |
#   A wildcard for any that is not empty, anything else for itself.
# scope: document
fits(part, segment) if {
	wildcard(part)
	segment != ""
}

fits(part, segment) if {
	not wildcard(part)
	not rest_name(part)
	part == segment
}

# METADATA
# title: Parts that stand for any segment
# description: |
#   `*`, and `{name}`.
# scope: document
wildcard("*")

wildcard(part) if name(part)

# METADATA
# title: The named parts and what they stand for
# description: |
#   An object from name to segment.
named(parts, path) := {name(part): path[i] | some i, part in parts}

# METADATA
# title: Names of parts
# description: |
#   As a set; parts without a name give none.
names(parts) := {name(part) | some part in parts}

# METADATA
# title: Name of a part
# description: |
#   Of `{name}`; undefined for every other part.
name(part) := text if {
	text := inside(part)
	not endswith(text, "...")
}

# METADATA
# title: Name of a part for what is left
# description: |
#   Of `{name...}`; undefined for every other part.
rest_name(part) := text if {
	whole := inside(part)
	endswith(whole, "...")
	text := trim_suffix(whole, "...")
	text != ""
}

# METADATA
# title: What stands between braces
# description: |
#   Undefined where there is nothing, or no braces.
inside(part) := text if {
	startswith(part, "{")
	endswith(part, "}")
	text := substring(part, 1, count(part) - 2)
	text != ""
}
