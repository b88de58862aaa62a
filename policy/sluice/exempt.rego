# METADATA
# title: Exempt
# description: Emergency and security fixes pass with declared labels; reverts always pass. Both are recorded.
package sluice.exempt

# METADATA
# description: Denials that a label overrides, since the bad state of the service is the reason for the fix.
by_label := {"FROZEN", "BUDGET_EXHAUSTED", "BURNING", "TOO_MANY_FAILED"}

# METADATA
# description: Labels of the pull request that are declared as exempt, with what they are for.
labels contains {"label": label, "kind": kind} if {
	some kind, names in input.settings.exempt
	some label in names
	label in input.pullRequest.labels
}

# METADATA
# description: The labels that override a denial.
letting(denial) := {l.label |
	denial.code in by_label
	some l in labels
}

# METADATA
# title: REVERT
# description: A revert to a version that was stable is not blocked by budget, burn rate, freeze or history.
passes contains {
	"code": "REVERT",
	"msg": concat("", [change.service, " reverts to ", change.to.version, " in ", change.environment]),
	"service": change.service,
	"environment": change.environment,
	"by": "revert",
	"evidence": {"digest": change.to.digest},
} if {
	some change in input.changes
	change.kind == "revert"
}
