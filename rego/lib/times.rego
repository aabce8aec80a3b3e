# METADATA
# title: Times
# description: |
#   Windows of time, for a moment in nanoseconds since 1970. Take the moment of the request,
#   `times.of(input.attributes.request.time)`: a decision that reads the clock cannot be made again from its record.
package postern.lib.times

# METADATA
# title: of(timestamp)
# description: |
#   The nanoseconds of a timestamp as it is in the input, where a part that is zero is left out.
of(timestamp) := (object.get(timestamp, "seconds", 0) * 1000000000) + object.get(timestamp, "nanos", 0) if {
	is_object(timestamp)
}

# METADATA
# title: between(now, from, to)
# description: |
#   Whether a moment lies between two times in RFC 3339, the first included and the second not.
between(now, from, to) if {
	now >= time.parse_rfc3339_ns(from)
	now < time.parse_rfc3339_ns(to)
}

# METADATA
# title: within(now, window)
# description: |
#   Whether a moment lies in a weekly window: `{"days": ["Monday", "Friday"], "from": "08:00", "to": "18:00", "zone":
#   "Europe/Zurich"}`. The end is not part of it and may be `24:00`. A window whose end is before its start goes over
#   midnight, and belongs to the day on which it starts. Without `days` it is every day's.
# scope: document
within(now, window) if {
	is_window(window)
	window.from < window.to
	clock := time.format([now, window.zone, "15:04"])
	clock >= window.from
	clock < window.to
	opens(window, time.weekday([now, window.zone]))
}

within(now, window) if {
	is_window(window)
	window.from > window.to
	time.format([now, window.zone, "15:04"]) >= window.from
	opens(window, time.weekday([now, window.zone]))
}

within(now, window) if {
	is_window(window)
	window.from > window.to
	time.format([now, window.zone, "15:04"]) < window.to
	opens(window, day_before[time.weekday([now, window.zone])])
}

# METADATA
# title: Whether a window can be read
# description: |
#   Its ends are times of day, its zone has a name.
is_window(window) if {
	every end in [window.from, window.to] {
		regex.match(`^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`, end)
	}

	is_zone(window.zone)
}

# METADATA
# title: Names of zones that mean the same everywhere
# description: |
#   `""` would be UTC, and `Local` the zone of the machine.
# scope: document
is_zone("UTC")

is_zone(zone) if contains(zone, "/")

# METADATA
# title: Whether a window opens on a day
# description: |
#   On each, where it names none.
# scope: document
opens(window, day) if day in window.days

opens(window, day) if {
	not has_days(window)
	day_before[day]
}

# METADATA
# title: Whether a window names its days
# description: |
#   Even badly: a list that is none must not mean every day.
has_days(window) if "days" in object.keys(window)

# METADATA
# title: The day before each day
# description: |
#   As `time.weekday` names them.
day_before := {
	"Monday": "Sunday",
	"Tuesday": "Monday",
	"Wednesday": "Tuesday",
	"Thursday": "Wednesday",
	"Friday": "Thursday",
	"Saturday": "Friday",
	"Sunday": "Saturday",
}
