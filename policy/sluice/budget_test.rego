package sluice.budget_test

import data.sluice.budget
import data.sluice.facts
import data.sluice.fixture

test_enough_budget_is_allowed if count(budget.deny) == 0 with input as fixture.facts

test_spent_is_denied_with_numbers if {
	some d in budget.deny with input as fixture.with_slo({"left": -0.25, "bad": 125})
	d.code == "BUDGET_EXHAUSTED"
	d.msg == "the error budget of checkout-availability in prod is spent: overspent by 25.0%, 125 bad of 100000 requests"
	d.evidence.left == -0.25
}

test_exactly_at_the_block_is_denied if {
	fixture.codes(budget.deny) == {"BUDGET_EXHAUSTED"} with input as fixture.with_slo({"left": 0})
}

test_spent_over_many_requests_counts_however_young if {
	fixture.codes(budget.deny) == {"BUDGET_EXHAUSTED"} with input as fixture.with_slo({"left": -1, "coverage": 0.01})
}

test_spent_over_too_little_is_said_only if {
	f := fixture.with_slo({"left": -1, "coverage": 0.01, "requests": 50})
	count(budget.deny) == 0 with input as f
	fixture.codes(budget.warn) == {"BUDGET_YOUNG"} with input as f
}

test_no_data_is_denied if {
	fixture.codes(budget.deny) == {"BUDGET_UNKNOWN"} with input as fixture.with_slo({"left": null})
}

test_a_source_that_fails_is_denied_with_its_code if {
	f := fixture.with_slo({"left": null, "error": {"code": "SOURCE_UNAVAILABLE", "message": "refused"}})
	fixture.codes(budget.deny) == {"SOURCE_UNAVAILABLE"} with input as f
}

test_low_is_said if {
	f := fixture.with_slo({"left": 0.05})
	count(budget.deny) == 0 with input as f
	fixture.codes(budget.warn) == {"BUDGET_LOW"} with input as f
}

test_a_revert_spends_nothing if {
	f := object.union(fixture.with_slo({"left": -1}), {"changes": [object.union(fixture.change, {"kind": "revert"})]})
	count(budget.deny) == 0 with input as f
}

test_spent_with_counts_that_are_unknown_is_still_denied if {
	f := fixture.with_slo({"left": -1, "bad": null, "requests": null})
	fixture.codes(budget.deny) == {"BUDGET_EXHAUSTED"} with input as f
}

test_where_no_budget_holds_it_is_not_asked_for if {
	base := fixture.with_slo({"left": -1, "fast": null})
	f := object.union(base, {"slos": [], "settings": {"budget": {"notIn": ["prod"]}}})
	count(budget.deny) == 0 with input as f
	count(facts.deny) == 0 with input as f
	other := object.union(base, {"slos": [], "settings": {"budget": {"notIn": ["dev"]}}})
	fixture.codes(facts.deny) == {"SLO_MISSING"} with input as other
}
