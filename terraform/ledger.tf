resource "google_firestore_database" "ledger" {
  project     = var.home.project
  name        = var.home.name
  location_id = var.home.region
  type        = "FIRESTORE_NATIVE"
  # Every version of each record is kept for seven days: whatever damages the ledger can be undone (docs/alerts.md).
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"
}

# Firestore indexes every field by itself, which serves the ledger's queries (each is about one field) but is a waste for the
# build's document and the judgement: nothing looks for what is in them, and they are most of a record.
resource "google_firestore_field" "unindexed" {
  for_each   = toset(["build", "judgement"])
  project    = var.home.project
  database   = google_firestore_database.ledger.name
  collection = "builds"
  field      = each.value
  index_config {}
}
