# METADATA
# title: Freeze
# description: While a freeze stands nothing new goes into its scope. A revert always does.
package sluice.freeze

import data.sluice.scope
import data.sluice.words

# METADATA
# title: FROZEN
# description: A freeze covers what is changed.
deny contains {
	"code": "FROZEN",
	"msg": concat("", [words.place(change), " is frozen by ", freeze.by, ": ", freeze.reason, until(freeze)]),
	"service": change.service,
	"environment": change.environment,
	"evidence": {"freeze": freeze.id, "kind": freeze.kind, "since": freeze.since, "until": freeze.until},
} if {
	some change in scope.risky
	some freeze in input.freezes
	scope.covers(freeze.scope, change.environment, change.service)
	input.now >= freeze.since
	stands(freeze)
}

stands(freeze) if freeze.until == null

stands(freeze) if input.now < freeze.until

until(freeze) := "; until the cause is gone" if freeze.until == null

until(freeze) := concat("", ["; ", words.span(freeze.until - input.now), " to go"]) if freeze.until != null
