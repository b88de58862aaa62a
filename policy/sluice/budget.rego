# METADATA
# title: Error budget
# description: What would spend a budget that is gone does not merge.
package sluice.budget

import data.sluice.scope
import data.sluice.words

# METADATA
# title: BUDGET_EXHAUSTED
# description: At most the declared share of the budget is left, over enough of its window to say so.
deny contains {
	"code": "BUDGET_EXHAUSTED",
	"msg": message(slo),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": evidence(slo),
} if {
	some slo in scope.slos
	slo.error == null
	is_number(slo.left)
	slo.left <= input.settings.budget.block
	enough(slo)
}

# METADATA
# title: BUDGET_UNKNOWN
# description: Prometheus answered and knows no budget. No data is no permission.
deny contains {
	"code": "BUDGET_UNKNOWN",
	"msg": concat("", ["the error budget of ", slo.slo, " in ", slo.environment, " has no data"]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": {"query": slo.query},
} if {
	some slo in scope.slos
	slo.error == null
	not is_number(slo.left)
}

# METADATA
# title: SOURCE_UNAVAILABLE, SOURCE_NONSENSE
# description: Prometheus cannot be reached, or answers what is no answer; the code says which.
deny contains {
	"code": slo.error.code,
	"msg": concat("", ["Prometheus of ", slo.environment, ": ", slo.error.message]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": {"query": slo.query, "error": slo.error.message},
} if {
	some slo in scope.slos
	slo.error != null
}

# METADATA
# title: BUDGET_LOW
# description: Little is left; said, and not refused.
warn contains {
	"code": "BUDGET_LOW",
	"msg": concat("", [words.percent(slo.left), " of the error budget of ", slo.slo, " in ", slo.environment, " is left"]),
	"evidence": evidence(slo),
} if {
	some slo in scope.slos
	slo.error == null
	slo.left > input.settings.budget.block
	slo.left <= input.settings.budget.warn
}

# METADATA
# title: BUDGET_YOUNG
# description: The budget reads as gone over too little of its window to say so.
warn contains {
	"code": "BUDGET_YOUNG",
	"msg": concat("", [
		"the error budget of ", slo.slo, " in ", slo.environment, " reads as gone, over only ",
		words.percent(slo.coverage), " of its window",
	]),
	"evidence": evidence(slo),
} if {
	some slo in scope.slos
	slo.error == null
	is_number(slo.left)
	slo.left <= input.settings.budget.block
	not enough(slo)
}

# METADATA
# description: A budget over so little of its window, or so few requests, refuses nothing.
enough(slo) if slo.coverage >= input.settings.budget.coverage

enough(slo) if slo.requests >= input.settings.budget.requests

message(slo) := concat("", [
	"the error budget of ", slo.slo, " in ", slo.environment, " is spent: ",
	words.percent(slo.left), " left, ", words.whole(slo.bad), " bad of ", words.whole(slo.requests), " requests",
])

evidence(slo) := {
	"left": slo.left,
	"bad": slo.bad,
	"requests": slo.requests,
	"coverage": slo.coverage,
	"objective": slo.objective,
	"query": slo.query,
	"at": slo.at,
}
