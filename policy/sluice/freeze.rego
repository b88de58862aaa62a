# METADATA
# title: Freeze
# description: While a freeze is active, no change merges in its scope. Reverts pass.
package sluice.freeze

import data.sluice.scope
import data.sluice.words

# METADATA
# title: FROZEN
# description: An active freeze covers the change.
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

until(freeze) := "; until its cause is gone" if freeze.until == null

until(freeze) := concat("", ["; ", words.span(freeze.until - input.now), " remaining"]) if freeze.until != null
