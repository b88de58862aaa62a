package sluice.burn_test

import data.sluice.burn
import data.sluice.fixture

test_calm_is_allowed if count(burn.deny) == 0 with input as fixture.facts

test_both_windows_deny if {
	some d in burn.deny with input as fixture.with_slo({"fast": 14, "slow": 3})
	d.code == "BURNING"
	d.msg == "checkout-availability in prod burns its budget at 14.0 times the sustainable rate (threshold 14.0)"
}

test_one_window_alone_does_not if {
	count(burn.deny) == 0 with input as fixture.with_slo({"fast": 20, "slow": 2.9})
	count(burn.deny) == 0 with input as fixture.with_slo({"fast": 13.9, "slow": 10})
}

test_a_single_declared_window_decides if {
	f := fixture.with_slo({"fast": 14, "slow": null, "thresholds": {"fast": 14, "slow": null}})
	fixture.codes(burn.deny) == {"BURNING"} with input as f
}

test_a_window_without_data_denies if {
	fixture.codes(burn.deny) == {"BURN_UNKNOWN"} with input as fixture.with_slo({"fast": null})
	fixture.codes(burn.deny) == {"BURN_UNKNOWN"} with input as fixture.with_slo({"slow": null})
}

test_a_source_that_fails_is_left_to_the_budget if {
	f := fixture.with_slo({"fast": null, "error": {"code": "SOURCE_UNAVAILABLE", "message": "refused"}})
	count(burn.deny) == 0 with input as f
}
