package sluice.freeze_test

import data.sluice.fixture
import data.sluice.freeze

frozen(more) := object.union(fixture.facts, {"freezes": [object.union(fixture.freeze, more)]})

test_no_freeze_is_allowed if count(freeze.deny) == 0 with input as fixture.facts

test_a_freeze_in_scope_denies if {
	some d in freeze.deny with input as frozen({})
	d.code == "FROZEN"
	d.msg == "checkout in prod is frozen by ops: quarter end; 10 min remaining"
}

test_without_an_end_it_says_so if {
	some d in freeze.deny with input as frozen({"until": null, "kind": "budget"})
	endswith(d.msg, "; until its cause is gone")
}

test_another_scope_does_not if {
	count(freeze.deny) == 0 with input as frozen({"scope": {"environment": "stage", "service": "*"}})
	count(freeze.deny) == 0 with input as frozen({"scope": {"environment": "*", "service": "cart"}})
}

test_before_and_after_it_does_not if {
	count(freeze.deny) == 0 with input as frozen({"since": fixture.now + 1})
	count(freeze.deny) == 0 with input as frozen({"until": fixture.now})
}

test_a_revert_is_never_frozen if {
	f := object.union(frozen({}), {"changes": [object.union(fixture.change, {"kind": "revert"})]})
	count(freeze.deny) == 0 with input as f
}
