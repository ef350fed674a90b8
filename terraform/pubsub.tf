resource "google_pubsub_topic" "executions" {
  project = var.home.project
  name    = "${var.home.name}-executions"
}

resource "google_pubsub_topic" "sweep" {
  project = var.home.project
  name    = "${var.home.name}-sweep"
}

resource "google_pubsub_topic" "work" {
  project = var.home.project
  name    = "${var.home.name}-work"
}

resource "google_pubsub_topic" "dead_letters" {
  project = var.home.project
  name    = "${var.home.name}-dead-letters"
}

resource "google_pubsub_topic" "verdicts" {
  count   = var.publish_verdicts ? 1 : 0
  project = var.home.project
  name    = "${var.home.name}-verdicts"
}

locals {
  # Said by what is left out, so that a status that Cloud Build invents one day is looked at and not lost.
  terminal_only = "NOT (${join(" OR ", [for status in ["PENDING", "QUEUED", "STATUS_UNKNOWN", "WORKING"] : "attributes.status = \"${status}\""])})"

  # A sweep that comes late is worthless, since the next one does its work, and so is a piece of work, since it is handed
  # out again: neither is kept or put aside.
  subscriptions = merge(
    { for id, topic in local.builds_topics : "builds-${id}" => { topic = topic, path = "/builds", filter = local.terminal_only, keep = true } },
    {
      executions = { topic = google_pubsub_topic.executions.id, path = "/executions", filter = null, keep = true }
      sweep      = { topic = google_pubsub_topic.sweep.id, path = "/sweep", filter = null, keep = false }
      work       = { topic = google_pubsub_topic.work.id, path = "/work", filter = null, keep = false }
    },
  )
}

resource "google_pubsub_subscription" "push" {
  for_each                   = local.subscriptions
  project                    = var.home.project
  name                       = "${var.home.name}-${each.key}"
  topic                      = each.value.topic
  filter                     = each.value.filter
  ack_deadline_seconds       = 600 # the most there is: a message must not come again while the function works on it
  message_retention_duration = each.value.keep ? "604800s" : "600s"

  expiration_policy {
    ttl = "" # never: a month without builds is no reason to stop listening
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  push_config {
    push_endpoint = "${local.function_url}${each.value.path}"
    oidc_token {
      service_account_email = google_service_account.account["push"].email
      audience              = local.function_url
    }
  }
  dynamic "dead_letter_policy" {
    for_each = each.value.keep ? [""] : []
    content {
      dead_letter_topic     = google_pubsub_topic.dead_letters.id
      max_delivery_attempts = 100 # with the backoff above about sixteen hours: an outage of a night is survived
    }
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.home.project
  name                       = "${var.home.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  message_retention_duration = "2678400s" # 31 days, for whoever comes back from a holiday

  expiration_policy {
    ttl = ""
  }
}

resource "google_cloud_scheduler_job" "sweep" {
  project     = var.home.project
  region      = var.home.region
  name        = "${var.home.name}-sweep"
  description = "Has the verifier resume what is due and look for builds that nobody announced."
  schedule    = "* * * * *"
  pubsub_target {
    topic_name = google_pubsub_topic.sweep.id
    data       = base64encode("{}")
  }
}
