package sluice.exempt_test

import data.sluice.exempt
import data.sluice.fixture

frozen := {"code": "FROZEN"}

test_declared_labels_let_through if {
	exempt.letting(frozen) == {"security"} with input as fixture.with_label(fixture.facts, "security")
	exempt.letting(frozen) == {"emergency"} with input as fixture.with_label(fixture.facts, "emergency")
}

test_other_labels_do_not if exempt.letting(frozen) == set() with input as fixture.with_label(fixture.facts, "urgent")

test_no_data_is_not_exempt if {
	exempt.letting({"code": "BUDGET_UNKNOWN"}) == set() with input as fixture.with_label(fixture.facts, "security")
}

test_reverts_are_on_record if {
	fixture.codes(exempt.passes) == {"REVERT"} with input as fixture.with_change({"kind": "revert"})
	count(exempt.passes) == 0 with input as fixture.facts
}
