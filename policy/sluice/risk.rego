# METADATA
# title: Risk
# description: What a pull request is, apart from what it releases.
package sluice.risk

import data.sluice.scope
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
# description: A setting would be less strict than before, or is not known to be as strict, while a budget that it concerns is spent. That would hide the burn, not end it.
deny contains {
	"code": "RELAXED_WHILE_SPENT",
	"msg": concat("", [
		summary(relaxed), " would be relaxed while ", words.percent(slo.left),
		" of the error budget of ", slo.slo, " is left in ", slo.environment,
	]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": {"left": slo.left, "relaxed": relaxed},
} if {
	some slo in input.slos
	is_number(slo.left)
	slo.left <= input.settings.budget.block
	relaxed := relaxed_for(slo)
	count(relaxed) > 0
}

# METADATA
# title: RELAXED
# description: A setting would be less strict than before, or is not known to be as strict; said with both values, so that a reviewer sees it.
warn contains {
	"code": "RELAXED",
	"msg": concat("", [relaxed.path, " is relaxed: ", relaxed.what]),
	"evidence": {"path": relaxed.path, "from": relaxed.from, "to": relaxed.to},
} if {
	some relaxed in input.declaration.relaxed
}

# METADATA
# description: What is relaxed and concerns an SLO, in the order of the declaration.
relaxed_for(slo) := [relaxed |
	some relaxed in input.declaration.relaxed
	relaxed.slo in {"*", slo.slo}
	scope.covers(relaxed, slo.environment, slo.service)
]

# METADATA
# description: The first of them with both values, and how many there are beside it.
summary(relaxed) := concat("", [relaxed[0].path, " (", relaxed[0].what, ")"]) if count(relaxed) == 1

summary(relaxed) := concat("", [
	relaxed[0].path, " (", relaxed[0].what, ") and ", words.whole(count(relaxed) - 1), " more",
]) if {
	count(relaxed) > 1
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
