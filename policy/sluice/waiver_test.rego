package sluice.waiver_test

import data.sluice.fixture
import data.sluice.waiver

spent := {"code": "BUDGET_EXHAUSTED", "service": "checkout", "environment": "prod"}

lets(more) := ids if {
	ids := waiver.letting(spent) with input as fixture.with_waiver(fixture.facts, more)
}

test_a_waiver_lets_through if lets({}) == {"w1"}

test_by_code if {
	lets({"codes": ["BUDGET_EXHAUSTED"]}) == {"w1"}
	lets({"codes": ["FROZEN"]}) == set()
}

test_bound_to_one_pull_request if {
	lets({"boundTo": 7}) == {"w1"}
	lets({"boundTo": 8}) == set()
}

test_what_does_not_hold if {
	lets({"approved": false}) == set()
	lets({"reason": "  "}) == set()
	lets({"expiresAt": fixture.now}) == set()
	lets({"since": fixture.now + 1}) == set()
	lets({"expiresAt": fixture.now + 86400001}) == set()
	lets({"scope": {"environment": "stage", "service": "*"}}) == set()
}

test_integrity_is_not_waived if {
	d := object.union(spent, {"code": "FILES_INCOMPLETE"})
	waiver.letting(d) == set() with input as fixture.with_waiver(fixture.facts, {})
}

test_why_it_does_not_hold_is_said if {
	fixture.codes(waiver.warn) == {"WAIVER_EXPIRED"} with input as fixture.with_waiver(fixture.facts, {"expiresAt": fixture.now})
	fixture.codes(waiver.warn) == {"WAIVER_PENDING"} with input as fixture.with_waiver(fixture.facts, {"approved": false})
}
