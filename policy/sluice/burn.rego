# METADATA
# title: Burn rate
# description: No change merges for a service that burns its error budget too fast.
package sluice.burn

import data.sluice.scope
import data.sluice.words

# METADATA
# title: BURNING
# description: Every declared window is at or above its threshold.
deny contains {
	"code": "BURNING",
	"msg": concat("", [
		slo.slo, " in ", slo.environment, " burns its budget at ", words.times(slo.fast),
		" the sustainable rate (threshold ", words.decimal(slo.thresholds.fast), ")",
	]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": evidence(slo),
} if {
	some slo in scope.slos
	slo.error == null
	is_number(slo.fast)
	slo.fast >= slo.thresholds.fast
	slow_over(slo)
}

# METADATA
# title: BURN_UNKNOWN
# description: A burn-rate window has no data. Missing data denies.
deny contains {
	"code": "BURN_UNKNOWN",
	"msg": concat("", ["the burn rate of ", slo.slo, " in ", slo.environment, " has no data"]),
	"service": slo.service,
	"environment": slo.environment,
	"slo": slo.slo,
	"evidence": {"query": slo.query},
} if {
	some slo in scope.slos
	slo.error == null
	unknown(slo)
}

unknown(slo) if not is_number(slo.fast)

unknown(slo) if {
	slo.thresholds.slow != null
	not is_number(slo.slow)
}

slow_over(slo) if slo.thresholds.slow == null

slow_over(slo) if {
	slo.thresholds.slow != null
	is_number(slo.slow)
	slo.slow >= slo.thresholds.slow
}

evidence(slo) := {
	"fast": slo.fast,
	"slow": slo.slow,
	"thresholds": slo.thresholds,
	"query": slo.query,
	"at": slo.at,
}
