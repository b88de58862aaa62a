# METADATA
# title: Scope
# description: Which lanes a freeze or a waiver covers, and which changes each part of the policy checks.
package sluice.scope

# METADATA
# description: A scope names an environment and a service; "*" is all of them.
covers(scope, environment, service) if {
	scope.environment in {"*", environment}
	scope.service in {"*", service}
}

# METADATA
# description: Changes that may do harm. A revert restores a stable version, and a declaration deploys nothing.
risky contains change if {
	some change in input.changes
	not change.kind in {"revert", "declaration"}
}

# METADATA
# description: The lane of a change, an SLO or a release history. Sets of lanes keep every part of the policy linear in the facts. They are looked up by key, since the compiled policy walks a whole set for `in`.
lane_of(x) := [x.service, x.environment]

risky_lanes := {lane_of(change) | some change in risky}

# METADATA
# description: The SLOs of the lanes that a risky change affects.
slos contains slo if {
	some slo in input.slos
	risky_lanes[lane_of(slo)]
	held_by_budget(slo.environment)
}

# METADATA
# description: Environments without users, where error budgets do not count. Declared, and part of the facts.
held_by_budget(environment) if not environment in object.get(input.settings.budget, "notIn", [])
