# METADATA
# title: Risk
# description: What a pull request is, apart from what it releases.
package sluice.risk

import data.sluice.words

# METADATA
# title: FILES_INCOMPLETE
# description: Not all changed files could be listed, so nobody knows what it touches.
deny contains {
	"code": "FILES_INCOMPLETE",
	"msg": concat("", ["only ", words.whole(input.pullRequest.files), " changed files could be listed: split the pull request"]),
	"evidence": {"files": input.pullRequest.files},
} if {
	input.pullRequest.complete == false
}

# METADATA
# title: DECLARATION_INVALID
# description: After the merge there would be no valid declaration, or no valid desired state.
deny contains {
	"code": "DECLARATION_INVALID",
	"msg": problem,
	"evidence": {},
} if {
	some problem in input.declaration.problems
}

# METADATA
# title: RELAXED_WHILE_SPENT
# description: An objective is lowered while its budget is spent, which would hide the burn, not end it.
deny contains {
	"code": "RELAXED_WHILE_SPENT",
	"msg": concat("", [
		relaxed.slo, " would be relaxed (", relaxed.what, ") while ", words.percent(slo.left),
		" of its budget is left in ", slo.environment,
	]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": {"left": slo.left, "from": relaxed.from, "to": relaxed.to},
} if {
	some [relaxed, slo] in relaxed_slos
	is_number(slo.left)
	slo.left <= input.settings.budget.block
}

# METADATA
# title: RELAXED
# description: An objective is lowered; said, so that a reviewer sees it.
warn contains {
	"code": "RELAXED",
	"msg": concat("", [relaxed.slo, " is relaxed: ", relaxed.what]),
	"evidence": {"from": relaxed.from, "to": relaxed.to},
} if {
	some relaxed in input.declaration.relaxed
}

relaxed_slos contains [relaxed, slo] if {
	some relaxed in input.declaration.relaxed
	some slo in input.slos
	slo.slo == relaxed.slo
	slo.environment == relaxed.environment
}

# METADATA
# title: TOO_MANY_SERVICES
# description: One pull request releases more services into one environment than is declared.
deny contains {
	"code": "TOO_MANY_SERVICES",
	"msg": concat("", [
		words.whole(count(services)), " services would be released into ", environment, " at once; ",
		words.whole(input.settings.risk.maxServices), " are allowed",
	]),
	"environment": environment,
	"evidence": {"services": services, "allowed": input.settings.risk.maxServices},
} if {
	some environment, services in released
	count(services) > input.settings.risk.maxServices
}

released[environment] := services if {
	some change in input.changes
	environment := change.environment
	services := sort({c.service | some c in input.changes; c.environment == environment; c.kind in {"release", "first"}})
}

# METADATA
# title: JUDGED_BY_BASE
# description: It edits the policy, the declaration or a workflow, all of which were taken from the base branch.
warn contains {
	"code": "JUDGED_BY_BASE",
	"msg": "this pull request edits what it is judged by; the base branch's version decided",
	"evidence": {"paths": input.pullRequest.rulesTouched},
} if {
	count(input.pullRequest.rulesTouched) > 0
}
