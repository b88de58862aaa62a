package sluice.risk_test

import data.sluice.fixture
import data.sluice.risk

relaxing := {"problems": [], "relaxed": [{
	"slo": "checkout-availability", "environment": "prod", "what": "objective 99.9 % to 99 %", "from": 0.999, "to": 0.99,
}]}

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
	f := object.union(fixture.facts, {"declaration": relaxing})
	count(risk.deny) == 0 with input as f
	fixture.codes(risk.warn) == {"RELAXED"} with input as f
	g := object.union(fixture.with_slo({"left": -0.5}), {"declaration": relaxing})
	fixture.codes(risk.deny) == {"RELAXED_WHILE_SPENT"} with input as g
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
