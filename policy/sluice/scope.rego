# METADATA
# title: Scope
# description: Which lanes a freeze or a waiver speaks of, and which changes each concern looks at.
package sluice.scope

# METADATA
# description: A scope names an environment and a service; "*" is all of them.
covers(scope, environment, service) if {
	scope.environment in {"*", environment}
	scope.service in {"*", service}
}

# METADATA
# description: Changes that may do harm. A revert goes back to what was good, and a declaration runs nothing.
risky contains change if {
	some change in input.changes
	not change.kind in {"revert", "declaration"}
}

# METADATA
# description: The SLOs of what a risky change touches.
slos contains slo if {
	some change in risky
	held_by_budget(change.environment)
	some slo in input.slos
	slo.service == change.service
	slo.environment == change.environment
}

# METADATA
# description: Where only load tests run, nobody's budget is spent. Declared, and in the facts.
held_by_budget(environment) if not environment in object.get(input.settings.budget, "notIn", [])
