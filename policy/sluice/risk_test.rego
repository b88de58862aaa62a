package sluice.risk_test

import data.sluice.fixture
import data.sluice.risk

item(more) := object.union(
	{
		"path": "slos[checkout-availability].objective", "slo": "checkout-availability", "service": "*", "environment": "*",
		"what": "0.999 → 0.99", "from": 0.999, "to": 0.99,
	},
	more,
)

relaxing(items) := object.union(fixture.facts, {"declaration": {"problems": [], "relaxed": items}})

spent(items) := object.union(fixture.with_slo({"left": -0.5}), {"declaration": {"problems": [], "relaxed": items}})

test_an_ordinary_one_is_allowed if count(risk.deny) == 0 with input as fixture.facts

test_files_that_could_not_be_listed if {
	f := object.union(fixture.facts, {"pullRequest": {"complete": false, "files": 3000}})
	fixture.codes(risk.deny) == {"FILES_INCOMPLETE"} with input as f
}

test_an_invalid_declaration if {
	f := object.union(fixture.facts, {"declaration": {"problems": ["slos.yaml:3: unknown field"]}})
	some d in risk.deny with input as f
	d.code == "DECLARATION_INVALID"
	d.msg == "slos.yaml:3: unknown field"
}

test_relaxing_is_said_and_refused_while_spent if {
	f := relaxing([item({})])
	count(risk.deny) == 0 with input as f
	some w in risk.warn with input as f
	w.code == "RELAXED"
	w.msg == "slos[checkout-availability].objective is relaxed: 0.999 → 0.99"
	some d in risk.deny with input as spent([item({})])
	d.code == "RELAXED_WHILE_SPENT"
	d.msg == concat("", [
		"slos[checkout-availability].objective (0.999 → 0.99) would be relaxed while the error budget of ",
		"checkout-availability in prod is at its limit: overspent by 50.0%",
	])
}

test_what_concerns_everybody_is_refused_while_any_budget_is_spent if {
	all := item({"path": "policy.waiver.secondPerson", "slo": "*", "what": "true → false", "from": true, "to": false})
	fixture.codes(risk.deny) == {"RELAXED_WHILE_SPENT"} with input as spent([all])
	some d in risk.deny with input as spent([all, item({})])
	d.msg == concat("", [
		"policy.waiver.secondPerson (true → false) and 1 more would be relaxed while the error budget of ",
		"checkout-availability in prod is at its limit: overspent by 50.0%",
	])
	count(d.evidence.relaxed) == 2
}

test_what_concerns_others_is_not_refused if {
	count(risk.deny) == 0 with input as spent([item({"slo": "cart-availability"})])
	count(risk.deny) == 0 with input as spent([item({"slo": "*", "environment": "stage"})])
	count(risk.deny) == 0 with input as spent([item({"slo": "*", "service": "cart"})])
	fixture.codes(risk.deny) == {"RELAXED_WHILE_SPENT"} with input as spent([item({"slo": "*", "service": "checkout"})])
}

test_many_services_at_once if {
	three := [object.union(fixture.change, {"service": s}) | some s in ["cart", "checkout", "payment"]]
	f := object.union(fixture.facts, {"changes": three})
	fixture.codes(risk.deny) == {"TOO_MANY_SERVICES"} with input as f
	two := object.union(fixture.facts, {"changes": array.slice(three, 0, 2)})
	count(risk.deny) == 0 with input as two
}

test_editing_the_rules_is_said if {
	f := object.union(fixture.facts, {"pullRequest": {"rulesTouched": ["policy/gate.rego"]}})
	fixture.codes(risk.warn) == {"JUDGED_BY_BASE"} with input as f
}
