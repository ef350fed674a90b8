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

# Firestore indexes every field by itself, which serves the ledger's queries (each is about one field: what is due, what is to be
# deleted, which record or page has an image) but is a waste for what is long and looked for by nobody: the build's document and
# the judgement are most of a record, and what a job ran changes with every run, as do its errors and how a watch of it stands.
locals {
  unindexed = merge(
    { for field in ["build", "judgement"] : field => { collection = "builds", field = field } },
    { "builds/notes" = { collection = "builds", field = "notes" } },
    { "jobs/digests" = { collection = "jobs", field = "digests" } },
    { "jobs/recent" = { collection = "jobs", field = "recent" } },
    { "past/builds" = { collection = "past", field = "builds" } },
    { "sayings/lines" = { collection = "sayings", field = "lines" } },
    { "errors/errors" = { collection = "errors", field = "errors" } },
    { "errors/digests" = { collection = "errors", field = "digests" } },
    { "errors/counted" = { collection = "errors", field = "counted" } },
    { "baselines/at" = { collection = "baselines", field = "at" } },
    { "runs/errors" = { collection = "runs", field = "errors" } },
    { "watches/watch" = { collection = "watches", field = "watch" } },
    { "watches/outbox" = { collection = "watches", field = "outbox" } },
  )
}

resource "google_firestore_field" "unindexed" {
  for_each   = local.unindexed
  project    = var.home.project
  database   = google_firestore_database.ledger.name
  collection = each.value.collection
  field      = each.value.field
  index_config {}
}
