package postern.lib.times_test

import data.postern.lib.times

at(text) := time.parse_rfc3339_ns(text)

office := {"days": ["Monday", "Friday"], "from": "08:00", "to": "18:00", "zone": "Europe/Zurich"}

night := {"days": {"Friday"}, "from": "22:00", "to": "06:00", "zone": "Europe/Zurich"}

test_a_timestamp_has_no_parts_that_are_zero if {
	times.of({"seconds": 2, "nanos": 5}) == 2000000005
	times.of({"seconds": 2}) == 2000000000
	times.of({"nanos": 5}) == 5
	times.of({}) == 0
	not times.of("2026-01-01T00:00:00Z")
}

test_between if {
	times.between(at("2026-03-01T00:00:00Z"), "2026-03-01T00:00:00Z", "2026-04-01T00:00:00+02:00")
	not times.between(at("2026-02-28T23:59:59Z"), "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
	not times.between(at("2026-03-31T22:00:00Z"), "2026-03-01T00:00:00Z", "2026-04-01T00:00:00+02:00")
	not times.between(at("2026-03-31T22:00:00Z"), "March", "2026-04-01T00:00:00+02:00")
}

# 6 March 2026 is a Friday; Zurich is an hour ahead of UTC.
test_within_a_day if {
	times.within(at("2026-03-06T07:00:00Z"), office)
	times.within(at("2026-03-06T16:59:59Z"), office)
	not times.within(at("2026-03-06T06:59:59Z"), office)
	not times.within(at("2026-03-06T17:00:00Z"), office)
	not times.within(at("2026-03-05T12:00:00Z"), office)
}

test_summer_time_is_the_zone_s_business if {
	times.within(at("2026-07-03T06:00:00Z"), office)
	not times.within(at("2026-07-03T16:00:00Z"), office)
}

test_over_midnight_the_first_day_counts if {
	times.within(at("2026-03-06T21:00:00Z"), night)
	times.within(at("2026-03-07T04:59:59Z"), night)
	not times.within(at("2026-03-07T05:00:00Z"), night)
	not times.within(at("2026-03-06T20:59:59Z"), night)
	not times.within(at("2026-03-06T04:00:00Z"), night)
	not times.within(at("2026-03-07T21:00:00Z"), night)
}

test_without_days_it_is_every_day_s if {
	daily := object.remove(office, ["days"])
	times.within(at("2026-03-05T12:00:00Z"), daily)
	times.within(at("2026-03-08T12:00:00Z"), daily)
	not times.within(at("2026-03-08T18:00:00Z"), daily)
}

test_a_day_ends_at_twenty_four if {
	whole := {"from": "00:00", "to": "24:00", "zone": "UTC"}
	times.within(at("2026-03-05T00:00:00Z"), whole)
	times.within(at("2026-03-05T23:59:59.999Z"), whole)
}

test_a_window_that_is_none_is_never_open if {
	every wrong in [
		{"from": "8:00"},
		{"to": "18"},
		{"from": "25:00"},
		{"from": "18:00"},
		{"zone": "Local"},
		{"zone": ""},
		{"zone": "Europe/Nowhere"},
		{"days": []},
		{"days": ["Fri"]},
		{"days": null},
	] {
		not times.within(at("2026-03-06T12:00:00Z"), object.union(office, wrong))
	}
	not times.within(at("2026-03-06T12:00:00Z"), object.remove(office, ["zone"]))
}
