# METADATA
# title: Who sees what in the clinic
# description: |
#   One grant per kind of caller and path. `release` names the fields that leave as they are, `mask` those that leave
#   changed. Everything else is withheld, also what the service may add tomorrow: a directive with `release` is closed.
#   `writes` is the same for changes: of the body that a caller sends, the service gets the members in `release`.
package clinic.grants

table := {
	"support.person": {
		"caller": "support",
		"path": ["people", "*"],
		"release": ["$.id", "$.name", "$.email", "$.phone"],
		"mask": [{"select": "$.birth_date", "as": "year"}],
	},
	"support.people": {
		"caller": "support",
		"path": ["people"],
		"release": ["$[*].id", "$[*].name", "$[*].email", "$[*].phone"],
		"mask": [{"select": "$[*].birth_date", "as": "year"}],
	},
	"support.orders": {
		"caller": "support",
		"path": ["orders"],
		"release": ["$[*].id", "$[*].person", "$[*].total", "$[*].currency"],
	},
	"support.card": {
		"caller": "support",
		"path": ["cards", "*"],
		"release": ["$.id", "$.holder", "$.expires"],
		"mask": [{"select": "$.number", "as": "partial", "keep_end": 4}],
	},
	# That there is a note and who wrote it; never what it says.
	"support.note": {
		"caller": "support",
		"path": ["notes", "*"],
		"release": ["$.person", "$.author"],
	},
	"marketing.person": {
		"caller": "marketing",
		"path": ["people", "*"],
		"release": ["$.id", "$.email"],
	},
	"marketing.people": {
		"caller": "marketing",
		"path": ["people"],
		"release": ["$[*].id", "$[*].email"],
	},
	# Billing joins its own records by address without learning one.
	"billing.person": {
		"caller": "billing",
		"path": ["people", "*"],
		"release": ["$.id", "$.name"],
		"mask": [{"select": "$.email", "as": "hash"}],
	},
	"billing.orders": {
		"caller": "billing",
		"path": ["orders"],
		"release": ["$[*].id", "$[*].person", "$[*].total", "$[*].currency", "$[*].coupon"],
	},
	"billing.card": {
		"caller": "billing",
		"path": ["cards", "*"],
		"release": ["$.id", "$.holder"],
		"mask": [{"select": "$.number", "as": "partial", "keep_end": 4}],
	},
}

writes := {
	"support.contact": {
		"caller": "support",
		"path": ["people", "*"],
		"release": ["$.email", "$.phone"],
	},
	"billing.name": {
		"caller": "billing",
		"path": ["people", "*"],
		"release": ["$.name"],
	},
}
