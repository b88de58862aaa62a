package sluice.team

# METADATA
# title: NO_FRIDAY
# description: Nothing is released on Fridays, UTC.
deny contains {"code": "NO_FRIDAY", "msg": "nothing is released on Fridays"} if {
	# The first of January 1970 was a Thursday.
	((floor(input.now / 86400000) + 4) % 7) == 5
	some change in input.changes
	change.kind == "release"
}
