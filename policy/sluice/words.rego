# METADATA
# title: Words
# description: Numbers in readable form, with built-ins that give the same result in every engine.
package sluice.words

# METADATA
# description: A share as a percentage with one decimal. 0.9991 is "99.9%".
percent(share) := concat("", [decimal(share * 100), "%"]) if is_number(share)

percent(share) := "an unknown share" if not is_number(share)

# METADATA
# description: What remains of a budget. 0.12 is "12.0% remaining", -2.06 is "overspent by 206.0%".
remaining(share) := concat("", [percent(share), " remaining"]) if not is_negative(share)

remaining(share) := concat("", ["overspent by ", percent(0 - share)]) if is_negative(share)

is_negative(share) if {
	is_number(share)
	share < 0
}

# METADATA
# description: A multiple with one decimal. 14.44 is "14.4 times".
times(x) := concat("", [decimal(x), " times"])

# METADATA
# description: One decimal, rounded half away from zero.
decimal(x) := concat("", [sign(n), format_int(floor(abs(n) / 10), 10), ".", format_int(abs(n) % 10, 10)]) if {
	n := round(x * 10)
}

sign(n) := "-" if n < 0

sign(n) := "" if n >= 0

# METADATA
# description: A whole number.
whole(x) := format_int(round(x), 10) if is_number(x)

whole(x) := "an unknown number of" if not is_number(x)

# METADATA
# description: A span of milliseconds in minutes, or hours from two on.
span(ms) := concat("", [whole(ms / 60000), " min"]) if ms < 7200000

span(ms) := concat("", [decimal(ms / 3600000), " h"]) if ms >= 7200000

# METADATA
# description: The lane of a change in readable form.
place(x) := concat(" in ", [x.service, x.environment])
