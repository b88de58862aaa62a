package sluice.history_test

import data.sluice.fixture
import data.sluice.history

test_a_clean_history_is_allowed if count(history.deny) == 0 with input as fixture.facts

test_a_rejected_digest_is_refused if {
	rejected := {"digest": "sha256:b", "environment": "stage", "release": "checkout.stage.3", "reason": "HARM_SHOWN"}
	f := fixture.with_lane({"rejected": [rejected]})
	some d in history.deny with input as f
	d.code == "REJECTED_DIGEST"
	d.msg == "checkout 1.1.0 was rejected in stage (checkout.stage.3: HARM_SHOWN)"
	stage := object.union(fixture.lane, {"environment": "stage", "rejected": [rejected]})
	count(history.deny) == 0 with input as object.union(fixture.facts, {"lanes": [fixture.lane, stage]})
}

test_it_has_to_be_stable_before if {
	f := fixture.with_lane({"previous": "stage"})
	fixture.codes(history.deny) == {"NOT_STABLE_BEFORE"} with input as f
	g := fixture.with_lane({"previous": "stage", "stableBefore": ["sha256:b"]})
	count(history.deny) == 0 with input as g
}

test_whatever_is_new_has_to_be_stable_before if {
	some kind in {"first", "release", "config"}
	f := object.union(fixture.with_change({"kind": kind}), {"lanes": [object.union(fixture.lane, {"previous": "stage"})]})
	fixture.codes(history.deny) == {"NOT_STABLE_BEFORE"} with input as f
}

test_a_revert_has_been_stable_here if {
	f := object.union(fixture.with_change({"kind": "revert"}), {"lanes": [object.union(fixture.lane, {"previous": "stage"})]})
	count(history.deny) == 0 with input as f
}

test_too_many_failures_need_a_person if {
	fixture.codes(history.deny) == {"TOO_MANY_FAILED"} with input as fixture.with_lane({"failed": 3})
	count(history.deny) == 0 with input as fixture.with_lane({"failed": 2})
}

test_a_release_under_way_is_said if {
	f := fixture.with_lane({"state": "Canary"})
	count(history.deny) == 0 with input as f
	fixture.codes(history.warn) == {"RELEASE_UNDER_WAY"} with input as f
}

test_without_a_ledger_it_says_so if {
	fixture.codes(history.warn) == {"HISTORY_UNKNOWN"} with input as fixture.with_lane({"state": "unknown"})
}
