# METADATA
# title: Error budget
# description: A pull request that would spend an exhausted error budget does not merge.
package sluice.budget

import data.sluice.scope
import data.sluice.words

# METADATA
# title: BUDGET_EXHAUSTED
# description: At most the declared share of the error budget remains, and the data covers enough of its window.
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
# description: Prometheus answered, but has no data for the error budget. Missing data denies.
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
# description: Prometheus cannot be reached (SOURCE_UNAVAILABLE), or its answer is invalid (SOURCE_NONSENSE).
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
# description: Little of the error budget remains.
warn contains {
	"code": "BUDGET_LOW",
	"msg": concat("", ["the error budget of ", slo.slo, " in ", slo.environment, " is low: ", words.remaining(slo.left)]),
	"evidence": evidence(slo),
} if {
	some slo in scope.slos
	slo.error == null
	slo.left > input.settings.budget.block
	slo.left <= input.settings.budget.warn
}

# METADATA
# title: BUDGET_YOUNG
# description: The error budget appears to be spent, but the data covers too little of its window.
warn contains {
	"code": "BUDGET_YOUNG",
	"msg": concat("", [
		"the error budget of ", slo.slo, " in ", slo.environment, " appears to be spent, but data covers only ",
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
# description: A budget with data for too little of its window, or with too few requests, denies nothing.
enough(slo) if slo.coverage >= input.settings.budget.coverage

enough(slo) if slo.requests >= input.settings.budget.requests

message(slo) := concat("", [
	"the error budget of ", slo.slo, " in ", slo.environment, " is spent: ",
	words.remaining(slo.left), ", ", words.whole(slo.bad), " bad of ", words.whole(slo.requests), " requests",
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
