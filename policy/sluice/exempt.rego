# METADATA
# title: Exempt
# description: Emergency and security fixes pass by declared labels, and reverts by what they are; on the record.
package sluice.exempt

# METADATA
# description: What a label lets through, since a bad state of the service is why the fix is made.
by_label := {"FROZEN", "BUDGET_EXHAUSTED", "BURNING", "TOO_MANY_FAILED"}

# METADATA
# description: Labels of the pull request that are declared as exempt, with what they are for.
labels contains {"label": label, "kind": kind} if {
	some kind, names in input.settings.exempt
	some label in names
	label in input.pullRequest.labels
}

# METADATA
# description: The labels that let a denial through.
letting(denial) := {l.label |
	denial.code in by_label
	some l in labels
}

# METADATA
# title: REVERT
# description: A change that goes back to what was good is not held by budget, burn, freeze or history.
passes contains {
	"code": "REVERT",
	"msg": concat("", [change.service, " goes back to ", change.to.version, " in ", change.environment]),
	"service": change.service,
	"environment": change.environment,
	"by": "revert",
	"evidence": {"digest": change.to.digest},
} if {
	some change in input.changes
	change.kind == "revert"
}
