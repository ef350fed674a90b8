resource "google_logging_project_bucket_config" "audit" {
  project        = var.home.project
  location       = var.home.region
  bucket_id      = var.home.name
  description    = "The audit trail of Build Verifier."
  retention_days = var.audit.retention_days
  locked         = var.audit.locked
}

resource "google_logging_project_sink" "audit" {
  project                = var.home.project
  name                   = "${var.home.name}-audit"
  description            = "Keeps the audit trail for as long as its bucket does."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = local.audit_log
  unique_writer_identity = true # within a project the platform lets a sink write to the bucket by itself
}

resource "google_logging_log_view" "audit" {
  parent      = "projects/${var.home.project}"
  location    = var.home.region
  bucket      = google_logging_project_bucket_config.audit.bucket_id
  name        = "verdicts"
  description = "Verdicts, what jobs run and how that goes, and messages that could not be read, confirmed or delivered."
  filter      = "LOG_ID(\"build-verifier\")"
}

resource "google_logging_log_view_iam_member" "readers" {
  for_each = var.audit.readers
  parent   = google_logging_log_view.audit.parent
  location = google_logging_log_view.audit.location
  bucket   = google_logging_log_view.audit.bucket
  name     = google_logging_log_view.audit.name
  role     = "roles/logging.viewAccessor"
  member   = each.value
}
