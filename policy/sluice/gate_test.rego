package sluice.gate_test

import data.sluice.fixture
import data.sluice.gate

decide(f) := decision if {
	decision := gate.decision with input as f
}

spent := fixture.with_slo({"left": -0.25})

test_allowed if {
	d := decide(fixture.facts)
	d.allow
	d.deny == []
	d.recorded == []
}

test_denied_with_a_page if {
	d := decide(spent)
	not d.allow
	d.deny[0].code == "BUDGET_EXHAUSTED"
	d.deny[0].docs == "docs/policy.md#budget_exhausted"
}

test_nothing_known_is_denied if {
	d := decide({})
	not d.allow
	d.warn == []
}

test_incomplete_facts_cannot_be_waived if {
	d := decide(fixture.with_waiver(object.remove(fixture.facts, ["slos"]), {}))
	not d.allow
	d.waiversUsed == []
}

test_a_waiver_lets_through_on_record if {
	d := decide(fixture.with_waiver(spent, {}))
	d.allow
	d.waiversUsed == ["w1"]
	d.recorded[0].code == "BUDGET_EXHAUSTED"
	d.recorded[0].by == ["w1"]
}

test_an_expired_waiver_does_not if {
	d := decide(fixture.with_waiver(spent, {"expiresAt": fixture.now}))
	not d.allow
	d.warn[0].code == "WAIVER_EXPIRED"
}

test_a_label_lets_through_on_record if {
	d := decide(fixture.with_label(spent, "security"))
	d.allow
	d.recorded[0].by == ["security"]
	d.waiversUsed == []
}

test_a_revert_passes_a_freeze_and_a_spent_budget if {
	f := object.union(spent, {"freezes": [fixture.freeze], "changes": [object.union(fixture.change, {"kind": "revert"})]})
	d := decide(f)
	d.allow
	d.recorded[0].code == "REVERT"
	d.recorded[0].by == ["revert"]
}

test_a_team_denies_too if {
	d := decide(object.union(fixture.facts, {"team": [{"code": "NO_FRIDAY", "msg": "not on Fridays"}]}))
	not d.allow
	d.deny[0].code == "NO_FRIDAY"
	d.deny[0].evidence == {}
}
