# METADATA
# title: Risk
# description: Properties of the pull request itself.
package sluice.risk

import data.sluice.scope
import data.sluice.words

# METADATA
# title: FILES_INCOMPLETE
# description: Not all changed files could be listed, so the affected lanes are unknown.
deny contains {
	"code": "FILES_INCOMPLETE",
	"msg": concat("", ["only ", words.whole(input.pullRequest.files), " changed files could be listed: split the pull request"]),
	"evidence": {"files": input.pullRequest.files},
} if {
	input.pullRequest.complete == false
}

# METADATA
# title: DECLARATION_INVALID
# description: After the merge, the declaration or the desired state would be invalid.
deny contains {
	"code": "DECLARATION_INVALID",
	"msg": problem,
	"evidence": {},
} if {
	some problem in input.declaration.problems
}

# METADATA
# title: RELAXED_WHILE_SPENT
# description: A setting would be less strict than before, or is not known to be as strict, while an error budget that it affects is spent. That would hide the problem instead of fixing it.
deny contains {
	"code": "RELAXED_WHILE_SPENT",
	"msg": concat("", [
		summary(relaxed), " would be relaxed while the error budget of ", slo.slo,
		" in ", slo.environment, " is at its limit: ", words.remaining(slo.left),
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
# description: A setting would be less strict than before, or is not known to be as strict; both values are shown to reviewers.
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
# description: The first of them with both values, and the number of the others.
summary(relaxed) := concat("", [relaxed[0].path, " (", relaxed[0].what, ")"]) if count(relaxed) == 1

summary(relaxed) := concat("", [
	relaxed[0].path, " (", relaxed[0].what, ") and ", words.whole(count(relaxed) - 1), " more",
]) if {
	count(relaxed) > 1
}

# METADATA
# title: TOO_MANY_SERVICES
# description: The pull request releases more services into one environment than the declared limit.
deny contains {
	"code": "TOO_MANY_SERVICES",
	"msg": concat("", [
		words.whole(count(services)), " services would be released into ", environment, " at once; ",
		words.whole(input.settings.risk.maxServices), " are allowed",
	]),
	"environment": environment,
	"evidence": {"services": sort(services), "allowed": input.settings.risk.maxServices},
} if {
	some environment, services in released
	count(services) > input.settings.risk.maxServices
}

released[change.environment] contains change.service if {
	some change in input.changes
	change.kind in {"release", "first"}
}

# METADATA
# title: JUDGED_BY_BASE
# description: The pull request edits the policy, the declaration or a workflow; the decision used those of the base branch.
warn contains {
	"code": "JUDGED_BY_BASE",
	"msg": "this pull request edits the rules that judge it; the decision used those of the base branch",
	"evidence": {"paths": input.pullRequest.rulesTouched},
} if {
	count(input.pullRequest.rulesTouched) > 0
}
