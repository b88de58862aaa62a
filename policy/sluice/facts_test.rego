package sluice.facts_test

import data.sluice.facts
import data.sluice.fixture

test_whole_facts_are_allowed if count(facts.deny) == 0 with input as fixture.facts

test_no_facts_at_all if {
	"INPUT_MISSING" in fixture.codes(facts.deny) with input as {}
	"INPUT_INVALID" in fixture.codes(facts.deny) with input as []
}

test_each_field_is_missed if {
	every name in object.keys(fixture.facts) {
		fixture.codes(facts.deny) & {"INPUT_MISSING"} == {"INPUT_MISSING"} with input as object.remove(fixture.facts, [name])
	}
}

test_each_field_of_a_part_is_missed if {
	every name in {"service", "environment", "slo", "left", "requests", "coverage", "fast", "slow", "thresholds", "error"} {
		f := object.union(fixture.facts, {"slos": [object.remove(fixture.slo, [name])]})
		"INPUT_MISSING" in fixture.codes(facts.deny) with input as f
	}
	every name in {"id", "kind", "scope", "since", "until", "reason", "by"} {
		f := object.union(fixture.facts, {"freezes": [object.remove(fixture.freeze, [name])]})
		"INPUT_MISSING" in fixture.codes(facts.deny) with input as f
	}
	every name in {"id", "scope", "codes", "reason", "since", "expiresAt", "approved", "boundTo"} {
		f := object.union(fixture.facts, {"waivers": [object.remove(fixture.waiver, [name])]})
		"INPUT_MISSING" in fixture.codes(facts.deny) with input as f
	}
}

with_relaxed(item) := object.union(fixture.facts, {"declaration": {"problems": [], "relaxed": [item]}})

test_each_field_of_what_is_relaxed_is_missed if {
	whole := {
		"path": "policy.block", "slo": "*", "service": "*", "environment": "*", "what": "0.1 → 0", "from": 0.1, "to": 0,
	}
	count(facts.deny) == 0 with input as with_relaxed(whole)
	every name in object.keys(whole) {
		fixture.codes(facts.deny) == {"INPUT_MISSING"} with input as with_relaxed(object.remove(whole, [name]))
	}
	fixture.codes(facts.deny) == {"INPUT_INVALID"} with input as with_relaxed(object.union(whole, {"environment": 1}))
}

test_wrong_types if {
	fixture.codes(facts.deny) == {"INPUT_INVALID"} with input as fixture.with_slo({"left": "plenty"})
	"INPUT_INVALID" in fixture.codes(facts.deny) with input as object.union(fixture.facts, {"changes": ["checkout"]})
	fixture.codes(facts.deny) == {"INPUT_INVALID"} with input as object.union(fixture.facts, {"schema": "sluice.dev/gate-input/v9"})
}

test_a_change_of_no_kind if {
	fixture.codes(facts.deny) == {"INPUT_INVALID"} with input as fixture.with_change({"kind": "magic"})
}

test_a_release_of_nothing if {
	f := object.union(fixture.facts, {"changes": [object.remove(fixture.change, ["to"])]})
	fixture.codes(facts.deny) == {"INPUT_INVALID"} with input as f
}

test_an_error_without_a_code if {
	fixture.codes(facts.deny) == {"INPUT_MISSING"} with input as fixture.with_slo({"error": {"message": "?"}})
}

test_objectives_that_were_not_looked_up if {
	fixture.codes(facts.deny) == {"SLO_MISSING"} with input as object.union(fixture.facts, {"slos": []})
}

test_a_lane_that_was_not_looked_up if {
	fixture.codes(facts.deny) == {"LANE_MISSING"} with input as object.union(fixture.facts, {"lanes": []})
}

test_a_declaration_has_no_lane if {
	f := object.union(fixture.facts, {"lanes": [], "slos": [], "changes": [object.union(fixture.change, {"kind": "declaration"})]})
	count(facts.deny) == 0 with input as f
}
