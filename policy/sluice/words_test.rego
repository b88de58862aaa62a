package sluice.words_test

import data.sluice.words

test_numbers_as_people_read_them if {
	words.percent(0.9991) == "99.9%"
	words.percent(-1.25) == "-125.0%"
	words.times(14.44) == "14.4 times"
	words.whole(99.6) == "100"
}

test_what_is_no_number_is_said_and_hides_nothing if {
	words.percent(null) == "an unknown share"
	words.whole("x") == "an unknown number of"
}

test_what_remains_of_a_budget if {
	words.remaining(0.12) == "12.0% remaining"
	words.remaining(0) == "0.0% remaining"
	words.remaining(-2.06) == "overspent by 206.0%"
	words.remaining(null) == "an unknown share remaining"
}

test_spans if {
	words.span(300000) == "5 min"
	words.span(9000000) == "2.5 h"
}

test_places if words.place({"service": "checkout", "environment": "prod"}) == "checkout in prod"
