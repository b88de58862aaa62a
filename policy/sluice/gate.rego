# METADATA
# title: The gate
# description: Whether a pull request may merge. Every part of the policy must allow it.
package sluice.gate

import data.sluice.budget
import data.sluice.burn
import data.sluice.exempt
import data.sluice.facts
import data.sluice.freeze
import data.sluice.history
import data.sluice.risk
import data.sluice.waiver

docs := "docs/policy.md#"

default allow := false

# METADATA
# description: The facts are complete, and nothing denies.
allow if count(deny) == 0

# METADATA
# description: All denials of all parts. With incomplete facts, only those about the facts.
found := facts.deny if count(facts.deny) > 0

found := union({budget.deny, burn.deny, freeze.deny, history.deny, risk.deny, team}) if count(facts.deny) == 0

team contains object.union({"evidence": {}}, denial) if some denial in input.team

# METADATA
# description: Denials that remain after waivers and exemptions, with their documentation.
deny contains documented(denial) if {
	some denial in found
	count(letting(denial)) == 0
}

letting(_) := set() if count(facts.deny) > 0

letting(denial) := exempt.letting(denial) | waiver.letting(denial) if count(facts.deny) == 0

# METADATA
# description: Denials that were overridden, with the waiver or label; and reverts.
recorded contains object.union(documented(denial), {"by": sort(letting(denial))}) if {
	some denial in found
	count(letting(denial)) > 0
}

recorded contains documented(object.union(pass, {"by": [pass.by]})) if {
	count(facts.deny) == 0
	some pass in exempt.passes
}

warn contains documented(w) if {
	count(facts.deny) == 0
	some w in union({budget.warn, history.warn, risk.warn, waiver.warn})
}

waivers_used contains id if {
	count(facts.deny) == 0
	some denial in found
	some id in waiver.letting(denial)
}

documented(denial) := object.union(denial, {"docs": concat("", [docs, lower(denial.code)])})

# METADATA
# title: Decision
# description: The whole decision, in an order that makes it comparable.
# entrypoint: true
decision := {
	"allow": allow,
	"deny": sort(deny),
	"warn": sort(warn),
	"recorded": sort(recorded),
	"waiversUsed": sort(waivers_used),
}
